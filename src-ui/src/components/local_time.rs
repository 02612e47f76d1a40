//! Times of the day as this machine's clock and language have them.

use js_sys::Date;
use wasm_bindgen::JsValue;

/// `14:03:09`.
#[must_use]
pub fn clock_time(ms: f64) -> String {
    let date = Date::new(&JsValue::from_f64(ms));
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// Date and time in full, in the reader's language.
#[must_use]
pub fn full_time(ms: f64) -> String {
    let date = Date::new(&JsValue::from_f64(ms));
    String::from(date.to_locale_string("default", &JsValue::UNDEFINED))
}

/// This machine's clock, in ms since the epoch. For showing only; ages go by the monotonic clock.
#[must_use]
pub fn wall_now() -> f64 {
    Date::now()
}
