//! Pieces that stand in panels and in dialogs.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement};
use yew::prelude::*;

use super::icon::{Symbol, icon};

/// A line that says something of the whole; one that tells of an error is read out.
pub fn remark(
    level: Option<&'static str>,
    symbol: Symbol,
    testid: &'static str,
    text: AttrValue,
) -> Html {
    html! {
        <p class="remark" data-level={level} data-testid={testid} tabindex="-1"
            role={(level == Some("error")).then_some("alert")}>
            { icon(symbol) }<span>{ text }</span>
        </p>
    }
}

/// A button at the end of a dialog; what has `keep` in its name has the focus first.
pub fn form_button(
    look: &'static str,
    kind: &'static str,
    testid: &'static str,
    text: &'static str,
    onclick: Callback<MouseEvent>,
) -> Html {
    html! {
        <button type={kind} class="button" data-look={look} data-testid={testid} key={testid}
            autofocus={testid.ends_with("-keep")} {onclick}>{ text }</button>
    }
}

/// Gives the focus to the first element in `place` that the selector finds.
pub fn focus_first(place: &NodeRef, css: &str) {
    let found = place.cast::<Element>().and_then(|place| place.query_selector(css).ok().flatten());
    if let Some(element) = found.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        // It throws only where the element has left the page.
        let _ = element.focus();
    }
}
