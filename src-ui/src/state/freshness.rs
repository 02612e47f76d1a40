//! Whether what a panel shows can still be believed.

use std::time::Duration;

use tidings_feed::State;

use crate::text::text;

/// State of one panel, told by the panel itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// Nothing arrived yet, or nothing newer since the connection was made again or the page went on.
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
        let states = &text().states;
        let label = match self {
            Self::Live => return None,
            Self::Waiting => states.waiting,
            Self::Degraded => states.degraded,
            Self::Stale => states.stale,
            Self::Reconnecting => states.reconnecting,
            Self::Offline => states.offline,
            Self::Unauthorized => states.unauthorized,
            Self::Incompatible => states.incompatible,
            Self::Paused => states.paused,
        };
        Some(label)
    }

    /// What it means, in a sentence; what to do is said once for the whole page.
    #[must_use]
    pub fn explain(self) -> &'static str {
        let states = &text().states;
        match self {
            Self::Live => "",
            Self::Waiting => states.why_waiting,
            Self::Degraded => states.why_degraded,
            Self::Stale => states.why_stale,
            Self::Reconnecting => states.why_reconnecting,
            Self::Offline => states.why_offline,
            Self::Unauthorized => states.why_unauthorized,
            Self::Incompatible => states.why_incompatible,
            Self::Paused => states.why_paused,
        }
    }
}

/// A page that was not looked at by its own clock for so long stood still: it was frozen or asleep, or the machine had no time for it.
/// Browsers run the clocks of hidden pages once a second.
pub const STANDSTILL: Duration = Duration::from_millis(1_500);

/// For how long the page has gone on without a break. What came during one still lies before it, and is read before anything is
/// said of its absence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Awake {
    looked: Duration,
    since: Duration,
}

impl Awake {
    /// Notes that the page goes on at `now`, and says for how long it has.
    pub fn look(&mut self, now: Duration) -> Duration {
        if now.saturating_sub(self.looked) > STANDSTILL {
            self.since = now;
        }
        self.looked = now;
        now.saturating_sub(self.since)
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
/// after connecting, and after a standstill, the first has as long to arrive as any other.
#[must_use]
pub fn is_overdue(reading: Option<Reading>, open: Duration, now: Duration) -> bool {
    match reading {
        Some(reading) => reading.overdue(now) && open >= reading.deadline(),
        None => open >= SHORTEST_DEADLINE,
    }
}

/// State of a panel that shows `reading` over a feed that has been in `state` for `held`, as far as the page went on.
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
        (State::Connecting, None) => Freshness::Waiting,
        (State::Stale, _) => Freshness::Stale,
        (State::Live, _) if is_overdue(reading, held, now) => Freshness::Stale,
        // What is old is never called live, while the new is on its way either.
        (State::Live, reading) if reading.is_none_or(|reading| reading.overdue(now)) => {
            Freshness::Waiting
        }
        (State::Live, _) => Freshness::Live,
    }
}

/// How a list stands that the page asks a server for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// It did not come yet.
    Waiting,
    /// It came, and events keep it true.
    Here,
    /// It did not come when it was last asked for.
    Failed,
}

/// State of a list over a stream that is `stream`: as fresh as that, if it came.
#[must_use]
pub fn of_list(stream: Freshness, list: List) -> Freshness {
    match (stream, list) {
        (Freshness::Live, List::Waiting) => Freshness::Waiting,
        (Freshness::Live, List::Failed) => Freshness::Stale,
        (stream, _) => stream,
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
        let of = |state, held| of_panel(state, Duration::from_millis(held), None, now);
        assert_eq!(of(State::Connecting, 9_000), Freshness::Waiting);
        assert_eq!(of(State::Live, 2_999), Freshness::Waiting);
        assert_eq!(of(State::Live, 3_000), Freshness::Stale);
        assert_eq!(of(State::Unauthorized, 0), Freshness::Unauthorized);
    }

    #[test]
    fn behind_a_reconnection_a_new_reading_has_its_time_and_the_old_one_is_not_live() {
        let now = Duration::from_secs(100);
        let open = |ms| of_panel(State::Live, Duration::from_millis(ms), Some(reading(1_000)), now);
        assert_eq!(open(2_999), Freshness::Waiting);
        assert_eq!(open(3_000), Freshness::Stale);
        let young = Some(reading(1_000));
        let of = |now| of_panel(State::Live, Duration::ZERO, young, Duration::from_secs(now));
        assert_eq!(of(12), Freshness::Live, "an outage that was short");
    }

    #[test]
    fn a_page_that_stood_still_is_awake_from_then_on() {
        let mut awake = Awake::default();
        let mut look = |ms| awake.look(Duration::from_millis(ms)).as_millis();
        assert_eq!(look(200), 200);
        assert_eq!(look(1_700), 1_700, "a second is no standstill: that is how hidden pages go");
        assert_eq!(look(3_201), 0);
        assert_eq!(look(3_401), 200);
        assert_eq!(look(3_300), 99, "no clock goes back, and if it did nothing broke");
    }

    #[test]
    fn a_list_is_as_fresh_as_the_stream_that_keeps_it_true_if_it_came() {
        assert_eq!(of_list(Freshness::Live, List::Here), Freshness::Live);
        assert_eq!(of_list(Freshness::Live, List::Waiting), Freshness::Waiting);
        assert_eq!(of_list(Freshness::Live, List::Failed), Freshness::Stale);
        for list in [List::Waiting, List::Here, List::Failed] {
            assert_eq!(of_list(Freshness::Offline, list), Freshness::Offline);
        }
    }

    #[test]
    fn every_state_but_live_has_its_name_and_says_what_is_to_be_done() {
        use Freshness::{
            Degraded, Incompatible, Live, Offline, Paused, Reconnecting, Stale, Unauthorized,
            Waiting,
        };
        assert_eq!((Live.label(), Live.explain()), (None, ""));
        let others =
            [Waiting, Degraded, Stale, Reconnecting, Offline, Unauthorized, Incompatible, Paused];
        for state in others {
            assert!(state.label().is_some() && !state.explain().is_empty(), "{state:?}");
        }
    }
}
