//! The clipboard.

use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

const SHOWN_MS: u32 = 1_500;

/// Whether something was copied a moment ago, and a callback that copies text.
#[hook]
pub fn use_copy() -> (bool, Callback<String>) {
    let copied = use_state_eq(|| false);
    let timer = use_mut_ref(|| None::<Timeout>);
    let copy = {
        let copied = copied.setter();
        use_callback((), move |text: String, ()| {
            let Some(window) = web_sys::window() else { return };
            let (copied, timer) = (copied.clone(), timer.clone());
            spawn_local(async move {
                let promise = window.navigator().clipboard().write_text(&text);
                if JsFuture::from(promise).await.is_ok() {
                    copied.set(true);
                    let reset = Timeout::new(SHOWN_MS, move || copied.set(false));
                    drop(timer.replace(Some(reset)));
                }
            });
        })
    };
    (*copied, copy)
}
