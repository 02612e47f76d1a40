//! The state machine itself.

use std::time::Duration;

use tidings_protocol::PROTOCOL_VERSION;
use tidings_protocol::event::{Connected, EventId, Gap, GapReason};

use crate::backoff::Backoff;
use crate::input::{Command, Config, Failure, Input};
use crate::message::Message;
use crate::outage::Outage;
use crate::status::{Cause, State, Status};

/// A server that promises less is not believed: its silence would never be noticed.
const LONGEST_HEARTBEAT_SECONDS: u64 = 3600;

/// Events of several servers may be out of order by so much, in ms.
const CLOCKS_APART: u64 = 1_000;

/// See the [crate] documentation.
#[derive(Debug)]
pub struct Feed {
    config: Config,
    backoff: Backoff,
    phase: Phase,
    /// When the phase began.
    since: Duration,
    /// What the server of an open connection says of its health; null while it says nothing of the kind.
    outage: Option<Outage>,
    /// When an outage of this connection ended, else when the phase began.
    well_since: Duration,
    cursor: Option<EventId>,
    /// Becomes the cursor once this connection brings another message.
    next_cursor: Option<EventId>,
    cause: Option<Cause>,
    server: Option<Connected>,
    /// When the newest event of this connection was published, by the server's clock.
    newest_at: u64,
    /// Whether a server of this protocol was ever heard here.
    was_live: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Connecting,
    /// `heard` is when bytes last came.
    Open {
        heard: Duration,
    },
    Waiting {
        until: Duration,
    },
    Offline,
    Unauthorized,
    Incompatible,
}

impl Feed {
    /// A feed that wants to connect at once; the owner carries out the returned command.
    /// `seed` spreads the back-off and should differ between clients.
    #[must_use]
    pub fn new(config: Config, now: Duration, seed: u64) -> (Self, Command) {
        Self::resuming(config, now, seed, None)
    }

    /// A feed like [`new`](Self::new) that begins behind an event it knows of.
    #[must_use]
    pub fn resuming(
        config: Config,
        now: Duration,
        seed: u64,
        cursor: Option<EventId>,
    ) -> (Self, Command) {
        let backoff = Backoff::new(config.backoff_min, config.backoff_max, seed);
        let feed = Self {
            config,
            backoff,
            phase: Phase::Connecting,
            since: now,
            outage: None,
            well_since: now,
            cursor,
            next_cursor: None,
            cause: None,
            server: None,
            newest_at: 0,
            was_live: false,
        };
        (feed, Command::Connect { cursor })
    }

    /// Last id seen.
    #[must_use]
    pub fn cursor(&self) -> Option<EventId> {
        self.cursor
    }

    /// Whether there is to be a connection: there is one, or one is tried.
    #[must_use]
    pub fn wants_connection(&self) -> bool {
        !matches!(self.phase, Phase::Offline | Phase::Unauthorized | Phase::Incompatible)
    }

    pub(crate) fn cause(&self) -> Option<&Cause> {
        self.cause.as_ref()
    }

    /// How old an event already was when it arrived: what was replayed on connecting is as old as the
    /// server's own clock says, anything later is new. No clock of this machine takes part.
    ///
    /// Events come in the order in which they were published: one whose time lies before that of the one before tells
    /// that the server's clock was set back, and with it the time of `connected`.
    pub fn age_on_arrival(&mut self, at: u64) -> Duration {
        let back = self.newest_at.saturating_sub(at);
        self.newest_at = if back > CLOCKS_APART { at } else { self.newest_at.max(at) };
        let Some(server) = &mut self.server else { return Duration::ZERO };
        if back > CLOCKS_APART {
            server.at = server.at.saturating_sub(back);
        }
        Duration::from_millis(server.at.saturating_sub(at))
    }

    /// The gap that passing over an unreadable frame leaves; null where nothing is lost. Asked before the
    /// frame is handed in.
    pub(crate) fn gap_left_by(&self, id: Option<EventId>) -> Option<Gap> {
        // Every event has an id of its own: a frame without one, or with that of the frame before, is none.
        let id = id.filter(|id| self.is_open() && Some(*id) != self.cursor)?;
        let server = self.server.as_ref()?;
        // Until a cursor the server could not use is made up for, nobody knows since when.
        let from = if self.next_cursor.is_some() { None } else { self.cursor };
        let topics = server.topics.clone();
        Some(Gap { topics, from, to: Some(id), reason: GapReason::Unreadable })
    }

