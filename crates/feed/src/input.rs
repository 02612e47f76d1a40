//! What goes into a feed, and the command that comes out.

use std::time::Duration;

use tidings_protocol::event::EventId;

use crate::message::Message;

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
    /// behind it must lose nothing. Events and gaps repeat theirs, and a heartbeat's is [`Self::CaughtUp`].
    ///
    /// An id other than the cursor says that the server could not use the cursor and tells a gap next.
    /// The cursor stays until then: from the new one, the server would find nothing missing.
    FrameId(EventId),
    /// The frame of the heartbeat just handed in carried this id: up to there is nothing else to read. The
    /// cursor moves on to it, so that the next connection does not ask for what this one was never meant to
    /// get; within one history it never moves back.
    CaughtUp(EventId),
    /// A frame arrived whose data is no message; [`Feed::take_unreadable`](crate::Feed::take_unreadable) tells what was lost with it.
    Unreadable {
        /// The frame's id.
        id: Option<EventId>,
        /// Why it could not be read, for people.
        detail: String,
    },
    /// The server's `retry:`, or the `Retry-After` of a refusal: no later wait is shorter than this,
    /// as far as [`Config::backoff_max`] goes; up to a quarter by chance comes on top. An `EventSource` shows
    /// neither, so a browser's feed goes by its own back-off alone.
    RetryAfter(Duration),
    /// Bytes arrived that are no message: a comment.
    Activity,
    /// The attempt or the connection ended.
    Failed(Failure),
    /// A person, or a machine that woke up, wants a connection now.
    Retry,
    /// A person wants none.
    Disconnect,
    /// Time passed; see [`Feed::next_deadline`](crate::Feed::next_deadline).
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
    /// The server's key is not trusted.
    Untrusted {
        /// Why, for people.
        detail: String,
        /// Fingerprint of the key, if a person may trust it.
        key: Option<String>,
    },
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
