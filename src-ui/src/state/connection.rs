//! Where the connection stands, and how to tell a person.

use std::time::Duration;

use tidings_feed::{Cause, State, Status};

use super::freshness::{Freshness, Reading, is_overdue};
use super::request_error::RequestError;
use crate::text::{fill, text};

/// What the page itself tells of an attempt, where others tell a detail: that no answer came in time.
pub const NO_ANSWER: &str = "no answer";

/// That the stream could not be opened, and nobody says why.
pub const NOT_OPENED: &str = "not opened";

/// The feed's own word about itself, and when it was given.
#[derive(Clone, Debug, PartialEq)]
pub struct Connection {
    /// As the feed told it.
    pub status: Status,
    /// When, by the monotonic clock; times in `status` count from here.
    pub received: Duration,
    /// Why the last sign-in failed; gone once connected.
    pub sign_in_error: Option<RequestError>,
    /// Why the last sign-out failed; gone once it is done or the connection ends.
    pub sign_out_error: Option<RequestError>,
}

impl Connection {
    /// Before the feed said anything.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        let status = Status {
            state: State::Connecting,
            for_ms: 0,
            failures: 0,
            cause: None,
            server_version: None,
        };
        Self { status, received: now, sign_in_error: None, sign_out_error: None }
    }

    /// Takes the feed's word.
    #[must_use]
    pub fn told(&self, status: Status, now: Duration) -> Self {
        let connected = matches!(status.state, State::Live | State::Degraded);
        let sign_in_error = if connected { None } else { self.sign_in_error.clone() };
        let sign_out_error = self.sign_out_error.clone().filter(|_| connected);
        Self { status, received: now, sign_in_error, sign_out_error }
    }

    /// Whether the stream is open, and requests are of use: a degraded server has its database, and answers them.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.status.state, State::Live | State::Stale | State::Degraded)
    }

    /// Whether `other` says the same of every moment, give or take what clocks and timers do.
    #[must_use]
    pub fn agrees(&self, other: &Self) -> bool {
        const CLOSE: Duration = Duration::from_millis(50);
        let close = |a: Duration, b: Duration| a.abs_diff(b) <= CLOSE;
        let moment = |of: &Self, ms| of.received + Duration::from_millis(ms);
        let states_agree = match (self.status.state, other.status.state) {
            (
                State::Reconnecting { retry_in_ms: ours },
                State::Reconnecting { retry_in_ms: theirs },
            ) => close(moment(self, ours), moment(other, theirs)),
            (ours, theirs) => ours == theirs,
        };
        let now = self.received.max(other.received);
        states_agree
            && close(self.held_for(now), other.held_for(now))
            && self.status.failures == other.status.failures
            && self.status.cause == other.status.cause
            && self.status.server_version == other.status.server_version
            && self.sign_in_error == other.sign_in_error
            && self.sign_out_error == other.sign_out_error
    }

    /// How long the state has held.
    #[must_use]
    pub fn held_for(&self, now: Duration) -> Duration {
        Duration::from_millis(self.status.for_ms) + now.saturating_sub(self.received)
    }

    /// Whole seconds until the next attempt, rounded up; 0 once it is due.
    #[must_use]
    pub fn retry_in_seconds(&self, now: Duration) -> u64 {
        let State::Reconnecting { retry_in_ms } = self.status.state else { return 0 };
        let left = Duration::from_millis(retry_in_ms)
            .saturating_sub(now.saturating_sub(self.received))
            .as_millis();
        u64::try_from(left.div_ceil(1_000)).unwrap_or(u64::MAX)
    }

    /// The one word for feed and metrics together, on a page that has been [awake](super::freshness::Awake) for so long.
    ///
    /// A feed that is open but brings no metrics is not *Live* to a person.
    #[must_use]
    pub fn badge(&self, newest: Option<Reading>, awake: Duration, now: Duration) -> Badge {
        match self.status.state {
            State::Connecting if self.status.failures > 0 => Badge::Reconnecting { seconds: 0 },
            State::Connecting => Badge::Connecting,
            State::Reconnecting { .. } => {
                Badge::Reconnecting { seconds: self.retry_in_seconds(now) }
            }
            State::Stale => Badge::Stale,
            State::Live if is_overdue(newest, self.held_for(now).min(awake), now) => Badge::Stale,
            State::Live => Badge::Live,
            State::Degraded => Badge::Degraded,
            State::Offline => Badge::Offline,
            State::Unauthorized => Badge::Unauthorized,
            State::Incompatible => match self.status.cause {
                Some(Cause::Untrusted { .. }) => Badge::Untrusted,
                _ => Badge::Incompatible,
            },
        }
    }

    /// State a panel goes by: an attempt after a failure is still a reconnection.
    #[must_use]
    pub fn panel_state(&self) -> State {
        match self.status.state {
            State::Connecting if self.status.failures > 0 => State::Reconnecting { retry_in_ms: 0 },
            state => state,
        }
    }
}

