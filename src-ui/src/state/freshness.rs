//! Whether what a panel shows can still be believed.

use std::time::Duration;

use tidings_feed::State;

/// State of one panel, told by the panel itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing arrived yet.
    Waiting,
    /// Younger than the deadline.
    Live,
    /// The server cannot use its message bus: its samples pause.
    Degraded,
    /// The deadline passed without a newer reading.
    Stale,
    /// The connection is lost and being made again.
    Reconnecting,
    /// The connection was closed on request.
    Offline,
    /// The server wants a sign-in.
    Unauthorized,
    /// The server speaks another protocol.
    Incompatible,
    /// Held still by a person.
    Paused,
}

impl Freshness {
    /// Value of `data-freshness`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Live => "live",
            Self::Degraded => "degraded",
            Self::Stale => "stale",
            Self::Reconnecting => "reconnecting",
            Self::Offline => "offline",
            Self::Unauthorized => "unauthorized",
            Self::Incompatible => "incompatible",
            Self::Paused => "paused",
        }
    }

    /// What a person reads; nothing while all is well.
    #[must_use]
    pub fn label(self) -> Option<&'static str> {
        match self {
            Self::Live => None,
            Self::Waiting => Some("Waiting"),
            Self::Degraded => Some("Degraded"),
            Self::Stale => Some("Stale"),
            Self::Reconnecting => Some("Reconnecting"),
            Self::Offline => Some("Offline"),
            Self::Unauthorized => Some("Signed out"),
            Self::Incompatible => Some("Incompatible"),
            Self::Paused => Some("Paused"),
        }
    }
}

/// The deadline of readings that come fast, and of the first.
const SHORTEST_DEADLINE: Duration = Duration::from_secs(3);

/// Age of a reading, and how often a newer one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// When it arrived, by the monotonic clock.
    pub arrived: Duration,
    /// How old it was then.
    pub age_on_arrival: Duration,
    /// Time between two readings.
    pub interval: Duration,
}

impl Reading {
    /// How old it is at `now`.
    #[must_use]
    pub fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.arrived) + self.age_on_arrival
    }

    /// Three intervals, at least three seconds.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        (self.interval * 3).max(SHORTEST_DEADLINE)
    }

    /// Whether a newer one should have come by `now`.
    #[must_use]
    pub fn overdue(&self, now: Duration) -> bool {
        self.age(now) >= self.deadline()
    }
}

/// Whether a reading should have come by `now` over a connection that has been open for `open`: just
/// after connecting the first has as long to arrive as any other.
#[must_use]
pub fn is_overdue(reading: Option<Reading>, open: Duration, now: Duration) -> bool {
    match reading {
        Some(reading) => reading.overdue(now) && open >= reading.deadline(),
        None => open >= SHORTEST_DEADLINE,
    }
}

/// State of a panel that shows `reading` over a feed that has been in `state` for `held`.
#[must_use]
pub fn of_panel(
    state: State,
    held: Duration,
    reading: Option<Reading>,
    now: Duration,
) -> Freshness {
    match (state, reading) {
        (State::Offline, _) => Freshness::Offline,
        (State::Unauthorized, _) => Freshness::Unauthorized,
        (State::Incompatible, _) => Freshness::Incompatible,
        (State::Reconnecting { .. }, _) | (State::Connecting, Some(_)) => Freshness::Reconnecting,
        // However young the reading is: it is known that none will follow.
        (State::Degraded, _) => Freshness::Degraded,
        (State::Connecting | State::Live | State::Stale, None) => Freshness::Waiting,
        (State::Stale, Some(_)) => Freshness::Stale,
        (State::Live, Some(_)) if is_overdue(reading, held, now) => Freshness::Stale,
        (State::Live, Some(_)) => Freshness::Live,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(3_600);

    fn reading(interval_ms: u64) -> Reading {
        Reading {
            arrived: Duration::from_secs(10),
            age_on_arrival: Duration::ZERO,
            interval: Duration::from_millis(interval_ms),
        }
    }

    #[test]
    fn a_panel_is_stale_three_intervals_after_its_last_reading() {
        let at = |ms| of_panel(State::Live, LONG, Some(reading(2_000)), Duration::from_millis(ms));
        assert_eq!(at(15_999), Freshness::Live);
        assert_eq!(at(16_000), Freshness::Stale);
    }

    #[test]
    fn a_fast_panel_has_three_seconds_all_the_same() {
        let at = |ms| of_panel(State::Live, LONG, Some(reading(100)), Duration::from_millis(ms));
        assert_eq!(at(12_999), Freshness::Live);
        assert_eq!(at(13_000), Freshness::Stale);
    }

    #[test]
    fn a_reading_that_was_old_on_arrival_is_not_taken_for_new() {
        let replayed = Reading { age_on_arrival: Duration::from_secs(60), ..reading(1_000) };
        assert_eq!(
            of_panel(State::Live, LONG, Some(replayed), Duration::from_secs(10)),
            Freshness::Stale
        );
    }

    #[test]
    fn a_lost_connection_outweighs_a_young_reading() {
        let now = Duration::from_secs(10);
        let lost = State::Reconnecting { retry_in_ms: 500 };
        let of = |state| of_panel(state, LONG, Some(reading(1_000)), now);
        assert_eq!(of(lost), Freshness::Reconnecting);
        assert_eq!(of(State::Offline), Freshness::Offline);
    }

    #[test]
    fn a_degraded_server_outweighs_a_young_reading_and_one_that_never_came() {
        let now = Duration::from_secs(10);
        let of = |reading| of_panel(State::Degraded, Duration::ZERO, reading, now);
        assert_eq!(of(Some(reading(1_000))), Freshness::Degraded);
        assert_eq!(of(None), Freshness::Degraded);
    }

    #[test]
    fn a_panel_without_a_reading_waits_only_while_one_can_come() {
        let now = Duration::ZERO;
        let of = |state| of_panel(state, LONG, None, now);
        assert_eq!(of(State::Connecting), Freshness::Waiting);
        assert_eq!(of(State::Live), Freshness::Waiting);
        assert_eq!(of(State::Unauthorized), Freshness::Unauthorized);
    }

    #[test]
    fn an_old_reading_has_its_time_after_a_reconnection() {
        let now = Duration::from_secs(100);
        let open = |ms| of_panel(State::Live, Duration::from_millis(ms), Some(reading(1_000)), now);
        assert_eq!(open(2_999), Freshness::Live);
        assert_eq!(open(3_000), Freshness::Stale);
    }
}
