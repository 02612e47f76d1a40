//! What a token may do.

use std::fmt;
use std::str::FromStr;

use crate::topic::{InvalidTopic, Selector};

/// One thing a token may do: `read:` or `publish:`, and on which topics.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// What may be done.
    pub access: Access,
    /// On which topics.
    pub topics: Selector,
}

/// What may be done with a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Subscribe to it.
    Read,
    /// Publish to it.
    Publish,
}

/// Text that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidScope {
    /// It begins with neither `read:` nor `publish:`.
    Access,
    /// What follows is no selector.
    Topics(InvalidTopic),
}

impl fmt::Display for InvalidScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access => {
                f.write_str("a scope begins with read: or publish:, as in publish:app/*")
            }
            Self::Topics(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidScope {}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let access = match self.access {
            Access::Read => "read",
            Access::Publish => "publish",
        };
        write!(f, "{access}:{}", self.topics)
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        let (access, topics) = text.split_once(':').ok_or(InvalidScope::Access)?;
        let access = match access {
            "read" => Access::Read,
            "publish" => Access::Publish,
            _ => return Err(InvalidScope::Access),
        };
        let topics = topics.parse().map_err(InvalidScope::Topics)?;
        Ok(Self { access, topics })
    }
}
