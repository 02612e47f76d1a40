//! Chips and a field that say what of the inbox is shown.

use tidings_protocol::notification::Level;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::{icon, level_symbol};
use crate::state::notifications::filter::Filter;
use crate::state::toasts::name;
use crate::text::text;
use crate::view::html;

/// The choice of what is shown.
pub(super) fn filters(filter: &Filter, on_filter: &Callback<Filter>) -> Html {
    let to = |next: Filter| on_filter.reform(move |_: MouseEvent| next.clone());
    let oninput = {
        let (filter, on_filter) = (filter.clone(), on_filter.clone());
        Callback::from(move |event: InputEvent| {
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                on_filter.emit(Filter { text: field.value(), ..filter.clone() });
            }
        })
    };
    let words = &text().inbox;
    html! {
        <div class="inbox-filters" role="group" aria-label={words.filter}>
            { chip("all", html! { words.all }, !filter.unread, to(Filter { unread: false, ..filter.clone() })) }
            { chip("unread", html! { words.only_unread }, filter.unread, to(Filter { unread: true, ..filter.clone() })) }
            <span class="inbox-divide" aria-hidden="true" />
            { for Level::ALL.into_iter().map(|level| {
                let is_on = filter.level == Some(level);
                let next = Filter { level: (!is_on).then_some(level), ..filter.clone() };
                let words = html! { <>{ icon(level_symbol(level)) }{ name(level) }</> };
                chip(level.as_str(), words, is_on, to(next))
            }) }
            <input class="inbox-search" type="search" placeholder={words.search} aria-label={words.search_label}
                data-testid="inbox-search" autocomplete="off" spellcheck="false" value={filter.text.clone()}
                {oninput} />
        </div>
    }
}

fn chip(key: &'static str, words: Html, is_on: bool, onclick: Callback<MouseEvent>) -> Html {
    html! {
        <button type="button" class="filter" {key} data-filter={key} {onclick}
            aria-pressed={if is_on { "true" } else { "false" }}>{ words }</button>
    }
}
