//! Notifications: what somebody is to know, kept until it is read, and how an inbox changes.
//!
//! Each change of an inbox gives it the next *version*. Whatever tells a count tells its version too, and a client
//! takes a count only of a greater version than it has: changes may arrive late or twice, and the count stays right. The
//! [`INITIAL`] of a stream is taken whatever its version: it is never older than what the stream tells behind it, and versions
//! begin lower again where a database was restored.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::topic::{NOTIFICATIONS, Topic};

/// Longest title, in characters.
pub const MAX_TITLE_CHARS: usize = 200;
/// Longest message, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 4_000;
/// Longest link, in bytes.
pub const MAX_LINK_BYTES: usize = 2_000;
/// Longest name of a source, in bytes.
pub const MAX_SOURCE_BYTES: usize = 100;
/// Longest dedupe key, in bytes.
pub const MAX_KEY_BYTES: usize = 200;
/// Longest time until a notification expires, in seconds: ten years.
pub const MAX_EXPIRY_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;
/// Most notifications of a page.
pub const MAX_PAGE: usize = 200;
/// How many a page has unless more or fewer are asked for.
pub const DEFAULT_PAGE: usize = 50;

/// Type of the event that brings a notification.
pub const NOTIFICATION: &str = "notification";
/// Type of the event that tells a change of an inbox.
pub const UNREAD: &str = "unread";
/// Name of a stream's event that says where the inbox stands; it counts whatever its version.
pub const INITIAL: &str = "initial";

/// How much a notification matters.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Worth knowing.
    #[default]
    Info,
    /// Something went well.
    Success,
    /// Something may go wrong.
    Warning,
    /// Something went wrong.
    Error,
}

impl Level {
    /// Every level, the least first.
    pub const ALL: [Self; 4] = [Self::Info, Self::Success, Self::Warning, Self::Error];

    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Success => "success",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::str::FromStr for Level {
    type Err = InvalidNotification;

    fn from_str(text: &str) -> Result<Self, InvalidNotification> {
        let level = Self::ALL.into_iter().find(|level| level.as_str() == text);
        level.ok_or(InvalidNotification::Level)
    }
}

/// A notification as it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notification {
    /// Never changes, and says nothing of the order.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Version of the inbox that brought it; inboxes are read in this order, the greatest first.
    pub version: u64,
    /// What happened, in a line.
    pub title: String,
    /// More of it; may be empty.
    pub message: String,
    /// How much it matters.
    pub level: Level,
    /// Where to read on: an http or https URL, or a path of this server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What it replaced, or will be replaced by: a user has one notification of a key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe_key: Option<String>,
    /// When it came, in ms since the epoch.
    pub created_at: u64,
    /// When it goes by itself, in ms since the epoch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<u64>,
    /// When it was read, in ms since the epoch; null until then.
    pub read_at: Option<u64>,
    /// Whether it came as an update of one that was there: nobody need be told of it who was told of that one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub update: bool,
    /// Of an update: version of the inbox that brought what was news last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub news_version: Option<u64>,
}

impl Notification {
    /// Version of the inbox that brought what is news in it: its own, unless it is an update. Whoever was told of that was
    /// told of this; 0 where it is not known.
    #[must_use]
    pub fn news(&self) -> u64 {
        if self.update { self.news_version.unwrap_or_default() } else { self.version }
    }
}

/// Body of `POST` [`path::NOTIFICATIONS`](crate::api::path::NOTIFICATIONS).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewNotification {
    /// Whose it is to be, by id; without it and `user`, the caller's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// Whose it is to be, by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What happened, in a line; where there is a message, the server has a title for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// More of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How much it matters; [`Level::Info`] without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// What it comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Makes it the only one of the user with this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dedupe_key: Option<String>,
    /// Seconds until it goes by itself; never without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
    /// Whether it only changes the one of its key, without a word to anybody: what was read stays read, and where there is
    /// none of this key nothing is posted. Default false.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub update: bool,
}

/// What no notification can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidNotification {
    /// Neither a title nor a message.
    Nothing,
    /// Its user by id and by name.
    TwoUsers,
    /// A title that is empty, too long or has more than one line.
    Title,
    /// A message that is too long or has control characters.
    Message,
    /// Not one of the levels.
    Level,
    /// A link that is neither a URL of http or https nor a path of the server.
    Link,
    /// The name of a source that is empty, too long or has control characters.
    Source,
    /// A key that is empty, too long or has control characters.
    Key,
    /// A time that is no time to come, or too far off.
    Expiry,
    /// An update that does not say of what.
    Update,
}

