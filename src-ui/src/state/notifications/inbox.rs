//! The inbox as the server has it, as far as this page has heard.
//!
//! A page of it is true of one version; events tell what later versions changed, and may come late, twice or before the
//! page does. So the newest changes are remembered, and made again to whatever comes after them.

use std::collections::VecDeque;
use std::rc::Rc;

use tidings_protocol::notification::{self as wire, InboxChange, Notification, Unread};

/// Most notifications that are held while nobody reads them.
pub const HELD: usize = 500;

/// Most that are held at all, however far somebody reads on.
pub const MOST: usize = 2_000;

/// Most changes that are remembered.
const MOST_CHANGES: usize = 200;

/// Notifications of the reader, the newest first.
#[derive(Clone, Debug, Default)]
pub struct Inbox {
    rows: Vec<Rc<Notification>>,
    unread: u64,
    version: u64,
    /// What the server said to ask for as `before`, and nothing that could be made of a row; null where nothing older is
    /// there.
    next: Option<String>,
    /// Whether older ones were let go of: there is nothing to ask for them by until the newest page came anew.
    is_torn: bool,
    /// Version of the newest page, which names all that there were; null before the first.
    complete_to: Option<u64>,
    /// The newest changes and when each was told, by the server's clock; oldest first.
    changes: VecDeque<(InboxChange, u64)>,
}

/// A notification as it was when the server was asked to change it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its id.
    pub id: String,
    /// Its version: a later one of the same id took its place.
    pub version: u64,
    /// Version of the inbox then.
    pub at: u64,
}

impl Asked {
    fn is_of(&self, row: &Notification) -> bool {
        row.id == self.id && row.version == self.version
    }
}