/// The header's badge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Badge {
    /// The first attempt is under way.
    Connecting,
    /// Connected, and samples arrive in time.
    Live,
    /// Connected, but the server cannot use its message bus.
    Degraded,
    /// Connected, but samples are overdue.
    Stale,
    /// The connection is lost.
    Reconnecting {
        /// Seconds until the next attempt; 0 while it is under way.
        seconds: u64,
    },
    /// Closed on request.
    Offline,
    /// The server wants a sign-in.
    Unauthorized,
    /// The server speaks another protocol.
    Incompatible,
    /// The server's key is not trusted.
    Untrusted,
}

impl Badge {
    /// Value of `data-state`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Live => "live",
            Self::Degraded => "degraded",
            Self::Stale => "stale",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Offline => "offline",
            Self::Unauthorized => "unauthorized",
            Self::Incompatible => "incompatible",
            Self::Untrusted => "untrusted",
        }
    }

    /// What stands in the badge.
    #[must_use]
    pub fn label(self) -> String {
        let states = &text().states;
        let label = match self {
            Self::Connecting => states.connecting,
            Self::Live => states.live,
            Self::Degraded => states.degraded,
            Self::Stale => states.stale,
            Self::Reconnecting { seconds: 0 } => states.reconnecting_now,
            Self::Reconnecting { seconds } => {
                return fill(states.reconnecting_in, &[&seconds.to_string()]);
            }
            Self::Offline => states.offline,
            Self::Unauthorized => states.unauthorized,
            Self::Incompatible => states.incompatible,
            Self::Untrusted => states.untrusted,
        };
        label.to_owned()
    }

    /// What a screen reader is told when the state changes; no seconds, or it would never be silent.
    #[must_use]
    pub fn announcement(self) -> &'static str {
        let states = &text().states;
        match self {
            Self::Connecting => states.say_connecting,
            Self::Live => states.live,
            Self::Degraded => states.say_degraded,
            Self::Stale => states.say_stale,
            Self::Reconnecting { .. } => states.say_reconnecting,
            Self::Offline => states.offline,
            Self::Unauthorized => states.say_unauthorized,
            Self::Incompatible => states.say_incompatible,
            Self::Untrusted => states.say_untrusted,
        }
    }

    /// The freshness that looks like it.
    #[must_use]
    pub fn freshness(self) -> Freshness {
        match self {
            Self::Connecting => Freshness::Waiting,
            Self::Live => Freshness::Live,
            Self::Degraded => Freshness::Degraded,
            Self::Stale => Freshness::Stale,
            Self::Reconnecting { .. } => Freshness::Reconnecting,
            Self::Offline => Freshness::Offline,
            Self::Unauthorized => Freshness::Unauthorized,
            Self::Incompatible | Self::Untrusted => Freshness::Incompatible,
        }
    }
}

/// Why the connection ended, in a sentence.
#[must_use]
pub fn explain(cause: &Cause) -> String {
    let states = &text().states;
    let (words, detail) = match cause {
        Cause::Network { detail } => return unreachable(detail),
        Cause::Closed => (states.stream_closed, ""),
        Cause::Status { code: 401 } => (states.session_gone, ""),
        Cause::Status { code: 403 } => (states.forbidden, ""),
        Cause::Status { code: 404 } => (states.no_stream, ""),
        Cause::Status { code } => return fill(states.http_status, &[&code.to_string()]),
        Cause::NotAStream { detail } => (states.not_understood, &**detail),
        Cause::TooLarge => (states.too_large, ""),
        Cause::Untrusted { detail, .. } => {
            let mut letters = detail.chars();
            let first = letters.next().map(|first| first.to_uppercase().to_string());
            return format!("{}{}.", first.unwrap_or_default(), letters.as_str());
        }
        Cause::Silence => (states.silence, ""),
    };
    fill(words, &[detail])
}

/// That the server could not be reached, and why, as far as somebody says: with the words of the system, or one of the page's own
/// reasons.
#[must_use]
pub fn unreachable(detail: &str) -> String {
    let (states, words) = (&text().states, &text().sign_in);
    let detail = match detail {
        "" => return states.unreachable.to_owned(),
        NO_ANSWER => words.no_answer,
        NOT_OPENED => words.not_opened,
        detail => detail,
    };
    fill(states.unreachable_why, &[detail])
}

/// Why somebody is asked to sign in; `had_data` if there was a session.
#[must_use]
pub fn explain_sign_in(cause: Option<&Cause>, had_data: bool) -> &'static str {
    let states = &text().states;
    match cause {
        Some(Cause::Status { code: 403 }) => states.forbidden,
        _ if had_data => states.session_ended,
        _ => states.sign_in_why,
    }
}

/// What it means that a server cannot use its bus, to whoever looks, in a sentence; `since` is a time as people read it.
#[must_use]
pub fn explain_outage(since: &str) -> String {
    fill(text().states.outage, &[since])
}

#[cfg(test)]
mod tests;
