//! The server's clock, as events tell it: ages of what the server stored go by it, and not by this machine's.

use std::time::Duration;

/// Where the server's clock stands; told anew by every event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerClock {
    /// Its time, in ms since the epoch.
    at: u64,
    /// The monotonic clock at that time.
    now: Duration,
}

/// Smaller differences are what the way takes.
const CLOSE_MS: u64 = 1_000;

impl ServerClock {
    /// The clock of a server that published an event at `at`, which was `age` old at `now`.
    #[must_use]
    pub fn told(before: Option<Self>, at: u64, age: Duration, now: Duration) -> Self {
        let at = at.saturating_add(ms(age));
        before.filter(|clock| clock.time(now).abs_diff(at) <= CLOSE_MS).unwrap_or(Self { at, now })
    }

    /// Its time at `now`, in ms since the epoch.
    #[must_use]
    pub fn time(self, now: Duration) -> u64 {
        self.at.saturating_add(ms(now.saturating_sub(self.now)))
    }
}

fn ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_goes_on_and_keeps_still_about_small_differences() {
        let second = Duration::from_secs(1);
        let clock = ServerClock::told(None, 5_000, second, second);
        assert_eq!(clock.time(second * 3), 8_000);
        let same = ServerClock::told(Some(clock), 7_900, Duration::ZERO, second * 3);
        assert_eq!(same, clock);
        let set = ServerClock::told(Some(clock), 70_000, Duration::ZERO, second * 3);
        assert_eq!(set.time(second * 3), 70_000);
    }
}
