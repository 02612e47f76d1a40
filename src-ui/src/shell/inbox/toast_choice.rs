//! Which notifications become toasts, which come up outside of the desktop's window, and when none does.

use tidings_protocol::notification::Level;
use web_sys::HtmlInputElement;
use yew::prelude::*;

use crate::components::level_icon;
use crate::hooks::Actions;
use crate::state::settings::Settings;
use crate::state::toasts::name;
use crate::text::text;
use crate::view::html;

/// A word of the application's, and what it is called.
type Word = (&'static str, &'static str);

fn levels() -> [Word; 4] {
    Level::ALL.map(|level| (level.as_str(), name(level)))
}

fn quiet() -> [Word; 9] {
    let words = &text().settings;
    [
        ("quiet", words.quiet_on),
        ("monday", words.monday),
        ("tuesday", words.tuesday),
        ("wednesday", words.wednesday),
        ("thursday", words.thursday),
        ("friday", words.friday),
        ("saturday", words.saturday),
        ("sunday", words.sunday),
        ("errors-pass", words.errors_pass),
    ]
}

/// A box for each level; what is chosen holds for this browser, or for the desktop's window.
pub(in crate::shell) fn toast_choice(actions: &Actions, settings: &Settings) -> Html {
    let is_on = |word: &str| word.parse().is_ok_and(|level| settings.toasts(level));
    let legend = if actions.is_desktop() {
        text().settings.toasts_window
    } else {
        text().settings.toasts_browser
    };
    let actions = actions.clone();
    let toggle = Callback::from(move |word: String| {
        if let Ok(level) = word.parse() {
            actions.toggle_toasts_of(level);
        }
    });
    choice("toast-choice", legend, &levels(), &is_on, &toggle, Html::default())
}

/// The desktop's own: levels, and quiet hours with their days and times, by the words that its application has for them.
pub(in crate::shell) fn notice_choice(words: &str, change: &Callback<String>) -> Html {
    if words.is_empty() {
        return Html::default();
    }
    let texts = &text().settings;
    let is_on = |word: &str| words.split(' ').any(|other| other == word);
    let time = |name: &'static str, label: &'static str| {
        let value = words.split_once(name).and_then(|(_, rest)| rest.get(1..6));
        let value = value.unwrap_or_default().to_owned();
        html! { <label>{ label }<input type="time" {name} {value} onchange={changed(change)} /></label> }
    };
    let times = html! { <>{ time("from", texts.from) }{ time("to", texts.to) }</> };
    let is_quiet = is_on("quiet");
    let quiet = quiet();
    let (shown, times) =
        if is_quiet { (&quiet[..], times) } else { (&quiet[..1], Html::default()) };
    html! {
        <>
            { choice("notice-choice", texts.notify, &levels(), &is_on, change, Html::default()) }
            { choice("quiet-choice", texts.quiet_hours, shown, &is_on, change, times) }
        </>
    }
}

fn choice(
    testid: &'static str,
    legend: &'static str,
    words: &[Word],
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
