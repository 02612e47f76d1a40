//! Paths, bodies and error codes of the HTTP routes.

mod user;

use serde::{Deserialize, Serialize};

use crate::event::EventId;

pub use user::{
    ChangedUser, InvalidName, InvalidRole, NewUser, Password, Role, User, UserAfter, UserName,
};

/// Paths of the routes; parameters in braces.
pub mod path {
    /// The event stream.
    pub const EVENTS: &str = "/api/events";
    /// One user's own events.
    pub const CHANNEL: &str = "/api/events/{id}";
    /// Sign-in, who is signed in, sign-out.
    pub const SESSION: &str = "/api/session";
    /// Below it, each topic takes events.
    pub const PUBLISH: &str = "/api/publish";
    /// One topic that takes events.
    pub const PUBLISH_TOPIC: &str = "/api/publish/{*topic}";
    /// Tokens: made and listed.
    pub const TOKENS: &str = "/api/tokens";
    /// One token.
    pub const TOKEN: &str = "/api/tokens/{id}";
    /// Users: made and listed.
    pub const USERS: &str = "/api/users";
    /// One user.
    pub const USER: &str = "/api/users/{id}";
    /// Alerts: listed and made.
    pub const ALERTS: &str = "/api/alerts";
    /// One alert.
    pub const ALERT: &str = "/api/alerts/{id}";
    /// Notifications: posted and listed.
    pub const NOTIFICATIONS: &str = "/api/notifications";
    /// One notification.
    pub const NOTIFICATION: &str = "/api/notifications/{id}";
    /// Marks one notification as read.
    pub const READ: &str = "/api/notifications/{id}/read";
    /// The stream of the caller's notifications.
    pub const NOTIFICATION_STREAM: &str = "/api/notifications/stream";
    /// Marks the caller's notifications as read.
    pub const READ_ALL: &str = "/api/notifications/read-all";
    /// Starts a job and tells how far it is, and says what kinds there are.
    pub const PROCESS: &str = "/api/process";
    /// Jobs: listed, and reported.
    pub const JOBS: &str = "/api/jobs";
    /// One job.
    pub const JOB: &str = "/api/jobs/{id}";
    /// What a job has written.
    pub const JOB_LOG: &str = "/api/jobs/{id}/log";
    /// What came of a job.
    pub const JOB_RESULT: &str = "/api/jobs/{id}/result";
    /// The past of a metric.
    pub const METRICS_HISTORY: &str = "/api/metrics/history";
    /// Every process of the machine.
    pub const MACHINE_PROCESSES: &str = "/api/processes";
    /// One process of the machine, to be ended.
    pub const MACHINE_PROCESS: &str = "/api/processes/{pid}";
    /// Answers 200 while the process lives.
    pub const HEALTH: &str = "/healthz";
    /// Answers 200 while the server takes and delivers events, else 503.
    pub const READY: &str = "/readyz";
    /// Every path of the API and of operations, for those who must know them all: a route that is missing here
    /// is missing in the table of who may do what.
    pub const ALL: [&str; 26] = [
        EVENTS,
        CHANNEL,
        SESSION,
        PUBLISH,
        PUBLISH_TOPIC,
        TOKENS,
        TOKEN,
        USERS,
        USER,
        ALERTS,
        ALERT,
        NOTIFICATIONS,
        NOTIFICATION,
        READ,
        READ_ALL,
        NOTIFICATION_STREAM,
        PROCESS,
        JOBS,
        JOB,
        JOB_LOG,
        JOB_RESULT,
        METRICS_HISTORY,
        MACHINE_PROCESSES,
        MACHINE_PROCESS,
        HEALTH,
        READY,
    ];
}

/// Name of the file in the server's data folder that holds the owner's token; clients on the same machine
/// look for it there.
pub const OWNER_TOKEN_FILE: &str = "owner-token";

/// Name of the file there that holds the fingerprint of the server's key, while the server speaks TLS.
pub const FINGERPRINT_FILE: &str = "tls-fingerprint";

/// Bounds of tokens of limited scope.
pub mod token {
    /// Most tokens at once.
    pub const MOST: usize = 10_000;
    /// Most tokens that a user who is no admin may have.
    pub const MOST_OF_USER: usize = 1_000;
    /// Longest name, in bytes.
    pub const MAX_NAME_BYTES: usize = 100;
    /// Most scopes.
    pub const MAX_SCOPES: usize = 100;
}

/// Bounds of users and of what proves who they are.
pub mod users {
    /// Id of the user that every server has, who is an admin for ever.
    pub const OWNER: &str = "owner";
    /// Most users at once.
    pub const MOST: usize = 1_000;
    /// Longest name, in characters.
    pub const MAX_NAME_CHARS: usize = 64;
    /// Shortest password, in bytes.
    pub const MIN_PASSWORD_BYTES: usize = 10;
    /// Longest password, in bytes.
    pub const MAX_PASSWORD_BYTES: usize = 1_000;
}

/// How many of the newest events a dashboard begins with: what was published before it was opened.
pub const RECENT_EVENTS: usize = 200;

