//! What a token may do.

use std::fmt;
use std::str::FromStr;

use crate::topic::{InvalidTopic, Selector};

/// One thing a token may do.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `read:…`: subscribe to these topics.
    Read(Selector),
    /// `publish:…`: publish to these topics.
    Publish(Selector),
    /// `notify`: post notifications.
    Notify,
    /// `inbox`: read and mark the notifications of the user it acts for.
    Inbox,
    /// `jobs`: list, see, cancel and report the jobs of the user it acts for.
    Jobs,
    /// `process`: start jobs on the server; of use only beside [`Jobs`](Self::Jobs).
    Process,
    /// `processes`: see every process of the server's machine, command lines too.
    Processes,
}

/// Text that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidScope {
    /// It begins with neither `read:` nor `publish:`, and is none of `notify`, `inbox`, `jobs`, `process` and
    /// `processes`.
    Access,
    /// What follows is no selector.
    Topics(InvalidTopic),
}

impl fmt::Display for InvalidScope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Access => f.write_str(
                "a scope begins with read: or publish:, as in publish:app/*, or is notify, inbox, jobs, process or processes",
            ),
            Self::Topics(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for InvalidScope {}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(topics) => write!(f, "read:{topics}"),
            Self::Publish(topics) => write!(f, "publish:{topics}"),
            Self::Notify => f.write_str("notify"),
            Self::Inbox => f.write_str("inbox"),
            Self::Jobs => f.write_str("jobs"),
            Self::Process => f.write_str("process"),
            Self::Processes => f.write_str("processes"),
        }
    }
}

impl FromStr for Scope {
    type Err = InvalidScope;

    fn from_str(text: &str) -> Result<Self, InvalidScope> {
        match text {
            "notify" => return Ok(Self::Notify),
            "inbox" => return Ok(Self::Inbox),
            "jobs" => return Ok(Self::Jobs),
            "process" => return Ok(Self::Process),
            "processes" => return Ok(Self::Processes),
            _ => {}
        }
        let (access, topics) = text.split_once(':').ok_or(InvalidScope::Access)?;
        let scope = match access {
            "read" => Self::Read,
            "publish" => Self::Publish,
            _ => return Err(InvalidScope::Access),
        };
        topics.parse().map(scope).map_err(InvalidScope::Topics)
    }
}
