//! The help dialog.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::components::{Button, Look, Symbol};
use crate::state::freshness::Freshness;

const KEYS: &[(&str, &str)] = &[
    ("Space", "Hold the page still, or let it go on"),
    ("n", "Open or close the notifications"),
    ("a", "Go to the alerts"),
    ("j", "Go to the jobs"),
    ("1, 2, 3, 4, 5", "Charts of a minute, 5 minutes, an hour, 24 hours, 7 days"),
    ("←, →", "On a chart: read it point by point"),
    ("+, -", "On a chart: zoom in or out"),
    ("/", "Among all processes: find one"),
    ("Enter, Delete", "On a process: all there is to know of it, or its end"),
    ("s", "Settings: theme, panels and their order, toasts"),
    ("t", "Next theme: system, light, dark"),
    ("?", "This help"),
    ("Esc", "Close what is open, or show whole charts again"),
];

const INBOX_KEYS: &[(&str, &str)] = &[
    ("j, ↓", "The next one"),
    ("k, ↑", "The one before"),
    ("Enter", "Follow its link, and mark it as read"),
    ("e", "Mark it as read"),
    ("Delete", "Delete it"),
];

/// What the badge and the panels say besides *Live*.
const STATES: &[(&str, &str)] = &[
    meaning(Freshness::Waiting),
    meaning(Freshness::Stale),
    meaning(Freshness::Degraded),
    meaning(Freshness::Reconnecting),
    meaning(Freshness::Offline),
    meaning(Freshness::Unauthorized),
    meaning(Freshness::Incompatible),
    meaning(Freshness::Paused),
];

const fn meaning(state: Freshness) -> (&'static str, &'static str) {
    match state.label() {
        Some(label) => (label, state.explain()),
        None => ("", ""),
    }
}

/// Properties of [`Help`].
#[derive(Properties, PartialEq)]
pub struct HelpProps {
    /// Whether it is open.
    pub open: bool,
    /// Called when it is closed.
    pub on_close: Callback<()>,
}

/// The help dialog; the browser keeps the focus inside.
#[component]
pub fn Help(props: &HelpProps) -> Html {
    let dialog = use_node_ref();
    {
        let dialog = dialog.clone();
        use_effect_with(props.open, move |open| {
            if let Some(dialog) = dialog.cast::<HtmlDialogElement>() {
                if *open && !dialog.open() {
                    let _ = dialog.show_modal();
                } else if !*open && dialog.open() {
                    dialog.close();
                }
            }
        });
    }
    let onclose = props.on_close.reform(|_: Event| ());
    html! {
        <dialog class="dialog" ref={dialog} {onclose} aria-labelledby="help-title">
            <header class="dialog-head">
                <h2 class="dialog-title" id="help-title">{ "Help" }</h2>
                <Button look={Look::Bare} symbol={Some(Symbol::Close)} label="Close"
                    onclick={props.on_close.clone()} />
            </header>
            <h3 class="dialog-part">{ "Keys" }</h3>
            { table(KEYS, true) }
            <h3 class="dialog-part">{ "Keys in the notifications" }</h3>
            { table(INBOX_KEYS, true) }
            <h3 class="dialog-part">{ "What badge and panels say" }</h3>
            { table(STATES, false) }
        </dialog>
    }
}

fn table(rows: &[(&'static str, &'static str)], are_keys: bool) -> Html {
    html! {
        <dl class="keys">
            { for rows.iter().map(|(term, what)| html! {
                <div class="keys-row" key={*term}>
                    <dt>
                        if are_keys {
                            { for term.split(", ").map(|key| html! { <kbd {key}>{ key.to_owned() }</kbd> }) }
                        } else {
                            { *term }
                        }
                    </dt>
                    <dd>{ *what }</dd>
                </div>
            }) }
        </dl>
    }
}
