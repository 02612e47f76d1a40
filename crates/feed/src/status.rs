//! What a feed shows of itself.

use serde::{Deserialize, Serialize};

/// State of a feed at one moment, with times relative to it, so that it can cross to another process
/// whose monotonic clock began elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Where the connection stands.
    pub state: State,
    /// How long the state has held, in ms; of [`State::Degraded`] as long as the server says.
    pub for_ms: u64,
    /// Attempts that failed since a connection last held for a while.
    pub failures: u32,
    /// Why the last connection or attempt ended; null while none has.
    pub cause: Option<Cause>,
    /// Release of the server last spoken to.
    pub server_version: Option<String>,
}

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum State {
    /// An attempt is under way.
    Connecting,
    /// Open, and heard from within the deadline.
    Live,
    /// Open, and heard from within the deadline; but the server says that it cannot use the bus by which it shares events with
    /// others: it takes none, and what it samples itself does not come.
    Degraded,
    /// Open, but silent for two heartbeats.
    Stale,
    /// Waiting for the next attempt.
    Reconnecting {
        /// Time until it, in ms.
        retry_in_ms: u64,
    },
    /// Closed on request; nothing is tried until asked.
    Offline,
    /// The server wants another sign-in; nothing is tried until asked.
    Unauthorized,
    /// The server speaks another protocol or says that there is no stream, or what answered on first contact
    /// is no server of this kind, or one whose key is not trusted; nothing is tried until asked.
    Incompatible,
}

/// Why a connection or an attempt at one ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Cause {
    /// No connection could be made, or it broke.
    Network {
        /// What the system said, for people.
        detail: String,
    },
    /// The server ended the stream.
    Closed,
    /// The server answered with a status other than 200.
    Status {
        /// HTTP status code.
        code: u16,
    },
    /// The answer is no event stream of this protocol.
    NotAStream {
        /// What it was instead, for people.
        detail: String,
    },
    /// A line or event exceeded the limit.
    TooLarge,
    /// The server's key is not trusted.
    Untrusted {
        /// Why, for people.
        detail: String,
        /// Fingerprint of the key, if a person may trust it.
        key: Option<String>,
    },
    /// Nothing was heard for three heartbeats, or an attempt took too long.
    Silence,
}
