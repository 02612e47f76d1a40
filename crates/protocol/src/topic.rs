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

/// First segment of the topics of jobs, which only the server publishes to.
pub const JOBS: &str = "jobs";

/// What a dashboard asks for that shows an admin all there is to see: `*`, which is every machine and what programs publish, the jobs
/// of all, and what is the own of the user with this id. Others ask for nothing, and get theirs.
#[must_use]
pub fn of_dashboard(id: &str) -> Vec<String> {
    let own = PERSONAL.iter().map(|kind| format!("{kind}/{id}"));
    ["*".to_owned(), format!("{JOBS}/*")].into_iter().chain(own).collect()
}

/// Name of a stream of events: segments of `A–Z a–z 0–9 . _ - ~ :` joined by `/`, none of them `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(String);

/// What a subscriber asks for: one topic, all below a prefix (`app/*`), or all that begin alike (`jobs/owner~*`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Selector {
    /// Exactly this topic.
    Exact(Topic),
    /// Every topic below this one; `*` alone is every topic but those that [must be named](Topic::must_be_named).
    Prefix(Option<Topic>),
    /// Every topic that begins with this text and goes on behind it; the text ends in `~`, for no other one is read as
    /// such a selector.
    Stem(Topic),
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
    /// A character outside the alphabet, or a `*` that is neither the last segment nor behind a `~` at the end.
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

    /// Whether only the newest event of this topic matters (`metrics/…`, `jobs/…`), so that a subscriber may
    /// skip older ones without a gap.
    #[must_use]
    pub fn is_latest_wins(&self) -> bool {
        is_latest_wins(&self.0)
    }

    /// Whether it belongs to one user (`users/…`, `notifications/…`).
    #[must_use]
    pub fn is_personal(&self) -> bool {
        PERSONAL.contains(&self.first())
    }

    /// Whether it is a job's (`jobs/…`).
    #[must_use]
    pub fn is_job(&self) -> bool {
        job_id(&self.0).is_some()
    }

    /// Whether `*` leaves it out: what is [personal](Self::is_personal), and `jobs` with all below it.
    #[must_use]
    pub fn must_be_named(&self) -> bool {
        self.is_personal() || self.first() == JOBS
    }

    fn first(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
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
    /// What every topic begins with that it matches: the one topic, the one above them, or the text before `*`. Null
    /// for `*` alone.
    #[must_use]
    pub fn start(&self) -> Option<&Topic> {
        match self {
            Self::Exact(topic) | Self::Prefix(Some(topic)) | Self::Stem(topic) => Some(topic),
            Self::Prefix(None) => None,
        }
    }

    /// Whether `topic` is one of those asked for.
    #[must_use]
    pub fn matches(&self, topic: &Topic) -> bool {
        let behind = |start: &Topic| topic.0.strip_prefix(start.as_str());
        match self {
            Self::Exact(exact) => exact == topic,
            Self::Prefix(None) => !topic.must_be_named(),
            Self::Prefix(Some(prefix)) => {
                behind(prefix).is_some_and(|rest| rest.len() > 1 && rest.starts_with('/'))
            }
            Self::Stem(stem) => behind(stem).is_some_and(|rest| !rest.is_empty()),
        }
    }

    /// Whether `self` matches every topic that `other` matches.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (_, Self::Exact(topic)) => self.matches(topic),
            (Self::Exact(_), _) => false,
            (Self::Prefix(None), Self::Prefix(None)) => true,
            (_, Self::Prefix(None)) => false,
            // What begins as a topic does, has its first segment: a stem that is one segment ends in `~`, as no
            // topic does that must be named.
            (Self::Prefix(None), Self::Prefix(Some(start)) | Self::Stem(start)) => {
                !start.must_be_named()
            }
            // What lies below a topic is covered by what lies below the same one, or one above it.
            (Self::Prefix(Some(own)), Self::Prefix(Some(start))) => {
                own == start || self.matches(start)
            }
            (Self::Prefix(Some(_)), Self::Stem(start)) => self.matches(start),
            (Self::Stem(own), Self::Prefix(Some(start)) | Self::Stem(start)) => {
                start.0.starts_with(own.as_str())
            }
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(topic) => topic.fmt(f),
            Self::Prefix(None) => f.write_str("*"),
            Self::Prefix(Some(prefix)) => write!(f, "{prefix}/*"),
            Self::Stem(stem) => write!(f, "{stem}*"),
        }
    }
}

impl FromStr for Selector {
    type Err = InvalidTopic;

    fn from_str(text: &str) -> Result<Self, InvalidTopic> {
        if text.len() > MAX_TOPIC_BYTES {
            return Err(InvalidTopic::TooLong);
        }
        if text == "*" {
            return Ok(Self::Prefix(None));
        }
        match text.strip_suffix('*') {
            None => text.parse().map(Self::Exact),
            Some(stem) if stem.ends_with('~') => stem.parse().map(Self::Stem),
            Some(above) => match above.strip_suffix('/') {
                Some(prefix) => prefix.parse().map(|topic| Self::Prefix(Some(topic))),
                None => Err(text.parse::<Topic>().err().unwrap_or(InvalidTopic::Character('*'))),
            },
        }
    }
}

/// The machine a topic's metrics are of (`metrics/{host}`); null for any other topic.
#[must_use]
pub fn metrics_host(topic: &str) -> Option<&str> {
    topic.strip_prefix(METRICS)?.strip_prefix('/')
}

/// The job a topic is of (`jobs/{id}`); null for any other topic.
#[must_use]
pub fn job_id(topic: &str) -> Option<&str> {
    topic.strip_prefix(JOBS)?.strip_prefix('/')
}

/// As [`Topic::is_latest_wins`], of a topic that was not parsed.
#[must_use]
pub fn is_latest_wins(topic: &str) -> bool {
    metrics_host(topic).or(job_id(topic)).is_some()
}

fn is_topic_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | ':')
}
