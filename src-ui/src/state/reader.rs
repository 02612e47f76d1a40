//! Whoever reads notifications: the inbox, the toasts, and what becomes one.

use std::rc::Rc;
use std::time::Duration;

use tidings_protocol::notification::{self as wire, InboxChange, Notification};

use super::notifications::Notifications;
use super::notifications::inbox::{HELD, MOST};
use super::notifications::marks::{Mark, Marked};
use super::settings::Settings;
use super::toasts::Toasts;

/// A reader of notifications.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// What there is to read.
    pub notifications: Rc<Notifications>,
    /// What just came.
    pub toasts: Rc<Toasts>,
    /// What the reader wants to be told.
    pub settings: Rc<Settings>,
    /// Whether the inbox is open; what comes then needs no toast.
    pub is_open: bool,
    /// How often all was forgotten: an answer to what was asked before that is not for this reader.
    pub session: u64,
}

impl Reader {
    /// Takes a notification that was `age` old when it arrived, by the server's clock, and how many are unread with it.
    pub fn notified(&mut self, row: Notification, unread: u64, age: Duration, now: Duration) {
        let most = if self.is_open { MOST } else { HELD };
        let (id, version) = (row.id.clone(), row.version);
        let is_new = Rc::make_mut(&mut self.notifications).arrive(row, unread, most);
        // As later changes left it, which several servers may tell first: what is read, removed or replaced is no news.
        let held = self.notifications.inbox().find(&id).filter(|held| held.version == version);
        // The page was opened at zero: what is older was there to be seen by then.
        if is_new
            && age <= now
            && let Some(held) = held.cloned()
        {
            self.tell(&held, age, now);
        }
    }

    /// Takes what became of earlier ones; `at` is the time by the server's clock.
    pub fn changed(&mut self, change: InboxChange, at: u64) {
        Rc::make_mut(&mut self.toasts).change(&change);
        Rc::make_mut(&mut self.notifications).change(change, at);
    }

    /// Forgets what was for one user alone, and keeps what was chosen in this browser.
    pub fn forget(&mut self) {
        self.session += 1;
        self.notifications = Rc::default();
        Rc::make_mut(&mut self.toasts).clear();
    }

    /// Takes the newest page.
    pub fn loaded(&mut self, page: wire::Inbox, now: Duration) {
        for row in Rc::make_mut(&mut self.notifications).loaded(page) {
            self.tell(&row, Duration::MAX, now);
        }
    }

    /// Shows a mark before the server confirms it; false if there is nothing to ask of the server.
    pub fn begin_mark(&mut self, mark: &Mark) -> bool {
        Rc::make_mut(&mut self.notifications).begin_mark(mark)
    }

    /// Takes the server's answer to a mark; `at` is the time, for what has none yet. Whether the count is to be asked
    /// for.
    pub fn marked(&mut self, mark: &Mark, answer: Marked, at: u64) -> bool {
        Rc::make_mut(&mut self.notifications).marked(mark, answer, at)
    }

    /// The inbox is opened or closed.
    pub fn open(&mut self, is_open: bool) {
        self.is_open = is_open;
        if is_open {
            Rc::make_mut(&mut self.toasts).clear();
        } else {
            Rc::make_mut(&mut self.notifications).settle();
        }
    }

    fn tell(&mut self, row: &Rc<Notification>, age: Duration, now: Duration) {
        if !self.is_open && row.read_at.is_none() && self.settings.toasts(row.level) {
            Rc::make_mut(&mut self.toasts).show(row, age, now);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::notifications::inbox::tests::{page, row};
    use super::*;
    use tidings_protocol::notification::Level;

    const NOW: Duration = Duration::from_secs(100);
    const LIVE: Duration = Duration::ZERO;

    fn reader() -> Reader {
        let mut reader = Reader::default();
        Rc::make_mut(&mut reader.notifications).begin_load();
        reader.loaded(page(1, 1, &[("a", 1)]), NOW);
        reader
    }

    impl Reader {
        fn hears(&mut self, id: &str, version: u64, age: Duration) {
            self.notified(row(id, version), version, age, NOW);
        }
    }

    fn toasts(reader: &Reader) -> Vec<&str> {
        reader.toasts.list().iter().map(|toast| &*toast.newest().unwrap().id).collect()
    }

    #[test]
    fn what_comes_while_the_page_is_open_becomes_a_toast_once() {
        let mut reader = reader();
        assert!(toasts(&reader).is_empty(), "the page of the start is no news");
        reader.hears("b", 2, LIVE);
        reader.hears("b", 2, LIVE);
        assert_eq!(toasts(&reader), ["b"]);
        assert_eq!(reader.notifications.unread(), 2);
    }

    #[test]
    fn what_came_before_the_page_was_opened_is_counted_only() {
        let mut reader = reader();
        reader.hears("b", 2, NOW + Duration::from_secs(1));
        assert!(toasts(&reader).is_empty());
        assert_eq!(reader.notifications.unread(), 2);
    }

    #[test]
    fn what_an_event_was_lost_of_becomes_a_toast_all_the_same() {
        let mut reader = reader();
        Rc::make_mut(&mut reader.notifications).begin_load();
        reader.loaded(page(3, 3, &[("c", 3), ("b", 2), ("a", 1)]), NOW);
        assert_eq!(toasts(&reader), ["c"]);
        assert_eq!(reader.toasts.list()[0].more(), 1);
        reader.hears("c", 3, LIVE);
        assert_eq!(reader.toasts.list()[0].more(), 1, "it was told");
    }

    #[test]
    fn an_open_inbox_and_levels_that_are_off_make_no_toasts() {
        let mut reader = reader();
        reader.hears("b", 2, LIVE);
        reader.open(true);
        reader.hears("c", 3, LIVE);
        assert!(toasts(&reader).is_empty());
        reader.open(false);
        reader.settings = Rc::new(reader.settings.with_toasts_toggled(Level::Info));
        reader.hears("d", 4, LIVE);
        assert!(toasts(&reader).is_empty());
        assert_eq!(reader.notifications.unread(), 4);
    }

    #[test]
    fn what_is_told_behind_its_own_end_becomes_no_toast() {
        let of = |change: InboxChange| InboxChange { unread_count: 1, version: 8, ..change };
        let b = || vec!["b".to_owned()];
        for end in [
            InboxChange { read: b(), ..InboxChange::default() },
            InboxChange { read_up_to: Some(7), ..InboxChange::default() },
            InboxChange { removed: b(), ..InboxChange::default() },
        ] {
            let mut reader = reader();
            reader.changed(of(end.clone()), 9);
            reader.hears("b", 7, LIVE);
            assert!(toasts(&reader).is_empty(), "{end:?}");
            assert_eq!(reader.notifications.unread(), 1);
        }
    }

    #[test]
    fn a_replacement_that_is_told_first_is_not_covered_by_what_it_replaced() {
        let mut reader = reader();
        let title = "Better".to_owned();
        reader.notified(Notification { title, ..row("b", 8) }, 2, LIVE, NOW);
        reader.hears("b", 7, LIVE);
        assert_eq!(toasts(&reader), ["b"]);
        assert_eq!(reader.toasts.list()[0].newest().unwrap().title, "Better");
    }

    #[test]
    fn what_is_read_in_another_browser_needs_no_toast_here() {
        let mut reader = reader();
        reader.hears("b", 2, LIVE);
        let read = vec!["b".to_owned()];
        let change = InboxChange { unread_count: 1, version: 3, read, ..InboxChange::default() };
        reader.changed(change, 9);
        assert!(toasts(&reader).is_empty());
        assert_eq!(reader.notifications.unread(), 1);
    }
}
