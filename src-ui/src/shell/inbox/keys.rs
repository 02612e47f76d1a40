//! The inbox's keys. They press what a pointer would, so that both do the same.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, KeyboardEvent};

/// Acts on a key pressed in the inbox; true if it is used up.
pub(super) fn press(inbox: &Element, event: &KeyboardEvent) -> bool {
    if event.ctrl_key() || event.alt_key() || event.meta_key() {
        return false;
    }
    let Some(target) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) else {
        return false;
    };
    let key = event.key();
    let is_field = matches!(&*target.tag_name(), "INPUT" | "TEXTAREA" | "SELECT");
    if is_field && key != "ArrowDown" {
        return false;
    }
    // A button or link that has the focus takes Enter for itself.
    let is_control = matches!(&*target.tag_name(), "BUTTON" | "A");
    let note = target.closest(".note").ok().flatten();
    match (&*key, note) {
        ("j" | "ArrowDown", Some(note)) => focus(note.next_element_sibling()),
        ("k" | "ArrowUp", Some(note)) => focus(note.previous_element_sibling()),
        ("j" | "ArrowDown", None) => focus(current(inbox)),
        ("Home", Some(_)) => focus(inbox.query_selector(".note").ok().flatten()),
        ("Enter", Some(note)) if !is_control && !event.repeat() => {
            click(&note, ".note-link") || click(&note, "[data-testid=note-read]")
        }
        ("e", Some(note)) if !event.repeat() => click(&note, "[data-testid=note-read]"),
        ("Delete" | "Backspace", Some(note)) if !event.repeat() => {
            click(&note, "[data-testid=note-remove]")
        }
        _ => false,
    }
}

/// The one that Tab comes to.
fn current(inbox: &Element) -> Option<Element> {
    inbox.query_selector(".note[tabindex='0']").ok().flatten()
}

fn focus(element: Option<Element>) -> bool {
    let element = element.and_then(|element| element.dyn_into::<HtmlElement>().ok());
    element.is_some_and(|element| element.focus().is_ok())
}

fn click(note: &Element, css: &str) -> bool {
    let found = note.query_selector(css).ok().flatten();
    match found.and_then(|found| found.dyn_into::<HtmlElement>().ok()) {
        Some(element) => {
            element.click();
            true
        }
        None => false,
    }
}
