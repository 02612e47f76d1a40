//! Events as they travel: ids, cursors, the envelope, and the messages the hub itself sends.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Event types only the hub may use; a publisher that names one is refused.
pub const RESERVED_TYPES: [&str; 6] = ["error", "open", "connected", "gap", "initial", "heartbeat"];

/// Type of an event whose publisher named none.
pub const DEFAULT_TYPE: &str = "update";

/// Longest event type, in bytes.
pub const MAX_TYPE_BYTES: usize = 100;

/// What a publisher calls an event: one line of text that is not [reserved](RESERVED_TYPES).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EventType(std::borrow::Cow<'static, str>);

/// Text that is no [`EventType`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidType {
    /// Nothing.
    Empty,
    /// More than [`MAX_TYPE_BYTES`].
    TooLong,
    /// A control character: a line end would end the field it is written to.
    Control,
    /// U+FEFF at the beginning, which readers of UTF-8 take for a byte order mark and leave out.
    ByteOrderMark,
    /// One of [`RESERVED_TYPES`].
    Reserved,
}

impl fmt::Display for InvalidType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an event type has at least one character"),
            Self::TooLong => write!(f, "an event type has at most {MAX_TYPE_BYTES} bytes"),
            Self::Control => f.write_str("an event type has no control characters"),
            Self::ByteOrderMark => {
                f.write_str("an event type does not begin with a byte order mark")
            }
            Self::Reserved => write!(f, "the types {} are reserved", RESERVED_TYPES.join(", ")),
        }
    }
}

impl std::error::Error for InvalidType {}

impl EventType {
    /// [`DEFAULT_TYPE`].
    #[must_use]
    pub const fn update() -> Self {
        Self(std::borrow::Cow::Borrowed(DEFAULT_TYPE))
    }

    /// What an event is called to a browser that is told no name.
    #[must_use]
    pub const fn message() -> Self {
        Self(std::borrow::Cow::Borrowed("message"))
    }

    /// The type as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for EventType {
    fn default() -> Self {
        Self::update()
    }
}

impl FromStr for EventType {
    type Err = InvalidType;

    fn from_str(text: &str) -> Result<Self, InvalidType> {
        if text.is_empty() {
            return Err(InvalidType::Empty);
        }
        if text.len() > MAX_TYPE_BYTES {
            return Err(InvalidType::TooLong);
        }
        if text.chars().any(char::is_control) {
            return Err(InvalidType::Control);
        }
        if text.starts_with('\u{feff}') {
            return Err(InvalidType::ByteOrderMark);
        }
        if RESERVED_TYPES.contains(&text) {
            return Err(InvalidType::Reserved);
        }
        Ok(Self(text.to_owned().into()))
    }
}

/// Position of an event in one unbroken history: `<epoch>-<seq>`.
///
/// The epoch is eight lowercase hex digits, the sequence number a decimal that grows by one per event
/// of the hub across all topics. Also the cursor a client resumes from (`Last-Event-ID`). Ordered by
/// epoch, then sequence; the order means something only within one epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId {
    /// Names the history this id belongs to.
    pub epoch: u32,
    /// Position in it; the first event has 1, and 0 stands before every event.
    pub seq: u64,
}

/// Text that is no [`EventId`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MalformedId;

impl fmt::Display for MalformedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event id is eight hex digits, a hyphen and a decimal number")
    }
}

impl std::error::Error for MalformedId {}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}-{}", self.epoch, self.seq)
    }
}

impl FromStr for EventId {
    type Err = MalformedId;

    /// Reads exactly what [`Display`](fmt::Display) writes, so that an id has one spelling.
    fn from_str(text: &str) -> Result<Self, MalformedId> {
        let (epoch, seq) = text.split_once('-').ok_or(MalformedId)?;
        let canonical_epoch =
            epoch.len() == 8 && epoch.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        let canonical_seq =
            seq.bytes().all(|b| b.is_ascii_digit()) && (seq == "0" || !seq.starts_with('0'));
        if !canonical_epoch || !canonical_seq {
            return Err(MalformedId);
        }
        Ok(Self {
            epoch: u32::from_str_radix(epoch, 16).map_err(|_| MalformedId)?,
            seq: seq.parse().map_err(|_| MalformedId)?,
        })
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The `data` of an event on `/api/events`, where the frame itself carries type and id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// Topic the event was published to.
    pub topic: String,
    /// When the hub took it, in ms since the epoch, by the server's clock.
    pub at: u64,
    /// The publisher's payload.
    pub data: T,
}

/// The `data` of an event under `?unnamed=1`, where the frame has no name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UnnamedEnvelope<T> {
    /// The event's type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The event's id, repeated for clients that cannot see the frame's.
    pub id: EventId,
    /// Topic the event was published to.
    pub topic: String,
    /// When the hub took it, in ms since the epoch, by the server's clock.
    pub at: u64,
    /// The publisher's payload.
    pub data: T,
}

/// First message of every stream; it always goes unnamed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type", rename = "connected")]
pub struct Connected {
    /// [`crate::PROTOCOL_VERSION`] of the server.
    pub protocol: u32,
    /// Release of the server, `major.minor.patch`.
    pub server_version: String,
    /// Longest silence on a healthy stream, in seconds.
    pub heartbeat_seconds: u64,
    /// Selectors this stream was granted.
    pub topics: Vec<String>,
    /// The server's clock when the stream opened, in ms since the epoch.
    pub at: u64,
}

/// Keeps an unnamed stream alive where a client cannot see comments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "type", rename = "heartbeat")]
pub struct Heartbeat {
    /// The server's clock, in ms since the epoch.
    pub at: u64,
    /// Since when the server can neither take nor deliver events because it has lost what it shares with others, by its
    /// own clock; absent while all is well. One comes at once when that changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub degraded_since: Option<u64>,
}

/// Tells a subscriber that events passed which it will never get. Its own id is [`Gap::to`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// Topics that lost events; selectors where the topics cannot be known.
    pub topics: Vec<String>,
    /// All that is lost lies behind this id, as far as these topics go; null where the subscriber's
    /// cursor meant nothing.
    pub from: Option<EventId>,
    /// Last id that is lost; the stream goes on behind it.
    pub to: Option<EventId>,
    /// Why they are lost.
    pub reason: GapReason,
}

/// A [`Gap`] under `?unnamed=1`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename = "gap")]
pub struct UnnamedGap {
    /// The frame's id, repeated.
    pub id: Option<EventId>,
    /// What was lost.
    #[serde(flatten)]
    pub gap: Gap,
}

/// Why events are lost to a subscriber.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GapReason {
    /// History no longer holds them.
    Evicted,
    /// The cursor belongs to another history, or lies beyond the head of this one.
    UnknownEpoch,
    /// The cursor is not an id.
    MalformedCursor,
    /// The subscriber read more slowly than events came.
    SlowConsumer,
    /// The subscriber could not read the event; it says so to itself, no server does.
    Unreadable,
    /// A reason of a newer server.
    #[serde(other)]
    Unknown,
}