/// Query parameters of the streams and of lists.
pub mod query {
    /// A selector; may be repeated.
    pub const TOPIC: &str = "topic";
    /// The cursor, for clients that cannot set `Last-Event-ID`.
    pub const LAST_EVENT_ID: &str = "last_event_id";
    /// How many of the newest events a stream without a cursor begins with.
    pub const RECENT: &str = "recent";
    /// `1` asks for events without names.
    pub const UNNAMED: &str = "unnamed";
    /// Type of a published event.
    pub const TYPE: &str = "type";
    /// Id of the user whose tokens are asked for.
    pub const USER: &str = "user";
    /// `true` or `false`: notifications that are unread, or those that are read.
    pub const UNREAD: &str = "unread";
    /// Id of a notification: those that came before it.
    pub const BEFORE: &str = "before";
    /// How many at most.
    pub const LIMIT: &str = "limit";
    /// `active` or `ended`: jobs that have not ended, or those that have.
    pub const STATE: &str = "state";
    /// Number of a line: those behind it.
    pub const AFTER: &str = "after";
    /// `true`: the job ends when whoever asked for it hangs up.
    pub const CANCEL_ON_DISCONNECT: &str = "cancelOnDisconnect";
    /// `true`: a job that has ended is removed.
    pub const REMOVE: &str = "remove";
    /// Name of a metric, or a pattern of several; may be repeated.
    pub const METRIC: &str = "metric";
    /// How far back, as in `1h`.
    pub const RANGE: &str = "range";
    /// `json` or `csv`.
    pub const FORMAT: &str = "format";
    /// How many significant digits.
    pub const DIGITS: &str = "digits";
    /// Name of a machine.
    pub const HOST: &str = "host";
    /// When a process began, in ms since its machine did.
    pub const START: &str = "start";
    /// `true`: a process is not asked to end, and ends at once.
    pub const FORCE: &str = "force";
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
    /// 400: a user's name is not one.
    InvalidName,
    /// 400: a password is too short, too long, or the first that somebody would guess.
    WeakPassword,
    /// 401: no valid token or session.
    Unauthorized,
    /// 401: the one-time code is wrong, used or too old.
    InvalidCode,
    /// 401: there is no user of this name who has this password.
    InvalidCredentials,
    /// 403: the password that is to be changed is another.
    WrongPassword,
    /// 403: signed in, but not allowed.
    Forbidden,
    /// 403: the `Host` header names a host this server does not answer to.
    HostNotAllowed,
    /// 403: the request comes from a page of another origin.
    OriginNotAllowed,
    /// 403: only requests from the server's own machine may do this.
    NotLocal,
    /// 403: the process is the server's own, the first of the machine, or a part of its kernel.
    ProcessProtected,
    /// 403: the system does not let the server end the process.
    NotPermitted,
    /// 404: no such route or thing.
    NotFound,
    /// 404: nobody is called so.
    NoSuchUser,
    /// 404: the process has ended; another one may have its id.
    NoSuchProcess,
    /// 405: the route exists, the method does not.
    MethodNotAllowed,
    /// 400: there is no kind of job of this name.
    UnknownKind,
    /// 400: a job needs an argument that is not there.
    MissingArgument,
    /// 400: an argument is unknown, or is not what it may be.
    InvalidArgument,
    /// 403: a path lies outside of what the server may read for a job.
    OutsideRoots,
    /// 409: the job has ended, and stays as it is.
    JobEnded,
    /// 409: the job has not ended, or is not one that is reported.
    JobActive,
    /// 503: as many jobs wait as may; see `Retry-After`.
    QueueFull,
    /// 404: there is no metric of this name.
    UnknownMetric,
    /// 409: there is one of this name.
    NameTaken,
    /// 409: the owner can neither be removed nor be anything but an admin.
    OwnerStays,
    /// 413: the body is over the limit.
    BodyTooLarge,
    /// 415: the body has a type the route does not take.
    UnsupportedMediaType,
    /// 429: more events than this token may send, or more attempts to sign in; see `Retry-After`.
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
    /// Id of the user it acts for; whoever makes it without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
}

/// A token as `GET` [`path::TOKENS`] lists it: without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenInfo {
    /// Never changes.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The user it acts for; the owner in the answers of a server that knows no other.
    #[serde(default = "owner")]
    pub user_id: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// When it was made, in ms since the epoch.
    pub created_at: u64,
    /// When it expires, in ms since the epoch; null if never.
    pub expires_at: Option<u64>,
}

fn owner() -> String {
    users::OWNER.to_owned()
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
    /// A name and a password.
    #[serde(rename_all = "camelCase")]
    Password {
        /// Name of the user; case does not count.
        username: String,
        /// The password.
        password: Password,
    },
}

/// Hides the secret, so that a body can stand in a log.
impl std::fmt::Debug for SignIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Code { .. } => "SignIn::Code(…)",
            Self::Token { .. } => "SignIn::Token(…)",
            Self::Password { .. } => "SignIn::Password(…)",
        })
    }
}
