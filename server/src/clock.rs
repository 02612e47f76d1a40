//! Wall-clock time as the wire tells it.

use std::time::{SystemTime, UNIX_EPOCH};

/// Milliseconds since the Unix epoch; 0 on a machine whose clock stands before it.
#[must_use]
pub(crate) fn now_ms() -> u64 {
    #[cfg(test)]
    if let Some(ms) = FIXED.get() {
        return ms;
    }
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
thread_local! {
    static FIXED: std::cell::Cell<Option<u64>> = const { std::cell::Cell::new(None) };
}

/// Stops this thread's clock at `ms`.
#[cfg(test)]
pub(crate) fn fix(ms: u64) {
    FIXED.set(Some(ms));
}
