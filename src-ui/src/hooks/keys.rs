//! Keys that work anywhere on the page.

use std::rc::Rc;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Element, HtmlInputElement, KeyboardEvent};
use yew::prelude::*;

use crate::view::use_effect_with;

/// Calls `on_key` for each key pressed outside of fields, without Ctrl, Alt or Meta, and for digits with Alt as `Alt+1`; `true` means
/// the key is used up.
#[hook]
pub fn use_keys(on_key: impl Fn(&str) -> bool + 'static) {
    let current: Rc<dyn Fn(&str) -> bool> = Rc::new(on_key);
    let latest = use_mut_ref(|| current.clone());
    latest.replace(current);
    use_effect_with((), move |()| {
        let closure = Closure::<dyn FnMut(KeyboardEvent)>::new(move |event: KeyboardEvent| {
            if event.ctrl_key() || event.meta_key() || event.repeat() {
                return;
            }
            // By its place: with Alt some layouts have another character there.
            let code = event.code();
            let key = match (event.alt_key(), code.strip_prefix("Digit")) {
                (false, _) => event.key(),
                (true, Some(digit)) if digit != "0" => format!("Alt+{digit}"),
                (true, _) => return,
            };
            if is_taken_by(event.target().and_then(|target| target.dyn_into().ok()), &key) {
                return;
            }
            let on_key = latest.borrow().clone();
            if on_key(&key) {
                event.prevent_default();
            }
        });
        let window = web_sys::window();
        if let Some(window) = &window {
            let function = closure.as_ref().unchecked_ref();
            let _ = window.add_event_listener_with_callback("keydown", function);
        }
        move || {
            if let Some(window) = window {
                let function = closure.as_ref().unchecked_ref();
                let _ = window.remove_event_listener_with_callback("keydown", function);
            }
        }
    });
}

/// Whether a dialog is open, behind which nothing is to move, wherever the focus is.
#[must_use]
pub fn is_behind_dialog() -> bool {
    let document = web_sys::window().and_then(|window| window.document());
    document.is_some_and(|page| page.query_selector("dialog[open]").ok().flatten().is_some())
}

/// Whether the focused element has its own use for the key.
fn is_taken_by(target: Option<Element>, key: &str) -> bool {
    let Some(target) = target else { return false };
    match target.tag_name().as_str() {
        "INPUT" if is_switch(&target) => key == " " || key.starts_with("Arrow"),
        "INPUT" | "TEXTAREA" | "SELECT" => true,
        "BUTTON" | "SUMMARY" | "A" => key == " ",
        _ => false,
    }
}

/// Whether nothing is typed into it.
fn is_switch(field: &Element) -> bool {
    let field = field.dyn_ref::<HtmlInputElement>();
    field.is_some_and(|field| matches!(field.type_().as_str(), "radio" | "checkbox"))
}
