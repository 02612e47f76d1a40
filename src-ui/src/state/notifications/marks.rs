//! What a reader did and the server has not confirmed yet: shown at once, and taken back if it is refused.

use tidings_protocol::notification::{Notification, Unread};

use super::inbox::Asked;
use crate::state::request_error::RequestError;
use crate::text::text;

/// One thing a reader does to the inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Marks one as read, by id.
    Read(String),
    /// Removes one, by id.
    Remove(String),
    /// Marks all as read up to the newest that the reader has seen, whose version this is.
    ReadAll(u64),
}

impl Mark {
    /// What was not done, for a message that begins with it.
    #[must_use]
    pub fn failure(&self) -> &'static str {
        let inbox = &text().inbox;
        match self {
            Self::Read(_) => inbox.not_marked,
            Self::Remove(_) => inbox.not_deleted,
            Self::ReadAll(_) => inbox.not_all_marked,
        }
    }
}

/// How the server answered a mark.
#[derive(Clone, Debug)]
pub enum Marked {
    /// It is done.
    Done,
    /// It is done, and so many are unread.
    Counted(Unread),
    /// There is none of that id any more.
    Gone,
    /// It is not done, for this reason.
    Failed(RequestError),
}

/// Marks under way, and how the one that each is about was then; null where it is about all.
#[derive(Clone, Debug, Default)]
pub struct Marks(Vec<(Mark, Option<Asked>)>);

impl Marks {
    /// Notes a mark; false if the same is under way.
    pub fn begin(&mut self, mark: &Mark, asked: Option<Asked>) -> bool {
        let is_new = !self.all().any(|other| other == mark);
        if is_new {
            self.0.push((mark.clone(), asked));
        }
        is_new
    }

    /// Forgets a mark, however it went; how the one that it is about was when it began.
    pub fn end(&mut self, mark: &Mark) -> Option<Asked> {
        let at = self.all().position(|other| other == mark)?;
        self.0.remove(at).1
    }

    fn all(&self) -> impl Iterator<Item = &Mark> {
        self.0.iter().map(|(mark, _)| mark)
    }

    /// Whether the notification is about to be removed.
    #[must_use]
    pub fn removes(&self, row: &Notification) -> bool {
        self.all().any(|mark| matches!(mark, Mark::Remove(id) if *id == row.id))
    }

    /// Whether the notification is unread to its reader.
    #[must_use]
    pub fn leave_unread(&self, row: &Notification) -> bool {
        row.read_at.is_none()
            && !self.all().any(|mark| match mark {
                Mark::Read(id) => *id == row.id,
                Mark::ReadAll(version) => row.version <= *version,
                Mark::Remove(_) => false,
            })
    }

    /// Whether all are being marked; the count then is that of what came since.
    #[must_use]
    pub fn mark_all(&self) -> bool {
        self.all().any(|mark| matches!(mark, Mark::ReadAll(_)))
    }
}
