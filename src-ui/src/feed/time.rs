//! The monotonic clock.

use std::time::Duration;

/// Time since the page was opened; never set back.
#[must_use]
pub fn now() -> Duration {
    let ms = web_sys::window().and_then(|window| window.performance()).map_or(0.0, |p| p.now());
    Duration::from_secs_f64(ms.max(0.0) / 1_000.0)
}
