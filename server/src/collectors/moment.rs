//! The instant of a sample, on both clocks.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// When a sample was taken: on the monotonic clock, which measures what passed between two samples,
/// and on the wall clock, which tells people when.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Monotonic time.
    pub instant: Instant,
    /// Milliseconds since the epoch.
    pub wall_ms: u64,
}

impl Moment {
    /// This moment.
    pub fn now() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self {
            instant: Instant::now(),
            wall_ms: u64::try_from(wall.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Time since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.instant.saturating_duration_since(earlier.instant)
    }
}
