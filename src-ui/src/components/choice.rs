//! One of a few.

use yew::prelude::*;

use crate::view::html;

/// One that can be chosen.
pub struct Choice {
    /// For programs.
    pub value: &'static str,
    /// What it says.
    pub label: &'static str,
    /// The key that does the same.
    pub key: Option<&'static str>,
    /// Whether it is the one that is chosen.
    pub is_on: bool,
}

/// One of `options` is chosen; told is its place among them. `name` tells it from other choices on the page.
pub fn choice(
    name: &'static str,
    legend: &'static str,
    options: impl Iterator<Item = Choice>,
    on_choice: &Callback<usize>,
) -> Html {
    html! {
        <div class="range-choice" role="radiogroup" aria-label={legend}>
            { for options.enumerate().map(|(place, Choice { value, label, key, is_on })| html! {
                <label class="range" key={value}>
                    <input type="radio" {name} {value} checked={is_on} aria-keyshortcuts={key}
                        onchange={on_choice.reform(move |_: Event| place)} />
                    <span>{ label }</span>
                </label>
            }) }
        </div>
    }
}