    /// Takes what happened and says what to do about it, if anything.
    pub fn handle(&mut self, now: Duration, input: Input<'_>) -> Option<Command> {
        match input {
            Input::Message(message) => self.on_message(now, message),
            Input::FrameId(id) => {
                self.on_frame_id(id);
                None
            }
            Input::CaughtUp(id) => {
                self.on_caught_up(now, id);
                None
            }
            Input::Unreadable { id, detail } => self.on_unreadable(now, id, detail),
            Input::RetryAfter(wait) => {
                self.backoff.set_floor(wait);
                self.hear(now);
                None
            }
            Input::Activity => {
                self.hear(now);
                None
            }
            Input::Failed(failure) => self.on_failure(now, failure),
            Input::Retry => {
                self.backoff.reset();
                Some(self.connect(now))
            }
            Input::Disconnect => {
                self.enter(now, Phase::Offline);
                self.cause = None;
                Some(Command::Close)
            }
            Input::Tick => self.on_tick(now),
        }
    }

    /// What to show at `now`.
    #[must_use]
    pub fn status(&self, now: Duration) -> Status {
        let stale_for = self.stale_at().and_then(|at| now.checked_sub(at));
        let held = now.saturating_sub(self.since);
        let (state, held) = match (self.phase, stale_for, self.outage) {
            (Phase::Connecting, ..) => (State::Connecting, held),
            // Of a server that says nothing any more, nobody knows how it is.
            (Phase::Open { .. }, Some(stale_for), _) => (State::Stale, stale_for),
            (Phase::Open { .. }, None, Some(outage)) => (State::Degraded, outage.lasts(now)),
            (Phase::Open { .. }, None, None) => (State::Live, now.saturating_sub(self.well_since)),
            (Phase::Waiting { until }, ..) => {
                (State::Reconnecting { retry_in_ms: millis(until.saturating_sub(now)) }, held)
            }
            (Phase::Offline, ..) => (State::Offline, held),
            (Phase::Unauthorized, ..) => (State::Unauthorized, held),
            (Phase::Incompatible, ..) => (State::Incompatible, held),
        };
        Status {
            state,
            for_ms: millis(held),
            failures: if self.is_settled(now) { 0 } else { self.backoff.failures() },
            cause: self.cause.clone(),
            server_version: self.server.as_ref().map(|server| server.server_version.clone()),
        }
    }

    /// When the state changes by itself; the owner sends [`Input::Tick`] then. Null while it cannot.
    #[must_use]
    pub fn next_deadline(&self, now: Duration) -> Option<Duration> {
        match self.phase {
            Phase::Connecting => Some(self.since + self.config.connect_timeout),
            Phase::Open { heard } => {
                let give_up = heard + self.heartbeat() * 3;
                let stale = heard + self.heartbeat() * 2;
                Some(if now < stale { stale } else { give_up })
            }
            Phase::Waiting { until } => Some(until),
            Phase::Offline | Phase::Unauthorized | Phase::Incompatible => None,
        }
    }

    fn on_message(&mut self, now: Duration, message: &Message) -> Option<Command> {
        // A message of a connection that was given up meanwhile changes nothing.
        if !matches!(self.phase, Phase::Connecting | Phase::Open { .. }) {
            return None;
        }
        if let Message::Connected(connected) = message {
            self.server = Some(connected.clone());
            self.newest_at = 0;
            if connected.protocol != PROTOCOL_VERSION {
                let detail =
                    format!("protocol {} instead of {PROTOCOL_VERSION}", connected.protocol);
                self.cause = Some(Cause::NotAStream { detail });
                self.enter(now, Phase::Incompatible);
                return Some(Command::Close);
            }
            self.was_live = true;
            self.enter(now, Phase::Open { heard: now });
            return None;
        }
        if self.phase == Phase::Connecting {
            let detail = "the first message was not `connected`".to_owned();
            return self.on_failure(now, Failure::NotAStream(detail)).or(Some(Command::Close));
        }
        self.note_health(now, message);
        self.move_cursor(now, message.id());
        None
    }

    fn note_health(&mut self, now: Duration, message: &Message) {
        let Message::Heartbeat(heartbeat) = message else { return };
        let outage = Outage::told_by(heartbeat, self.outage, now);
        if self.outage.is_some() && outage.is_none() {
            self.well_since = now;
        }
        self.outage = outage;
    }

