//! Topic names and the selectors a subscriber asks with.

use std::fmt;
use std::str::FromStr;

/// Longest topic or selector, in bytes.
pub const MAX_TOPIC_BYTES: usize = 255;

/// First segment of the topics whose newest event is all a subscriber needs.
pub const METRICS: &str = "metrics";

/// First segments of the topics that belong to the one user named behind them.
pub const PERSONAL: [&str; 2] = ["users", NOTIFICATIONS];

/// First segment of the topics of notifications, which only the server publishes to.
pub const NOTIFICATIONS: &str = "notifications";

/// Name of a stream of events: segments of `A–Z a–z 0–9 . _ - ~ :` joined by `/`, none of them `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(String);

/// What a subscriber asks for: one topic, or all below a prefix (`jobs/*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// Exactly this topic.
    Exact(Topic),
    /// Every topic below this one; `*` alone is every topic but the [personal](Topic::is_personal) ones, which
    /// must be named.
    Prefix(Option<Topic>),
}

/// Text that is neither a topic nor a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidTopic {
    /// Nothing between two slashes, at an end, or at all.
    EmptySegment,
    /// More than [`MAX_TOPIC_BYTES`].
    TooLong,
    /// A segment `.` or `..`: programs that tidy up a URL would ask for another topic.
    DotSegment,
    /// A character outside the alphabet, or a `*` that is not the last segment.
    Character(char),
}

impl fmt::Display for InvalidTopic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySegment => f.write_str("a topic has no empty segment"),
            Self::TooLong => write!(f, "a topic has at most {MAX_TOPIC_BYTES} bytes"),
            Self::DotSegment => f.write_str("a segment of a topic is neither . nor .."),
            Self::Character(c) => write!(
                f,
                "{c:?} cannot stand in a topic; use letters, digits and . _ - ~ : between slashes"
            ),
        }
    }
}

impl std::error::Error for InvalidTopic {}

impl Topic {
    /// The topic as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `metrics/{host}`. Characters of the name outside the alphabet become `-`, and an empty name
    /// becomes `localhost`; so do `.` and `..`.
    #[must_use]
    pub fn metrics(host: &str) -> Self {
        let mut name: String =
            host.chars().map(|c| if is_topic_char(c) { c } else { '-' }).collect();
        name.truncate(MAX_TOPIC_BYTES - METRICS.len() - 1);
        if matches!(name.as_str(), "" | "." | "..") {
            "localhost".clone_into(&mut name);
        }
        Self(format!("{METRICS}/{name}"))
    }

    /// Whether only the newest event of this topic matters (`metrics/…`), so that a subscriber may
    /// skip older ones without a gap.
    #[must_use]
    pub fn is_latest_wins(&self) -> bool {
        metrics_host(&self.0).is_some()
    }

    /// Whether it belongs to one user (`users/…`, `notifications/…`).
    #[must_use]
    pub fn is_personal(&self) -> bool {
        self.0.split('/').next().is_some_and(|first| PERSONAL.contains(&first))
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Topic {
    type Err = InvalidTopic;

    fn from_str(text: &str) -> Result<Self, InvalidTopic> {
        if text.len() > MAX_TOPIC_BYTES {
            return Err(InvalidTopic::TooLong);
        }
        for segment in text.split('/') {
            if segment.is_empty() {
                return Err(InvalidTopic::EmptySegment);
            }
            if matches!(segment, "." | "..") {
                return Err(InvalidTopic::DotSegment);
            }
            if let Some(c) = segment.chars().find(|&c| !is_topic_char(c)) {
                return Err(InvalidTopic::Character(c));
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl Selector {
    /// Whether `topic` is one of those asked for.
    #[must_use]
    pub fn matches(&self, topic: &Topic) -> bool {
        match self {
            Self::Exact(exact) => exact == topic,
            Self::Prefix(None) => !topic.is_personal(),
            Self::Prefix(Some(prefix)) => topic
                .0
                .strip_prefix(prefix.as_str())
                .is_some_and(|rest| rest.len() > 1 && rest.starts_with('/')),
        }
    }
}

impl Selector {
    /// Whether `self` matches every topic that `other` matches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match other {
            Self::Exact(topic) => self.matches(topic),
            // What lies below a topic is covered by what lies below the same one, or one above it.
            Self::Prefix(Some(prefix)) => match self {
                Self::Prefix(Some(own)) => own == prefix || self.matches(prefix),
                Self::Prefix(None) => !prefix.is_personal(),
                Self::Exact(_) => false,
            },
            Self::Prefix(None) => *self == Self::Prefix(None),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(topic) => topic.fmt(f),
            Self::Prefix(None) => f.write_str("*"),
            Self::Prefix(Some(prefix)) => write!(f, "{prefix}/*"),
        }
    }
}

impl FromStr for Selector {
    type Err = InvalidTopic;

    fn from_str(text: &str) -> Result<Self, InvalidTopic> {
        if text.len() > MAX_TOPIC_BYTES {
            return Err(InvalidTopic::TooLong);
        }
        match text.strip_suffix("/*") {
            _ if text == "*" => Ok(Self::Prefix(None)),
            Some(prefix) => prefix.parse().map(|topic| Self::Prefix(Some(topic))),
            None => text.parse().map(Self::Exact),
        }
    }
}

/// The machine a topic's metrics are of (`metrics/{host}`); null for any other topic.
#[must_use]
pub fn metrics_host(topic: &str) -> Option<&str> {
    topic.strip_prefix(METRICS)?.strip_prefix('/')
}

fn is_topic_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | ':')
}
