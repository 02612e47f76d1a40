//! Times of the day as this machine's clock and language have them.

use std::thread::LocalKey;

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

thread_local! {
    /// Making a formatter costs some kilobytes outside the collector's sight, so there is one of a kind: a list
    /// that made one a row took 600 MiB under load.
    static FULL: Function = formatter(&[("dateStyle", "medium"), ("timeStyle", "medium")]);
    static DAY: Function = formatter(&[("weekday", "short"), ("day", "numeric")]);
}

fn formatter(members: &[(&str, &str)]) -> Function {
    let options = Object::new();
    for (name, value) in members {
        // Only a frozen object refuses.
        let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
    }
    Intl::DateTimeFormat::new(&Array::new(), &options).format()
}

fn formatted(format: &'static LocalKey<Function>, ms: f64) -> String {
    format
        .with(|format| format.call1(&JsValue::UNDEFINED, &JsValue::from_f64(ms)))
        .ok()
        .and_then(|text| text.as_string())
        .unwrap_or_default()
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
    formatted(&FULL, ms)
}

/// A time on an axis whose marks are so many seconds apart: as much of it as tells them from each other.
pub(super) fn axis_time(ms: f64, distance: f64) -> String {
    if distance >= 86_400.0 {
        return formatted(&DAY, ms);
    }
    let mut time = clock_time(ms);
    if distance >= 60.0 {
        time.truncate("14:03".len());
    }
    time
}

/// This machine's clock, in ms since the epoch. For showing only; ages go by the monotonic clock.
#[must_use]
pub fn wall_now() -> f64 {
    Date::now()
}