    /// To reconnect would bring the same frame again: it is passed over, and only a stream that begins
    /// with one is no stream of this protocol.
    fn on_unreadable(
        &mut self,
        now: Duration,
        id: Option<EventId>,
        detail: String,
    ) -> Option<Command> {
        if !self.is_open() {
            return self.on_failure(now, Failure::NotAStream(detail));
        }
        self.move_cursor(now, id);
        None
    }

    fn move_cursor(&mut self, now: Duration, id: Option<EventId>) {
        let next = self.next_cursor.take();
        self.cursor = id.or(next).or(self.cursor);
        self.hear(now);
    }

    fn on_frame_id(&mut self, id: EventId) {
        if !self.is_open() {
            return;
        }
        if self.cursor.is_none() {
            self.cursor = Some(id);
        } else {
            self.next_cursor = Some(id);
        }
    }

    fn on_caught_up(&mut self, now: Duration, id: EventId) {
        if !self.is_open() {
            return;
        }
        let before = self.next_cursor.or(self.cursor);
        let is_back = before.is_some_and(|before| before.epoch == id.epoch && before.seq > id.seq);
        self.move_cursor(now, if is_back { None } else { Some(id) });
    }

    fn on_failure(&mut self, now: Duration, failure: Failure) -> Option<Command> {
        if !matches!(self.phase, Phase::Connecting | Phase::Open { .. }) {
            return None;
        }
        let phase = match failure {
            Failure::Status(401 | 403) => Phase::Unauthorized,
            // A server's own way to say that there is nothing to come back for: no proxy says so for one
            // that restarts.
            Failure::Status(201..=299 | 410) => Phase::Incompatible,
            // Whoever is there instead stays away from the token until a person has looked.
            Failure::Untrusted { .. } => Phase::Incompatible,
            // What answers here is something else than this server, or too old a one, or it takes the request
            // for none: asking again changes nothing. Where it was heard before, it is a proxy that speaks for it
            // while it restarts.
            Failure::Status(400 | 404..=406 | 414 | 431) | Failure::NotAStream(_)
                if !self.was_live =>
            {
                Phase::Incompatible
            }
            _ => self.wait(now),
        };
        self.cause = Some(match failure {
            Failure::Network(detail) => Cause::Network { detail },
            Failure::Closed => Cause::Closed,
            Failure::Status(code) => Cause::Status { code },
            Failure::NotAStream(detail) => Cause::NotAStream { detail },
            Failure::TooLarge => Cause::TooLarge,
            Failure::Untrusted { detail, key } => Cause::Untrusted { detail, key },
        });
        self.enter(now, phase);
        Some(Command::Close)
    }

    fn on_tick(&mut self, now: Duration) -> Option<Command> {
        match self.phase {
            Phase::Connecting if now >= self.since + self.config.connect_timeout => {
                self.give_up(now)
            }
            Phase::Open { heard } if now >= heard + self.heartbeat() * 3 => self.give_up(now),
            Phase::Waiting { until } if now >= until => Some(self.connect(now)),
            _ => None,
        }
    }

    fn give_up(&mut self, now: Duration) -> Option<Command> {
        let phase = self.wait(now);
        self.cause = Some(Cause::Silence);
        self.enter(now, phase);
        Some(Command::Close)
    }

    fn wait(&mut self, now: Duration) -> Phase {
        if self.is_settled(now) {
            self.backoff.reset();
        }
        Phase::Waiting { until: now + self.backoff.next_wait() }
    }

    fn connect(&mut self, now: Duration) -> Command {
        self.enter(now, Phase::Connecting);
        Command::Connect { cursor: self.cursor }
    }

    fn hear(&mut self, now: Duration) {
        if let Phase::Open { heard } = &mut self.phase {
            *heard = now;
        }
    }

    fn enter(&mut self, now: Duration, phase: Phase) {
        self.phase = phase;
        self.since = now;
        // The next connection speaks for itself: it tells an outage at once.
        self.outage = None;
        self.well_since = now;
        self.next_cursor = None;
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open { .. })
    }

    /// Whether the open connection is old enough to count as a success.
    fn is_settled(&self, now: Duration) -> bool {
        self.is_open() && now.saturating_sub(self.since) >= self.config.settled_after
    }

    fn stale_at(&self) -> Option<Duration> {
        match self.phase {
            Phase::Open { heard } => Some(heard + self.heartbeat() * 2),
            _ => None,
        }
    }

    fn heartbeat(&self) -> Duration {
        let seconds = self.server.as_ref().map_or(15, |server| server.heartbeat_seconds);
        Duration::from_secs(seconds.clamp(1, LONGEST_HEARTBEAT_SECONDS))
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
