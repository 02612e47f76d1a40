//! How much of a topic is kept.

use std::time::Duration;

/// Bounds of a topic's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Most events. Default 10,000.
    pub events: usize,
    /// Most bytes of payload. Default 16 MiB.
    pub bytes: usize,
    /// Greatest age. Default 24 h.
    pub age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events: 10_000, bytes: 16 << 20, age: Duration::from_secs(24 * 60 * 60) }
    }
}

impl Retention {
    /// The age in ms.
    pub(super) fn max_age(&self) -> u64 {
        u64::try_from(self.age.as_millis()).unwrap_or(u64::MAX)
    }
}