impl Inbox {
    /// What is held, the newest first.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Rc<Notification>> {
        self.rows.iter()
    }

    /// The one of that id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Rc<Notification>> {
        self.rows.iter().find(|row| row.id == id)
    }

    /// How many are unread, those that are not held included.
    #[must_use]
    pub fn unread(&self) -> u64 {
        self.unread
    }

    /// The greatest version heard of.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Whether a page of it came.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.complete_to.is_some()
    }

    /// Where older ones begin; null where there are none, or no more may be held.
    #[must_use]
    pub fn next(&self) -> Option<&str> {
        self.next.as_deref().filter(|_| self.rows.len() < MOST)
    }

    /// Whether older ones are there that may not be held.
    #[must_use]
    pub fn is_full(&self) -> bool {
        (self.next.is_some() || self.is_torn) && self.rows.len() >= MOST
    }

    /// Whether the newest page is to be asked for, because older ones were let go of.
    #[must_use]
    pub fn is_torn(&self) -> bool {
        self.is_torn && !self.is_full()
    }

    /// Takes one that arrived, and holds `most` with it.
    pub fn arrive(&mut self, row: Notification, unread_count: u64, most: usize) {
        self.count(Unread { unread_count, version: row.version });
        let is_old_news = self.complete_to.is_some_and(|complete| row.version <= complete)
            || self.find(&row.id).is_some_and(|held| held.version >= row.version);
        if !is_old_news {
            self.rows.retain(|held| held.id != row.id);
            self.insert(row);
            self.cut(most.min(MOST));
        }
    }

    /// Takes what became of earlier ones; `at` is the time the server told it.
    pub fn change(&mut self, change: InboxChange, at: u64) {
        self.count(Unread { unread_count: change.unread_count, version: change.version });
        apply(&mut self.rows, &change, at);
        self.changes.push_back((change, at));
        if self.changes.len() > MOST_CHANGES {
            self.changes.pop_front();
        }
    }

    /// Takes a count of a greater version than is known.
    pub fn count(&mut self, told: Unread) {
        if told.version > self.version {
            self.version = told.version;
            self.unread = told.unread_count;
        }
    }

    /// Takes a count that was asked for, so that it is true also of the version that is known.
    pub fn recount(&mut self, told: Unread) {
        if told.version >= self.version {
            self.version = told.version;
            self.unread = told.unread_count;
        }
    }

    /// Takes the newest page, which was asked for when the inbox was of version `asked_at`.
    pub fn load(&mut self, page: wire::Inbox, asked_at: u64) {
        if page.version < asked_at {
            // Versions of an inbox only grow: this is another one, of a database that was restored.
            *self = Self::default();
        }
        let came_since = |row: &&Rc<Notification>| row.version > page.version;
        let mut rows: Vec<_> = self.rows.iter().filter(came_since).cloned().collect();
        for row in page.notifications {
            if !rows.iter().any(|newer| newer.id == row.id) {
                rows.push(Rc::new(row));
            }
        }
        self.rows = rows;
        self.next = page.next;
        self.is_torn = false;
        self.complete_to = Some(page.version);
        self.make_changes_since(page.version);
        // Also of the same version: what was confirmed here and told by no event is counted there.
        self.recount(Unread { unread_count: page.unread_count, version: page.version });
    }

    /// Takes the page that was asked for as what comes before `before`.
    pub fn append(&mut self, page: wire::Inbox, before: &str) {
        if self.next.as_deref() != Some(before) {
            return;
        }
        for row in page.notifications {
            let is_older = self.rows.last().is_none_or(|last| row.version < last.version);
            if is_older && self.find(&row.id).is_none() {
                self.rows.push(Rc::new(row));
            }
        }
        self.next = page.next;
        self.make_changes_since(page.version);
        self.count(Unread { unread_count: page.unread_count, version: page.version });
    }

    /// Marks one as read whose mark the server confirmed; whether the count is to be asked for, because nothing else
    /// tells it for sure.
    ///
    /// The count follows at once, and the event that tells it is right whenever it comes; not where a later version
    /// was told first, whose count may have it already.
    pub fn confirm_read(&mut self, asked: &Asked, at: u64) -> bool {
        let is_it = |row: &&mut Rc<Notification>| asked.is_of(row) && row.read_at.is_none();
        let Some(row) = self.rows.iter_mut().find(is_it) else { return false };
        Rc::make_mut(row).read_at = Some(at);
        self.one_unread_less(asked)
    }

    /// Marks all of `version` and below as read, which the server confirmed and counted.
    pub fn confirm_read_up_to(&mut self, version: u64, at: u64, told: Unread) {
        let change = InboxChange { version, read_up_to: Some(version), ..InboxChange::default() };
        apply(&mut self.rows, &change, at);
        self.count(told);
    }

    /// Removes one whose removal the server confirmed; whether the count is to be asked for, as when one is read.
    pub fn confirm_removed(&mut self, asked: &Asked) -> bool {
        let Some(at) = self.rows.iter().position(|row| asked.is_of(row)) else { return false };
        let was_unread = self.rows.remove(at).read_at.is_none();
        was_unread && self.one_unread_less(asked)
    }

    /// Counts one less, where nothing was told since that may have counted so; whether something was.
    fn one_unread_less(&mut self, asked: &Asked) -> bool {
        let is_overtaken = self.version != asked.at;
        if !is_overtaken {
            self.unread = self.unread.saturating_sub(1);
        }
        is_overtaken
    }

    /// Lets go of what was held for a reader of older ones.
    pub fn settle(&mut self) {
        self.cut(HELD);
    }

    /// Adds one where it belongs, as later changes left it; not where pages that are still to come will bring it.
    fn insert(&mut self, row: Notification) {
        let at = self.rows.partition_point(|held| held.version > row.version);
        if at == self.rows.len() && (self.next.is_some() || self.is_torn) {
            return;
        }
        let mut row = vec![Rc::new(row)];
        let version = row[0].version;
        for (change, at) in self.changes.iter().filter(|(change, _)| change.version > version) {
            apply(&mut row, change, *at);
        }
        self.rows.splice(at..at, row);
    }

    fn make_changes_since(&mut self, version: u64) {
        for (change, at) in self.changes.iter().filter(|(change, _)| change.version > version) {
            apply(&mut self.rows, change, *at);
        }
    }

    fn cut(&mut self, most: usize) {
        if self.rows.len() > most {
            self.rows.truncate(most);
            self.next = None;
            self.is_torn = true;
        }
    }
}

/// A change says nothing of a row that came after it, or took its place.
fn apply(rows: &mut Vec<Rc<Notification>>, change: &InboxChange, at: u64) {
    rows.retain(|row| row.version > change.version || !change.removed.contains(&row.id));
    for row in rows.iter_mut().filter(|row| row.read_at.is_none()) {
        let is_named = row.version < change.version && change.read.contains(&row.id);
        if is_named || change.read_up_to.is_some_and(|up_to| row.version <= up_to) {
            Rc::make_mut(row).read_at = Some(at);
        }
    }
}

#[cfg(test)]
pub(in crate::state) mod tests;
