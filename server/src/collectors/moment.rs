//! The instant of a sample, on both clocks.

use std::time::{Duration, Instant};

use crate::clock;

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
        Self { instant: Instant::now(), wall_ms: clock::now_ms() }
    }

    /// Time since `earlier`; zero if that is later.
    pub fn since(self, earlier: Self) -> Duration {
        self.instant.saturating_duration_since(earlier.instant)
    }
}
