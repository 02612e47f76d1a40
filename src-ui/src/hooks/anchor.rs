//! What the address names behind its `#`.

use std::cell::Cell;

use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use yew::prelude::*;

use crate::view::use_effect_with;

/// The rest of the address behind `prefix`, which begins with `#`, and how many links led somewhere so far; none if it names something
/// else. A link that leads to this page changes it without a reload.
#[hook]
pub fn use_anchor(prefix: &'static str) -> (Option<String>, u32) {
    let rest = use_state_eq(|| (rest(prefix), 0));
    {
        let handle = rest.setter();
        use_effect_with((), move |()| {
            let times = Cell::new(0);
            let closure = Closure::<dyn FnMut()>::new(move || {
                times.set(times.get() + 1);
                handle.set((self::rest(prefix), times.get()));
            });
            let window = web_sys::window();
            if let Some(window) = &window {
                let function = closure.as_ref().unchecked_ref();
                let _ = window.add_event_listener_with_callback("hashchange", function);
            }
            move || {
                if let Some(window) = window {
                    let function = closure.as_ref().unchecked_ref();
                    let _ = window.remove_event_listener_with_callback("hashchange", function);
                }
            }
        });
    }
    (*rest).clone()
}

/// Takes what the address names behind its `#` out of it, if that is the panel of this id or below it: it is not to be led there again.
pub fn leave_anchor(id: &str) {
    let names = |rest: String| rest.split('/').next() == Some(id);
    let Some(window) = web_sys::window().filter(|_| rest("#").is_some_and(names)) else { return };
    let location = window.location();
    if let (Ok(place), Ok(history)) = (location.pathname(), window.history()) {
        let place = place + &location.search().unwrap_or_default();
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&place));
    }
}

fn rest(prefix: &str) -> Option<String> {
    let hash = web_sys::window()?.location().hash().ok()?;
    hash.strip_prefix(prefix).map(str::to_owned)
}
