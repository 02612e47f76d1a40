//! Whether anybody can see the page.

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{Document, VisibilityState};
use yew::prelude::*;

use crate::view::use_effect_with;

/// Whether the page is in a hidden tab or a minimised window.
#[hook]
pub fn use_hidden_page() -> bool {
    let hidden = use_state_eq(is_hidden);
    {
        let hidden = hidden.setter();
        use_effect_with((), move |()| {
            let closure = Closure::<dyn FnMut()>::new(move || hidden.set(is_hidden()));
            let document = document();
            if let Some(document) = &document {
                let function = closure.as_ref().unchecked_ref();
                let _ = document.add_event_listener_with_callback("visibilitychange", function);
            }
            move || {
                if let Some(document) = document {
                    let function = closure.as_ref().unchecked_ref();
                    let _ =
                        document.remove_event_listener_with_callback("visibilitychange", function);
                }
            }
        });
    }
    *hidden
}

fn is_hidden() -> bool {
    document().is_some_and(|document| document.visibility_state() == VisibilityState::Hidden)
}

fn document() -> Option<Document> {
    web_sys::window()?.document()
}
