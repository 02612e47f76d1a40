//! The state machine itself.

use std::time::Duration;

use tidings_protocol::PROTOCOL_VERSION;
use tidings_protocol::event::{Connected, EventId};

use crate::backoff::Backoff;
use crate::message::Message;
use crate::status::{Cause, State, Status};

/// A server that promises less is not believed: its silence would never be noticed.
const LONGEST_HEARTBEAT_SECONDS: u64 = 3600;

/// Times a feed goes by.
#[derive(Clone, Debug)]
pub struct Config {
    /// Shortest wait between two attempts. Default 500 ms.
    pub backoff_min: Duration,
    /// Longest wait between two attempts. Default 30 s.
    pub backoff_max: Duration,
    /// Longest an attempt may take until the first message. Default 10 s.
    pub connect_timeout: Duration,
    /// A connection this old counts as a success that resets the back-off. Default 5 s.
    pub settled_after: Duration,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            backoff_min: Duration::from_millis(500),
            backoff_max: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            settled_after: Duration::from_secs(5),
        }
    }
}

/// Something that happened to the connection, or that a person asked for.
#[derive(Debug)]
pub enum Input<'a> {
    /// A message arrived.
    Message(&'a Message),
    /// The frame of the `connected` just handed in carried this id: a connection that breaks right
    /// behind it must lose nothing. Every other event repeats its id, and a heartbeat's is the cursor.
    ///
    /// An id other than the cursor says that the server could not use the cursor and tells a gap next.
    /// The cursor stays until then: from the new one, the server would find nothing missing.
    FrameId(EventId),
    /// Bytes arrived that are no message: a comment.
    Activity,
    /// The attempt or the connection ended.
    Failed(Failure),
    /// A person, or a machine that woke up, wants a connection now.
    Retry,
    /// A person wants none.
    Disconnect,
    /// Time passed; see [`Feed::next_deadline`].
    Tick,
}

/// How an attempt or a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection could be made, or it broke.
    Network(String),
    /// The server ended the stream.
    Closed,
    /// The server answered with a status other than 200.
    Status(u16),
    /// The answer was no event stream.
    NotAStream(String),
    /// A line or event exceeded the limit.
    TooLarge,
}

/// What the owner must do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Close what is open, then connect from this cursor.
    Connect {
        /// Last id seen, to be sent as `Last-Event-ID`.
        cursor: Option<EventId>,
    },
    /// Close what is open.
    Close,
}

/// See the [crate] documentation.
#[derive(Debug)]
pub struct Feed {
    config: Config,
    backoff: Backoff,
    phase: Phase,
    /// When the phase began.
    since: Duration,
    cursor: Option<EventId>,
    /// Becomes the cursor once this connection brings another message.
    next_cursor: Option<EventId>,
    cause: Option<Cause>,
    server: Option<Connected>,
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
        let backoff = Backoff::new(config.backoff_min, config.backoff_max, seed);
        let feed = Self {
            config,
            backoff,
            phase: Phase::Connecting,
            since: now,
            cursor: None,
            next_cursor: None,
            cause: None,
            server: None,
            was_live: false,
        };
        (feed, Command::Connect { cursor: None })
    }

    /// Last id seen.
    #[must_use]
    pub fn cursor(&self) -> Option<EventId> {
        self.cursor
    }

    /// How old an event already was when it arrived: what was replayed on connecting is as old as the
    /// server's own clock says, anything later is new. No clock of this machine takes part.
    #[must_use]
    pub fn age_on_arrival(&self, at: u64) -> Duration {
        let opened = self.server.as_ref().map_or(0, |server| server.at);
        Duration::from_millis(opened.saturating_sub(at))
    }

    /// Takes what happened and says what to do about it, if anything.
    pub fn handle(&mut self, now: Duration, input: Input<'_>) -> Option<Command> {
        match input {
            Input::Message(message) => self.on_message(now, message),
            Input::FrameId(id) => {
                self.on_frame_id(id);
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
        let stale_at = self.stale_at();
        let (state, since) = match self.phase {
            Phase::Connecting => (State::Connecting, self.since),
            Phase::Open { .. } if stale_at.is_some_and(|at| at <= now) => {
                (State::Stale, stale_at.unwrap_or(now))
            }
            Phase::Open { .. } => (State::Live, self.since),
            Phase::Waiting { until } => {
                (State::Reconnecting { retry_in_ms: millis(until.saturating_sub(now)) }, self.since)
            }
            Phase::Offline => (State::Offline, self.since),
            Phase::Unauthorized => (State::Unauthorized, self.since),
            Phase::Incompatible => (State::Incompatible, self.since),
        };
        Status {
            state,
            for_ms: millis(now.saturating_sub(since)),
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
        let next = self.next_cursor.take();
        self.cursor = message.id().or(next).or(self.cursor);
        self.hear(now);
        None
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

    fn on_failure(&mut self, now: Duration, failure: Failure) -> Option<Command> {
        if !matches!(self.phase, Phase::Connecting | Phase::Open { .. }) {
            return None;
        }
        let phase = match failure {
            Failure::Status(401 | 403) => Phase::Unauthorized,
            // What answers here is something else than this server, or too old a one. Where it was heard
            // before, it is a proxy that speaks for it while it restarts, or one broken frame.
            Failure::Status(404) | Failure::NotAStream(_) if !self.was_live => Phase::Incompatible,
            _ => self.wait(now),
        };
        self.cause = Some(match failure {
            Failure::Network(detail) => Cause::Network { detail },
            Failure::Closed => Cause::Closed,
            Failure::Status(code) => Cause::Status { code },
            Failure::NotAStream(detail) => Cause::NotAStream { detail },
            Failure::TooLarge => Cause::TooLarge,
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
        self.next_cursor = None;
    }

    fn is_open(&self) -> bool {
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
