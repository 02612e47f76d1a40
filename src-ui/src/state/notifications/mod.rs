//! Notifications: the inbox as the server has it, what the reader just did to it, and what was told already.
//!
//! - [`inbox`]: pages and events made one.
//! - [`marks`]: what is shown before the server confirms it.
//! - [`filter`]: which of them a reader wants to see.
//! - [`link`]: where one may lead.
//! - [`told`]: which became a toast.

pub mod filter;
pub mod inbox;
pub mod link;
pub mod marks;
pub mod told;

use std::rc::Rc;

use tidings_protocol::notification::{self as wire, InboxChange, Notification, Unread};

use super::freshness::List;
use super::request_error::RequestError;
use crate::text::text;
use inbox::{Asked, Inbox};
use marks::{Mark, Marked, Marks};
use told::Told;

/// How the newest page stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Load {
    /// It was never asked for.
    #[default]
    Never,
    /// It is on its way.
    Loading {
        /// Version of the inbox when it was asked for.
        asked_at: u64,
        /// Whether something happened since that needs another.
        again: bool,
    },
    /// It is here.
    Done,
    /// It did not come, for this reason.
    Failed(RequestError),
}

/// How the older page that was asked for last stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Older {
    /// It is here, or none was asked for.
    #[default]
    Idle,
    /// It is on its way.
    Loading,
    /// It did not come, for this reason.
    Failed(RequestError),
}

/// What was refused, if it was a mark, and why.
pub type Refused = (Option<Mark>, RequestError);

/// All that the page knows of the reader's notifications.
#[derive(Clone, Debug, Default)]
pub struct Notifications {
    inbox: Inbox,
    marks: Marks,
    told: Told,
    user_id: Option<String>,
    /// How the newest page stands.
    pub load: Load,
    /// How the older page stands.
    pub older: Older,
    /// What was refused last; gone with the next mark.
    pub refused: Option<Refused>,
}

impl Notifications {
    /// What the newest page says of the list's freshness. While it is asked for anew, what is there is as good as before.
    #[must_use]
    pub fn list(&self) -> List {
        match self.load {
            Load::Failed(_) => List::Failed,
            Load::Never | Load::Loading { .. } if self.inbox.rows().len() == 0 => List::Waiting,
            _ => List::Here,
        }
    }

    /// What to show, the newest first, each with whether it is unread.
    pub fn shown(&self) -> impl Iterator<Item = (&Rc<Notification>, bool)> {
        let there = self.inbox.rows().filter(|row| !self.marks.removes(row));
        there.map(|row| (row, self.marks.leave_unread(row)))
    }

    /// How many are unread to their reader.
    #[must_use]
    pub fn unread(&self) -> u64 {
        let counts =
            |row: &&Rc<Notification>| self.marks.leave_unread(row) && !self.marks.removes(row);
        let held = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
        if self.marks.mark_all() {
            return held(self.inbox.rows().filter(counts).count());
        }
        let changed = |row: &&Rc<Notification>| row.read_at.is_none() && !counts(row);
        self.inbox.unread().saturating_sub(held(self.inbox.rows().filter(changed).count()))
    }

    /// The inbox as the server has it.
    #[must_use]
    pub fn inbox(&self) -> &Inbox {
        &self.inbox
    }

    /// Takes one that arrived, and holds `most` with it; whether it is the first time that it is heard of.
    pub fn arrive(&mut self, row: Notification, unread_count: u64, most: usize) -> bool {
        self.belong_to(&row.user_id);
        let version = row.version;
        self.inbox.arrive(row, unread_count, most);
        self.told.is_first(version)
    }

    /// Takes what became of earlier ones.
    pub fn change(&mut self, change: InboxChange, at: u64) {
        self.inbox.change(change, at);
    }

    /// Whether to ask for the newest page now; one that is under way is asked for again when it has come.
    pub fn begin_load(&mut self) -> bool {
        let asked_at = self.inbox.version();
        match &mut self.load {
            Load::Loading { again, .. } => {
                *again = true;
                false
            }
            load => {
                *load = Load::Loading { asked_at, again: false };
                true
            }
        }
    }

