//! The help dialog.

use web_sys::HtmlDialogElement;
use yew::prelude::*;

use crate::components::{Button, Look, Symbol};
use crate::state::freshness::Freshness;
use crate::text::{self as texts, text};
use crate::view::{html, use_effect_with};

/// What the badge and the panels say besides *Live*.
const STATES: [Freshness; 8] = [
    Freshness::Waiting,
    Freshness::Stale,
    Freshness::Degraded,
    Freshness::Reconnecting,
    Freshness::Offline,
    Freshness::Unauthorized,
    Freshness::Incompatible,
    Freshness::Paused,
];

type Row = (&'static str, &'static str);

fn keys(help: &'static texts::Help) -> [Row; 14] {
    [
        (help.space, help.pause),
        ("n", help.inbox),
        ("a", help.alerts),
        ("j", help.jobs),
        ("1, 2, 3, 4, 5", help.spans),
        ("←, →", help.chart_points),
        ("+, -", help.chart_zoom),
        ("/", help.find),
        (help.enter_delete, help.process),
        ("Alt+1, …, Alt+9", help.server),
        ("s", help.settings),
        ("t", help.theme),
        ("?", help.help),
        ("Esc", help.escape),
    ]
}

fn inbox_keys(help: &'static texts::Help) -> [Row; 5] {
    [
        ("j, ↓", help.next),
        ("k, ↑", help.before),
        (help.enter, help.follow),
        ("e", help.read),
        (help.delete, help.remove),
    ]
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
    let help = &text().help;
    html! {
        <dialog class="dialog" ref={dialog} {onclose} aria-labelledby="help-title">
            <header class="dialog-head">
                <h2 class="dialog-title" id="help-title">{ text().shell.help }</h2>
                <Button look={Look::Bare} symbol={Some(Symbol::Close)} label={text().shell.close}
                    onclick={props.on_close.clone()} />
            </header>
            <h3 class="dialog-part">{ help.keys }</h3>
            { table(&keys(help), true) }
            <h3 class="dialog-part">{ help.inbox_keys }</h3>
            { table(&inbox_keys(help), true) }
            <h3 class="dialog-part">{ help.states }</h3>
            { table(&STATES.map(|state| (state.label().unwrap_or_default(), state.explain())), false) }
        </dialog>
    }
}

fn table(rows: &[Row], are_keys: bool) -> Html {
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
