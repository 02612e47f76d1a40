//! Pieces that stand in the panel and over it.

use yew::prelude::*;

use crate::components::{Symbol, icon};

/// A line that says something of the whole; one that tells of an error is read out.
pub(super) fn note(
    level: Option<&'static str>,
    symbol: Symbol,
    testid: &'static str,
    text: AttrValue,
) -> Html {
    html! {
        <p class="alerts-note" data-level={level} data-testid={testid} tabindex="-1"
            role={(level == Some("error")).then_some("alert")}>
            { icon(symbol) }<span>{ text }</span>
        </p>
    }
}

/// A button at the end of a dialog.
pub(super) fn button(
    look: &'static str,
    kind: &'static str,
    testid: &'static str,
    text: &'static str,
    onclick: Callback<MouseEvent>,
) -> Html {
    html! {
        <button type={kind} class="button" data-look={look} data-testid={testid} key={testid}
            autofocus={testid == "alert-keep"} {onclick}>{ text }</button>
    }
}
