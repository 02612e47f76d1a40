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
            self.polite.text.clear();
            self.urgent.text.clear();
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
mod tests {
    use super::super::notifications::inbox::tests::row;
    use super::*;

    const LIVE: Duration = Duration::ZERO;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn one(id: &str, level: Level) -> Rc<Notification> {
        Rc::new(Notification { level, ..row(id, 1) })
    }

    fn of(id: &str, source: &str) -> Rc<Notification> {
        Rc::new(Notification { source: Some(source.to_owned()), ..row(id, 1) })
    }

    fn titles(toasts: &Toasts) -> Vec<(String, u64)> {
        let list = toasts.list().iter();
        list.map(|toast| (toast.newest().unwrap().id.clone(), toast.more())).collect()
    }

    #[test]
    fn a_toast_goes_after_its_time_and_an_error_stays() {
        let mut toasts = Toasts::default();
        toasts.show(&one("a", Level::Info), LIVE, at(0));
        toasts.show(&one("b", Level::Error), LIVE, at(1));
        assert_eq!(toasts.next_due(), Some(at(6)));
        toasts.tick(at(5));
        assert_eq!(toasts.list().len(), 2);
        toasts.tick(at(6));
        assert_eq!(titles(&toasts), [("b".to_owned(), 0)]);
        assert_eq!(toasts.next_due(), None);
        toasts.tick(at(10_000));
        assert_eq!(toasts.list().len(), 1);
        toasts.dismiss(toasts.list()[0].key, at(10_000));
        assert!(toasts.list().is_empty());
    }

    #[test]
    fn time_stands_still_while_anything_holds_them() {
        let mut toasts = Toasts::default();
        toasts.show(&one("a", Level::Info), LIVE, at(0));
        toasts.hold(Hold::Pointer, true, at(4));
        toasts.hold(Hold::Hidden, true, at(5));
        toasts.hold(Hold::Pointer, false, at(6));
        assert_eq!(toasts.next_due(), None, "nobody sees the page");
        toasts.tick(at(1_000));
        toasts.hold(Hold::Hidden, false, at(1_000));
        assert_eq!(toasts.next_due(), Some(at(1_002)));
        toasts.tick(at(1_002));
        assert!(toasts.list().is_empty());
    }

    #[test]
    fn what_comes_within_ten_seconds_of_its_like_joins_it() {
        let mut toasts = Toasts::default();
        toasts.hold(Hold::Hidden, true, at(0));
        toasts.show(&of("a", "ci"), LIVE, at(0));
        toasts.show(&of("b", "ci"), LIVE, at(9));
        toasts.show(&of("c", "ci"), LIVE, at(19));
        toasts.show(&of("d", "backup"), LIVE, at(19));
        assert_eq!(titles(&toasts), [("c".to_owned(), 2), ("d".to_owned(), 0)]);
        toasts.show(&of("e", "ci"), LIVE, at(30));
        assert_eq!(toasts.list().len(), 3, "that was too long ago");
    }

    #[test]
    fn the_same_title_joins_too_and_the_worst_level_counts() {
        let titled = |id, level| {
            let title = "Build failed".to_owned();
            Rc::new(Notification { title, level, ..row(id, 1) })
        };
        let mut toasts = Toasts::default();
        toasts.show(&titled("a", Level::Error), LIVE, at(0));
        toasts.show(&titled("b", Level::Info), LIVE, at(1));
        assert_eq!(titles(&toasts), [("b".to_owned(), 1)]);
        assert_eq!(toasts.list()[0].level, Level::Error);
        assert_eq!(toasts.next_due(), None, "something went wrong among them");
    }

    #[test]
    fn at_most_four_are_there_and_only_an_error_takes_anothers_place() {
        let mut toasts = Toasts::default();
        for id in ["a", "b", "c", "d", "e"] {
            toasts.show(&one(id, Level::Info), LIVE, at(0));
        }
        let ids =
            |toasts: &Toasts| titles(toasts).into_iter().map(|(id, _)| id).collect::<String>();
        assert_eq!((&*ids(&toasts), toasts.beyond()), ("abcd", 1));
        toasts.show(&one("x", Level::Error), LIVE, at(0));
        assert_eq!((&*ids(&toasts), toasts.beyond()), ("bcdx", 2));
        toasts.tick(at(60));
        assert_eq!((&*ids(&toasts), toasts.beyond()), ("x", 2));
        toasts.dismiss(toasts.list()[0].key, at(60));
        assert_eq!(toasts.beyond(), 0);
    }

    #[test]
    fn what_came_while_the_connection_was_away_is_one_toast() {
        let mut toasts = Toasts::default();
        for id in ["a", "b", "c", "d", "e", "f"] {
            toasts.show(&one(id, Level::Warning), at(300), at(1));
        }
        toasts.show(&one("g", Level::Info), LIVE, at(1));
        assert_eq!(titles(&toasts), [("f".to_owned(), 5), ("g".to_owned(), 0)]);
        assert!(toasts.list()[0].away);
    }

