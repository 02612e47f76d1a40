//! Times of the day as this machine's clock and language have them.

use std::cell::RefCell;

use js_sys::{Array, Date, Function, Intl, Object, Reflect};
use wasm_bindgen::JsValue;

use crate::text::with_locale;

/// Formatters of a locale.
struct Formats {
    locale: String,
    full: Function,
    day: Function,
}

thread_local! {
    /// Making a formatter costs some kilobytes outside the collector's sight, so there is one of a kind for a locale: a list
    /// that made one a row took 600 MiB under load.
    static FORMATS: RefCell<Option<Formats>> = const { RefCell::new(None) };
}

impl Formats {
    fn of(locale: &str) -> Self {
        let locales = if locale.is_empty() { Array::new() } else { Array::of1(&locale.into()) };
        let formatter = |members: &[(&str, &str)]| {
            let options = Object::new();
            for (name, value) in members {
                // Only a frozen object refuses.
                let _ = Reflect::set(&options, &(*name).into(), &(*value).into());
            }
            Intl::DateTimeFormat::new(&locales, &options).format()
        };
        Self {
            locale: locale.to_owned(),
            full: formatter(&[("dateStyle", "medium"), ("timeStyle", "medium")]),
            day: formatter(&[("weekday", "short"), ("day", "numeric")]),
        }
    }
}

fn formatted(of: fn(&Formats) -> &Function, ms: f64) -> String {
    with_locale(|locale| {
        FORMATS.with_borrow_mut(|kept| {
            if kept.as_ref().is_some_and(|formats| formats.locale != locale) {
                *kept = None;
            }
            let formats = kept.get_or_insert_with(|| Formats::of(locale));
            let text = of(formats).call1(&JsValue::UNDEFINED, &JsValue::from_f64(ms));
            text.ok().and_then(|text| text.as_string()).unwrap_or_default()
        })
    })
}

/// `14:03:09`, whatever the locale: such times stand below each other, beside what machines write.
#[must_use]
pub fn clock_time(ms: f64) -> String {
    let date = Date::new(&JsValue::from_f64(ms));
    format!("{:02}:{:02}:{:02}", date.get_hours(), date.get_minutes(), date.get_seconds())
}

/// Date and time in full, as the locale has them.
#[must_use]
pub fn full_time(ms: f64) -> String {
    formatted(|formats| &formats.full, ms)
}

/// A time on an axis whose marks are so many seconds apart: as much of it as tells them from each other.
pub(super) fn axis_time(ms: f64, distance: f64) -> String {
    if distance >= 86_400.0 {
        return formatted(|formats| &formats.day, ms);
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