    /// Takes the newest page. What came while nothing could be heard is in the answer, the oldest first.
    pub fn loaded(&mut self, page: wire::Inbox) -> Vec<Rc<Notification>> {
        let Load::Loading { asked_at, again } = self.load else { return Vec::new() };
        if let Some(newest) = page.notifications.first() {
            self.belong_to(&newest.user_id.clone());
        }
        self.older = Older::Idle;
        let version = page.version;
        let is_other = version < asked_at;
        let is_first = !self.inbox.is_known() || is_other;
        if is_other {
            self.told = Told::default();
        }
        self.inbox.load(page, asked_at);
        // What the other inbox told before this page came was taken for old news.
        self.load = if again || is_other {
            Load::Loading { asked_at: self.inbox.version(), again: false }
        } else {
            Load::Done
        };
        if is_first {
            // What was there before is told by the count alone.
            self.told.all_up_to(version);
            return Vec::new();
        }
        let told = &mut self.told;
        let mut missed: Vec<_> = self.inbox.rows().cloned().collect();
        missed.reverse();
        missed.retain(|row| told.is_first(row.version) && row.read_at.is_none());
        missed
    }

    /// Why the newest page did not come, for people.
    #[must_use]
    pub fn explain_load(error: &RequestError) -> String {
        error.explain_list(text().inbox.too_old)
    }

    /// The newest page did not come.
    pub fn load_failed(&mut self, why: RequestError) {
        self.load = Load::Failed(why);
    }

    /// What was refused, and why, for people; none if nothing was.
    #[must_use]
    pub fn explain_refused(&self) -> Option<String> {
        let (mark, why) = self.refused.as_ref()?;
        let why = why.explain();
        Some(mark.as_ref().map_or_else(|| why.clone(), |mark| [mark.failure(), &*why].join(" ")))
    }

    /// Whether the newest page is on its way, or is to be asked for once more.
    #[must_use]
    pub fn is_loading(&self) -> bool {
        matches!(self.load, Load::Loading { .. })
    }

    /// Whether older ones can be asked for now.
    #[must_use]
    pub fn has_older(&self) -> bool {
        self.inbox.next().is_some() && self.older != Older::Loading
    }

    /// What to ask for as `before` to read on; null where nothing is to be asked for now.
    pub fn begin_older(&mut self) -> Option<String> {
        let next = self.inbox.next().filter(|_| self.has_older())?.to_owned();
        self.older = Older::Loading;
        Some(next)
    }

    /// Takes what comes before `before`, or why it did not come.
    pub fn older_loaded(&mut self, before: &str, page: Result<wire::Inbox, RequestError>) {
        self.older = match page {
            Ok(page) => {
                self.told.all_up_to(page.notifications.first().map_or(0, |row| row.version));
                self.inbox.append(page, before);
                Older::Idle
            }
            Err(why) => Older::Failed(why),
        };
    }

    /// Shows a mark before the server confirms it; false if there is nothing to ask of the server.
    pub fn begin_mark(&mut self, mark: &Mark) -> bool {
        self.refused = None;
        let row = match mark {
            Mark::Read(id) => self.inbox.find(id).filter(|row| self.marks.leave_unread(row)),
            Mark::Remove(id) => self.inbox.find(id),
            Mark::ReadAll(_) => return self.marks.begin(mark, None),
        };
        let Some(row) = row else { return false };
        let at = self.inbox.version();
        self.marks.begin(mark, Some(Asked { id: row.id.clone(), version: row.version, at }))
    }

    /// The mark for all that are there; null where there is none.
    #[must_use]
    pub fn mark_of_all(&self) -> Option<Mark> {
        Some(Mark::ReadAll(self.inbox.rows().next()?.version))
    }

    /// Takes the server's answer to a mark; `at` is the time, for what has none yet. Whether the count is to be asked
    /// for, because nothing else tells it for sure.
    pub fn marked(&mut self, mark: &Mark, answer: Marked, at: u64) -> bool {
        let asked = self.marks.end(mark);
        match (mark, answer, asked) {
            (_, Marked::Failed(why), _) => {
                self.refused = Some((Some(mark.clone()), why));
                false
            }
            (Mark::ReadAll(version), Marked::Counted(told), _) => {
                self.inbox.confirm_read_up_to(*version, at, told);
                false
            }
            (Mark::Read(_), Marked::Gone, Some(asked)) | (Mark::Remove(_), _, Some(asked)) => {
                self.inbox.confirm_removed(&asked)
            }
            (Mark::Read(_), _, Some(asked)) => self.inbox.confirm_read(&asked, at),
            _ => false,
        }
    }

    /// Takes a count that was asked for.
    pub fn recount(&mut self, told: Unread) {
        self.inbox.recount(told);
    }

    /// Lets go of what was held for a reader of older ones.
    pub fn settle(&mut self) {
        self.inbox.settle();
        self.refused = None;
    }

    /// Another user signed in, in another tab: nothing of the one before is for them.
    fn belong_to(&mut self, user_id: &str) {
        if self.user_id.as_deref().is_some_and(|held| held != user_id) {
            *self = Self { load: self.load.clone(), ..Self::default() };
        }
        self.user_id = Some(user_id.to_owned());
    }
}

#[cfg(test)]
mod tests;
