//! The clipboard.

use gloo_timers::callback::Timeout;
use wasm_bindgen_futures::{JsFuture, spawn_local};
use yew::prelude::*;

const SHOWN_MS: u32 = 1_500;

/// How the last copy went, for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copy {
    /// The clipboard holds it.
    Done,
    /// The browser refuses, or has no clipboard for pages that came over plain HTTP.
    Failed,
}

/// How a copy went a moment ago, and a callback that copies text.
#[hook]
pub fn use_copy() -> (Option<Copy>, Callback<String>) {
    let copied = use_state_eq(|| None);
    let timer = use_mut_ref(|| None::<Timeout>);
    let copy = {
        let copied = copied.setter();
        use_callback((), move |text: String, ()| {
            let (copied, timer) = (copied.clone(), timer.clone());
            spawn_local(async move {
                copied.set(Some(if write(&text).await { Copy::Done } else { Copy::Failed }));
                let reset = Timeout::new(SHOWN_MS, move || copied.set(None));
                drop(timer.replace(Some(reset)));
            });
        })
    };
    (*copied, copy)
}

async fn write(text: &str) -> bool {
    let Some(window) = web_sys::window() else { return false };
    let clipboard = window.navigator().clipboard();
    !clipboard.is_undefined() && JsFuture::from(clipboard.write_text(text)).await.is_ok()
}