    #[test]
    fn one_that_is_replaced_stays_one_toast_and_takes_the_new_level() {
        let mut toasts = Toasts::default();
        toasts.show(&one("a", Level::Error), LIVE, at(0));
        toasts.show(&one("b", Level::Info), LIVE, at(0));
        let better = Rc::new(Notification { title: "Better".into(), ..row("a", 3) });
        toasts.show(&better, LIVE, at(2));
        assert_eq!(titles(&toasts), [("a".to_owned(), 0), ("b".to_owned(), 0)]);
        assert_eq!(toasts.list()[0].newest().unwrap().title, "Better");
        assert_eq!(toasts.next_due(), Some(at(6)));
        toasts.tick(at(8));
        assert!(toasts.list().is_empty(), "nothing is wrong any more");
    }

    #[test]
    fn what_is_read_elsewhere_goes_here() {
        let mut toasts = Toasts::default();
        toasts.show(&of("a", "ci"), LIVE, at(0));
        toasts.show(&of("b", "ci"), LIVE, at(0));
        toasts.show(&one("c", Level::Error), LIVE, at(0));
        let read = |id: &str| InboxChange {
            version: 2,
            read: vec![id.to_owned()],
            ..InboxChange::default()
        };
        toasts.change(&read("b"));
        assert_eq!(titles(&toasts), [("a".to_owned(), 0), ("c".to_owned(), 0)]);
        toasts.change(&InboxChange { version: 2, read_up_to: Some(1), ..InboxChange::default() });
        assert!(toasts.list().is_empty());
    }

    #[test]
    fn each_toast_is_said_once_and_an_error_may_interrupt() {
        let mut toasts = Toasts::default();
        toasts.show(&of("a", "ci"), LIVE, at(0));
        let said = toasts.polite().clone();
        assert_eq!((said.number, &*said.text), (1, "Info: Title a. "));
        toasts.show(&of("b", "ci"), LIVE, at(1));
        toasts.tick(at(2));
        assert_eq!(*toasts.polite(), said, "one that joins is not said");
        toasts.show(&one("c", Level::Error), LIVE, at(2));
        toasts.show(&one("d", Level::Info), LIVE, at(2));
        assert_eq!(toasts.urgent().text, "Error: Title c. ", "what came with it does not hide it");
        assert_eq!(toasts.polite().text, "Info: Title d. ");
    }

    #[test]
    fn the_same_words_are_another_announcement() {
        let mut toasts = Toasts::default();
        toasts.show(&one("a", Level::Info), LIVE, at(0));
        let said = toasts.polite().clone();
        toasts.tick(at(7));
        assert_eq!(toasts.polite().text, "", "it is gone, and not to be come upon");
        toasts.show(&one("a", Level::Info), LIVE, at(8));
        assert_eq!(toasts.polite().text, said.text);
        assert_ne!(toasts.polite().number, said.number);
    }

    #[test]
    fn one_that_is_replaced_is_said_where_it_went_wrong_again() {
        let mut toasts = Toasts::default();
        toasts.show(&one("a", Level::Success), LIVE, at(0));
        toasts.show(&Rc::new(Notification { level: Level::Error, ..row("a", 2) }), LIVE, at(1));
        assert_eq!((toasts.urgent().number, &*toasts.urgent().text), (1, "Error: Title a. "));
        toasts.show(&Rc::new(Notification { level: Level::Error, ..row("a", 3) }), LIVE, at(2));
        assert_eq!(toasts.urgent().number, 1, "it is as wrong as it was");
    }

    #[test]
    fn a_toast_that_goes_with_the_focus_does_not_hold_the_others() {
        let read = InboxChange { version: 2, read: vec!["a".to_owned()], ..InboxChange::default() };
        let go: [&dyn Fn(&mut Toasts); 3] = [
            &|toasts| toasts.change(&read),
            &|toasts| toasts.show(&one("x", Level::Error), LIVE, at(1)),
            &|toasts| toasts.dismiss(toasts.list()[0].key, at(1)),
        ];
        for go in go {
            let mut toasts = Toasts::default();
            for id in ["a", "b", "c", "d"] {
                toasts.show(&one(id, Level::Info), LIVE, at(0));
            }
            toasts.hold(Hold::Focus, true, at(0));
            go(&mut toasts);
            assert!(!toasts.are_held());
        }
        let mut toasts = Toasts::default();
        toasts.show(&one("b", Level::Info), LIVE, at(0));
        toasts.hold(Hold::Focus, true, at(0));
        toasts.change(&read);
        assert!(toasts.are_held(), "none went");
    }

    #[test]
    fn the_last_toast_takes_what_holds_them_along() {
        let mut toasts = Toasts::default();
        toasts.show(&one("a", Level::Error), LIVE, at(0));
        toasts.hold(Hold::Pointer, true, at(0));
        toasts.hold(Hold::Focus, true, at(0));
        toasts.dismiss(toasts.list()[0].key, at(1));
        assert!(!toasts.are_held());
    }
}