impl fmt::Display for InvalidNotification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("a notification has a title, a message or both"),
            Self::TwoUsers => f.write_str("name the user by `userId` or by `user`, not by both"),
            Self::Title => write!(
                f,
                "a title has 1 to {MAX_TITLE_CHARS} characters, none of them a control character"
            ),
            Self::Message => write!(
                f,
                "a message has at most {MAX_MESSAGE_BYTES} bytes, and no control characters but line feeds \
                 and tabs"
            ),
            Self::Level => f.write_str("a level is info, success, warning or error"),
            Self::Link => write!(
                f,
                "a link is a URL of http or https, or a path beginning with /, of at most {MAX_LINK_BYTES} \
                 bytes without white space"
            ),
            Self::Source => write!(
                f,
                "a source has a name of 1 to {MAX_SOURCE_BYTES} bytes without control characters"
            ),
            Self::Key => {
                write!(f, "a dedupe key has 1 to {MAX_KEY_BYTES} bytes and no control characters")
            }
            Self::Expiry => {
                f.write_str("a notification expires after 1 second to ten years, or never")
            }
            Self::Update => f.write_str("an update names what it changes by `dedupeKey`"),
        }
    }
}

impl std::error::Error for InvalidNotification {}

impl NewNotification {
    /// Looks whether a server would take it, its user apart.
    ///
    /// # Errors
    ///
    /// If it would not: the first reason.
    pub fn check(&self) -> Result<(), InvalidNotification> {
        use InvalidNotification as E;
        let message = self.message.as_deref().unwrap_or_default();
        let line = |text: &str, most| {
            !text.trim().is_empty() && text.len() <= most && !text.contains(char::is_control)
        };
        let optional =
            |text: &Option<String>, most| text.as_ref().is_none_or(|text| line(text, most));
        let title = |title: &String| {
            title.chars().count() <= MAX_TITLE_CHARS && line(title, 4 * MAX_TITLE_CHARS)
        };
        let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
        for (holds, error) in [
            (self.title.is_some() || !message.trim().is_empty(), E::Nothing),
            (self.user_id.is_none() || self.user.is_none(), E::TwoUsers),
            (self.title.as_ref().is_none_or(title), E::Title),
            (message.len() <= MAX_MESSAGE_BYTES && !message.contains(control), E::Message),
            (self.link.as_deref().is_none_or(is_link), E::Link),
            (optional(&self.source, MAX_SOURCE_BYTES), E::Source),
            (optional(&self.dedupe_key, MAX_KEY_BYTES), E::Key),
            (
                self.expires_in_seconds.is_none_or(|time| (1..=MAX_EXPIRY_SECONDS).contains(&time)),
                E::Expiry,
            ),
            (!self.update || self.dedupe_key.is_some(), E::Update),
        ] {
            if !holds {
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Whether a page may lead there: never to a script, and by a path to this server alone. Browsers take `//` and `/\` for
/// the beginning of another server's name.
fn is_link(link: &str) -> bool {
    let has_scheme = |scheme: &str| {
        let (head, rest) = link.split_at_checked(scheme.len()).unwrap_or_default();
        let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
        head.eq_ignore_ascii_case(scheme) && !host.is_empty() && !host.contains('\\')
    };
    let is_path = link.starts_with('/') && !link[1..].starts_with(['/', '\\']);
    link.len() <= MAX_LINK_BYTES
        && !link.contains(|c: char| c.is_control() || c.is_whitespace())
        && (is_path || has_scheme("http://") || has_scheme("https://"))
}

/// The topic of a user's notifications; null where the id cannot stand in one.
#[must_use]
pub fn topic(user_id: &str) -> Option<Topic> {
    if user_id.contains('/') {
        return None;
    }
    format!("{NOTIFICATIONS}/{user_id}").parse().ok()
}

/// Payload of [`NOTIFICATION`]: one that came, or replaced the one of its key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Arrival {
    /// The notification; its version is the inbox's.
    #[serde(flatten)]
    pub notification: Notification,
    /// How many are unread with it.
    pub unread_count: u64,
}

/// How many are unread: payload of [`INITIAL`], and answer of
/// [`path::READ_ALL`](crate::api::path::READ_ALL).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Unread {
    /// How many are unread.
    pub unread_count: u64,
    /// Of which version of the inbox.
    pub version: u64,
}

/// Payload of [`UNREAD`]: what became of notifications that came before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxChange {
    /// How many are unread from now on.
    pub unread_count: u64,
    /// Version of the inbox from now on.
    pub version: u64,
    /// Ids of those that were read.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub read: Vec<String>,
    /// All of this version and below were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_up_to: Option<u64>,
    /// Ids of those that are gone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub removed: Vec<String>,
}

/// Answer of `GET` [`path::NOTIFICATIONS`](crate::api::path::NOTIFICATIONS).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inbox {
    /// The newest first.
    pub notifications: Vec<Notification>,
    /// How many are unread, those of other pages included.
    pub unread_count: u64,
    /// Of which version of the inbox all this is.
    pub version: u64,
    /// What to ask for as `before` to read on, and nothing else; null where nothing follows.
    pub next: Option<String>,
}

/// Body of `POST` [`path::READ_ALL`](crate::api::path::READ_ALL), which may be left away.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadAll {
    /// Those of this version and below are marked, as a list or a row has it; without it, all that are there. What is
    /// newer than the caller has seen, or has replaced what the caller has seen, stays unread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub up_to_version: Option<u64>,
}
