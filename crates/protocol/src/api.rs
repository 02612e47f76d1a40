//! Paths, bodies and error codes of the HTTP routes.

use serde::{Deserialize, Serialize};

use crate::event::EventId;

/// Paths of the routes; parameters in braces.
pub mod path {
    /// The event stream.
    pub const EVENTS: &str = "/api/events";
    /// Sign-in, who is signed in, sign-out.
    pub const SESSION: &str = "/api/session";
    /// Below it, each topic takes events.
    pub const PUBLISH: &str = "/api/publish";
    /// Tokens: made and listed.
    pub const TOKENS: &str = "/api/tokens";
    /// Answers 200 while the process lives.
    pub const HEALTH: &str = "/healthz";
    /// Answers 200 while the server takes and delivers events, else 503.
    pub const READY: &str = "/readyz";
}

/// Name of the file in the server's data folder that holds the owner's token; clients on the same machine
/// look for it there.
pub const OWNER_TOKEN_FILE: &str = "owner-token";

/// Bounds of tokens of limited scope.
pub mod token {
    /// Most tokens at once.
    pub const MOST: usize = 10_000;
    /// Longest name, in bytes.
    pub const MAX_NAME_BYTES: usize = 100;
    /// Most scopes.
    pub const MAX_SCOPES: usize = 100;
}

/// Query parameters of the streams.
pub mod query {
    /// A selector; may be repeated.
    pub const TOPIC: &str = "topic";
    /// The cursor, for clients that cannot set `Last-Event-ID`.
    pub const LAST_EVENT_ID: &str = "last_event_id";
    /// `1` asks for events without names.
    pub const UNNAMED: &str = "unnamed";
    /// Type of a published event.
    pub const TYPE: &str = "type";
}

/// Body of every answer that is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorBody {
    /// What went wrong.
    pub error: ErrorDetail,
}

/// What went wrong, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorDetail {
    /// For programs to match.
    pub code: ErrorCode,
    /// For people: the cause and what to do next.
    pub message: String,
}

/// Codes a client may act on; the messages beside them are free to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorCode {
    /// 400: the request cannot be read.
    BadRequest,
    /// 400: a topic or selector is not one.
    InvalidTopic,
    /// 400: an event type is not one, or is reserved.
    InvalidType,
    /// 401: no valid token or session.
    Unauthorized,
    /// 401: the one-time code is wrong, used or too old.
    InvalidCode,
    /// 403: signed in, but not allowed.
    Forbidden,
    /// 403: the `Host` header names a host this server does not answer to.
    HostNotAllowed,
    /// 403: the request comes from a page of another origin.
    OriginNotAllowed,
    /// 404: no such route or thing.
    NotFound,
    /// 405: the route exists, the method does not.
    MethodNotAllowed,
    /// 413: the body is over the limit.
    BodyTooLarge,
    /// 415: the body has a type the route does not take.
    UnsupportedMediaType,
    /// 429: more events or requests than this token may send; see `Retry-After`.
    RateLimited,
    /// 503: no stream is free; see `Retry-After`.
    TooManyStreams,
    /// 503: the topic is new, and there are as many as there may be.
    TooManyTopics,
    /// 503: the event cannot be taken for now, and was not; see `Retry-After`.
    Unavailable,
    /// 503: the event may or may not have been kept; look before it is sent again.
    Unconfirmed,
    /// 503: the server is shutting down.
    ShuttingDown,
    /// 500: a fault of the server, told in its log.
    Internal,
    /// A code of a newer server.
    #[serde(other)]
    Unknown,
}

/// Answer of a publish: the event is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    /// The event's id.
    pub id: EventId,
}

/// Answer of [`path::READY`] while the server takes and delivers events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// Always true; a server that is not ready answers with an error.
    pub ready: bool,
}

/// What a user may do; each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and publishes.
    Publisher,
    /// Everything, administration included.
    Admin,
}

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Never changes.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// Answer of `GET` and `POST` [`path::SESSION`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    /// Who is signed in.
    pub user: User,
    /// Release of the server.
    pub server_version: String,
}

/// Body of `POST` [`path::TOKENS`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewToken {
    /// What people call it.
    pub name: String,
    /// What it may do, each as [`Scope`](crate::scope::Scope) writes it.
    pub scopes: Vec<String>,
    /// Seconds until it expires; never without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// A token as `GET` [`path::TOKENS`] lists it: without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    /// Never changes.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made, in ms since the epoch.
    pub created_at: u64,
    /// When it expires, in ms since the epoch; null if never.
    pub expires_at: Option<u64>,
}

/// Answer of `POST` [`path::TOKENS`]: the only one that holds the secret.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedToken {
    /// What is known of it from now on.
    #[serde(flatten)]
    pub info: TokenInfo,
    /// The secret.
    pub token: String,
}

/// Hides the secret, so that an answer can stand in a log.
impl std::fmt::Debug for CreatedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CreatedToken").field("info", &self.info).finish_non_exhaustive()
    }
}

/// Body of `POST` [`path::SESSION`]: one way to prove who one is.
#[derive(Clone, Deserialize, Serialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum SignIn {
    /// The one-time code of a sign-in link.
    Code {
        /// The code from the link's fragment.
        code: String,
    },
    /// A token, as programs use it.
    Token {
        /// The token.
        token: String,
    },
}

/// Hides the secret, so that a body can stand in a log.
impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code { .. } => "SignIn::Code(…)",
            Self::Token { .. } => "SignIn::Token(…)",
        })
    }
}
