//! Which notifications become toasts, which come up outside of the desktop's window, and when none does.

use tidings_protocol::notification::Level;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::level_icon;
use crate::hooks::Actions;
use crate::state::settings::Settings;

const LEVELS: &[(&str, &str)] =
    &[("info", "Info"), ("success", "Success"), ("warning", "Warning"), ("error", "Error")];

const QUIET: &[(&str, &str)] = &[
    ("quiet", "On"),
    ("monday", "Mo"),
    ("tuesday", "Tu"),
    ("wednesday", "We"),
    ("thursday", "Th"),
    ("friday", "Fr"),
    ("saturday", "Sa"),
    ("sunday", "Su"),
    ("errors-pass", "Errors come up all the same"),
];

/// A box for each level; what is chosen holds for this browser, or for the desktop's window.
pub(in crate::shell) fn toast_choice(actions: &Actions, settings: &Settings) -> Html {
    let is_on = |word: &str| word.parse().is_ok_and(|level| settings.toasts(level));
    let legend = if actions.is_desktop() {
        "Show a toast in this window for"
    } else {
        "Show a toast in this browser for"
    };
    let actions = actions.clone();
    let toggle = Callback::from(move |word: String| {
        if let Ok(level) = word.parse() {
            actions.toggle_toasts_of(level);
        }
    });
    choice("toast-choice", legend, LEVELS, &is_on, &toggle, Html::default())
}

/// The desktop's own: levels, and quiet hours with their days and times, by the words that its application has for them.
pub(in crate::shell) fn notice_choice(words: &str, change: &Callback<String>) -> Html {
    if words.is_empty() {
        return Html::default();
    }
    let is_on = |word: &str| words.split(' ').any(|other| other == word);
    let time = |name: &'static str| {
        let value = words.split_once(name).and_then(|(_, rest)| rest.get(1..6));
        let value = value.unwrap_or_default().to_owned();
        html! { <label>{ name }<input type="time" {name} {value} onchange={changed(change)} /></label> }
    };
    let times = html! { <>{ time("from") }{ time("to") }</> };
    let is_quiet = is_on("quiet");
    let (shown, times) = if is_quiet { (QUIET, times) } else { (&QUIET[..1], Html::default()) };
    html! {
        <>
            { choice("notice-choice", "Notify on this computer while the window is not in front, for", LEVELS, &is_on, change, Html::default()) }
            { choice("quiet-choice", "Quiet hours: nothing comes up, and one summary after them", shown, &is_on, change, times) }
        </>
    }
}

fn choice(
    testid: &'static str,
    legend: &'static str,
    words: &'static [(&str, &str)],
    is_on: &dyn Fn(&str) -> bool,
    change: &Callback<String>,
    more: Html,
) -> Html {
    html! {
        <fieldset class="toast-choice" data-testid={testid}>
            <legend>{ legend }</legend>
            { for words.iter().map(|(word, label)| html! {
                <label key={*word} title={*word}>
                    <input type="checkbox" name={*word} checked={is_on(word)} onchange={changed(change)} />
                    { word.parse::<Level>().map(level_icon).unwrap_or_default() }{ *label }
                </label>
            }) }
            { more }
        </fieldset>
    }
}

/// Tells the word of a box, or the time of a field behind its name.
fn changed(change: &Callback<String>) -> Callback<Event> {
    change.reform(|event: Event| {
        let field = event.target_unchecked_into::<HtmlInputElement>();
        let (name, value) = (field.name(), field.value());
        // So the value of a box is called that has none.
        if value == "on" { name } else { name + "=" + &value }
    })
}
