//! Toasts: what just came, for a moment and in a corner. What a toast leaves out stands in the inbox.

mod toast;

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::notification::{InboxChange, Level, Notification};

pub use toast::{GROUP_WITHIN, Toast, name};

/// Most toasts at once.
pub const MOST: usize = 4;

/// What is older on arrival came while the connection was away.
const AWAY: Duration = Duration::from_secs(3);

/// What keeps toasts from running out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hold {
    /// The pointer is over them.
    Pointer,
    /// The focus is in one.
    Focus,
    /// Nobody sees the page.
    Hidden,
}

/// What a screen reader is to say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Announcement {
    /// Grows with each.
    pub number: u64,
    /// The words; empty if there is nothing to say any more.
    pub text: String,
}

/// The toasts on the page, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Toasts {
    list: Vec<Toast>,
    /// Notifications there was no place for.
    beyond: u64,
    next_key: u64,
    holds: Vec<Hold>,
    /// Until when time was taken off, by the monotonic clock.
    settled: Duration,
    polite: Announcement,
    urgent: Announcement,
}

impl Toasts {
    /// All of them, oldest first.
    #[must_use]
    pub fn list(&self) -> &[Toast] {
        &self.list
    }

    /// Notifications there was no place for, since there last was none at all.
    #[must_use]
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// What a screen reader is to say in its turn.
    #[must_use]
    pub fn polite(&self) -> &Announcement {
        &self.polite
    }

    /// What it is to say at once. Apart from the other, which would take its words away before they are said.
    #[must_use]
    pub fn urgent(&self) -> &Announcement {
        &self.urgent
    }

    /// Whether time stands still for them.
    #[must_use]
    pub fn are_held(&self) -> bool {
        !self.holds.is_empty()
    }

    /// Shows a notification that was `age` old when it arrived.
    pub fn show(&mut self, row: &Rc<Notification>, age: Duration, now: Duration) {
        self.settle(now);
        let away = age >= AWAY;
        if let Some(at) = self.list.iter().position(|t| t.members.iter().any(|m| m.id == row.id)) {
            // It was replaced: one that tells how far something is stays one toast.
            let was = self.list[at].level;
            self.list[at].replace(row.clone(), now);
            if was < Level::Error && row.level == Level::Error {
                self.announce(row);
            }
            return;
        }
        if row.update {
            return;
        }
        if let Some(toast) = self.list.iter_mut().find(|t| t.belongs_with(row, away, now)) {
            let was = toast.level;
            toast.join(row.clone(), now);
            // Of those that join only the first that went wrong is said aloud.
            if was < Level::Error && row.level == Level::Error {
                self.announce(row);
            }
            return;
        }
        if self.list.len() >= MOST && !self.make_room(row.level) {
            self.beyond += 1;
            return;
        }
        self.list.push(Toast::new(self.next_key, row.clone(), away, now));
        self.next_key += 1;
        self.announce(row);
    }

    /// Takes one away on request.
    pub fn dismiss(&mut self, key: u64, now: Duration) {
        self.settle(now);
        self.list.retain(|toast| toast.key != key);
        self.lose_focus();
        self.tidy();
    }

    /// Takes all away: the reader sees the inbox.
    pub fn clear(&mut self) {
        self.list.clear();
        self.tidy();
    }

    /// Takes away what was read or removed elsewhere.
    pub fn change(&mut self, change: &InboxChange) {
        let is_over = |row: &Rc<Notification>| {
            let is_named = change.read.contains(&row.id) || change.removed.contains(&row.id);
            is_named && row.version < change.version
                || change.read_up_to.is_some_and(|up_to| row.version <= up_to)
        };
        let before = self.list.len();
        self.list.retain_mut(|toast| {
            toast.members.retain(|row| !is_over(row));
            !toast.members.is_empty()
        });
        if self.list.len() < before {
            self.lose_focus();
        }
        self.tidy();
    }

    /// Leaves nothing to be read out.
    pub fn hush(&mut self) {
        self.polite.text.clear();
        self.urgent.text.clear();
    }

    /// Time stands still for the toasts, or goes on.
    pub fn hold(&mut self, hold: Hold, on: bool, now: Duration) {
        self.settle(now);
        self.holds.retain(|other| *other != hold);
        if on {
            self.holds.push(hold);
        }
    }

    /// Takes away what has run out.
    pub fn tick(&mut self, now: Duration) {
        self.settle(now);
        self.list.retain(|toast| toast.left != Some(Duration::ZERO));
        self.tidy();
    }

    /// When the next runs out; null if none does.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        let left = self.list.iter().filter_map(|toast| toast.left).min();
        left.filter(|_| !self.are_held()).map(|left| self.settled + left)
    }

    /// Takes off the time that has passed.
    fn settle(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.settled);
        if !self.are_held() {
            for left in self.list.iter_mut().filter_map(|toast| toast.left.as_mut()) {
                *left = left.saturating_sub(passed);
            }
        }
        self.settled = self.settled.max(now);
    }

    /// Only what went wrong takes another's place; the others wait in the inbox, so that a flood stands still.
    fn make_room(&mut self, level: Level) -> bool {
        let lesser = self.list.iter().position(|toast| toast.level < Level::Error);
        let Some(at) = lesser.filter(|_| level == Level::Error) else { return false };
        let toast = self.list.remove(at);
        self.lose_focus();
        self.beyond += 1 + toast.more();
        true
    }

    /// The focus may have been in a toast that went, and nothing tells: they would stand still for ever.
    fn lose_focus(&mut self) {
        self.holds.retain(|hold| *hold != Hold::Focus);
    }

    /// With no toast left nothing holds them, nothing is beyond them, and nothing is there to be read out.
    fn tidy(&mut self) {
        if self.list.is_empty() {
            self.beyond = 0;
            self.holds.retain(|hold| *hold == Hold::Hidden);
            self.hush();
        }
    }

    fn announce(&mut self, row: &Notification) {
        let text = [&*row.title, &*row.message].join(". ");
        let announcement =
            if row.level == Level::Error { &mut self.urgent } else { &mut self.polite };
        announcement.number += 1;
        announcement.text = format!("{}: {}", name(row.level), first(&text, 300));
    }
}

fn first(text: &str, characters: usize) -> &str {
    text.char_indices().nth(characters).map_or(text, |(end, _)| &text[..end])
}

#[cfg(test)]
mod tests;
