//! A dialog over the page.

use web_sys::{HtmlDialogElement, HtmlElement};
use yew::prelude::*;

use super::button::{Button, Look};
use super::icon::Symbol;
use crate::text::text;
use crate::view::{html, use_effect_with};

/// Properties of [`Modal`].
#[derive(Properties, PartialEq)]
pub struct ModalProps {
    /// Its heading.
    pub title: AttrValue,
    /// For tests.
    pub testid: &'static str,
    /// Whether it has room for a form.
    #[prop_or_default]
    pub wide: bool,
    /// Called when somebody wants to leave it, by Escape or its button. It stays until its owner takes it away.
    pub on_leave: Callback<()>,
    /// Called when the browser closed it, whatever its owner thinks.
    pub on_close: Callback<()>,
    /// Its content; what has `autofocus` has the focus first.
    pub children: Html,
}

/// A dialog that is open for as long as it is there. The browser keeps the focus inside, and it goes back to where it was; keys do
/// nothing behind it.
#[component]
pub fn Modal(props: &ModalProps) -> Html {
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with((), move |()| {
            let before = focused();
            let dialog = place.cast::<HtmlDialogElement>();
            if let Some(dialog) = &dialog {
                // It throws only where the element has left the page.
                let _ = dialog.show_modal();
            }
            move || {
                if let Some(dialog) = dialog {
                    dialog.close();
                }
                if let Some(before) = before.filter(|element| element.is_connected()) {
                    let _ = before.focus();
                }
            }
        });
    }
    let oncancel = props.on_leave.reform(|event: Event| event.prevent_default());
    let onclose = props.on_close.reform(|_: Event| ());
    let on_leave = props.on_leave.clone();
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        event.stop_propagation();
        // Chromium lets `cancel` be prevented once: a second Escape would close what asks whether to close.
        if event.key() == "Escape" {
            event.prevent_default();
            on_leave.emit(());
        }
    });
    html! {
        <dialog class="dialog" ref={place} data-wide={props.wide.then_some("true")} data-testid={props.testid}
            aria-labelledby="modal-title" {oncancel} {onclose} {onkeydown}>
            <header class="dialog-head">
                <h2 class="dialog-title" id="modal-title">{ props.title.clone() }</h2>
                <Button look={Look::Bare} symbol={Symbol::Close} label={text().shell.close} testid="modal-close"
                    onclick={props.on_leave.clone()} />
            </header>
            { props.children.clone() }
        </dialog>
    }
}

fn focused() -> Option<HtmlElement> {
    use wasm_bindgen::JsCast;
    web_sys::window()?.document()?.active_element()?.dyn_into().ok()
}
