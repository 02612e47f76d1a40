//! Pieces that stand in panels and in dialogs.

use wasm_bindgen::JsCast;
use web_sys::{Document, Element, HtmlElement};
use yew::prelude::*;

use super::icon::{Symbol, icon};
use crate::view::html;

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
    give(place.cast::<Element>().and_then(|place| place.query_selector(css).ok().flatten()));
}

/// Gives the focus to the first element of the page that the selector finds; false if there is none.
pub fn focus_on(css: &str) -> bool {
    give(document().and_then(|page| page.query_selector(css).ok().flatten()))
}

/// Gives the focus to the element with this id; false if there is none.
pub fn focus(id: &str) -> bool {
    give(document().and_then(|page| page.get_element_by_id(id)))
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}

/// It throws only where the element has left the page.
fn give(found: Option<Element>) -> bool {
    let element = found.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

/// A text in which a name stands as a program has it.
pub fn with_code(text: &'static str, code: &'static str) -> Html {
    let (before, after) = text.split_once("{0}").unwrap_or((text, ""));
    html! { <>{ before }<code>{ code }</code>{ after }</> }
}
