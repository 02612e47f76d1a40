//! Times of the day as this machine's clock and language have them.

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

thread_local! {
    /// Making a formatter costs some kilobytes outside the collector's sight, so there is one: a list
    /// that made one a row took 600 MiB under load.
    static FULL: Function = {
        let options = Object::new();
        for style in ["dateStyle", "timeStyle"] {
            // Only a frozen object refuses.
            let _ = Reflect::set(&options, &style.into(), &"medium".into());
        }
        Intl::DateTimeFormat::new(&Array::new(), &options).format()
    };
}

/// `14:03:09`.
#[must_use]
pub fn clock_time(ms: f64) -> String {
    let date = Date::new(&JsValue::from_f64(ms));
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// Date and time in full, in the reader's language.
#[must_use]
pub fn full_time(ms: f64) -> String {
    FULL.with(|format| format.call1(&JsValue::UNDEFINED, &JsValue::from_f64(ms)))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
}

/// This machine's clock, in ms since the epoch. For showing only; ages go by the monotonic clock.
#[must_use]
pub fn wall_now() -> f64 {
    Date::now()
}
