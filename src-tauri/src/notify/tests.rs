//! What comes up, decided without a clock, a server or a screen.

use std::time::Duration;

use tidings_feed::NoticeSettings;
use tidings_protocol::notification::{Inbox, InboxChange, Level, Notification};

use super::popup::tests::row;
use super::popup::{Popup, Slot};
use super::teller::{Act, Around, Teller};
use super::told::Mark;

/// A teller, and what is around it.
struct Desk {
    teller: Teller,
    now: Duration,
    is_quiet: bool,
    is_attended: bool,
    settings: NoticeSettings,
}

impl Desk {
    /// Started with what was kept of the run before.
    fn started(mark: Option<Mark>) -> Self {
        Self {
            teller: Teller::new(mark),
            now: Duration::from_secs(100),
            is_quiet: false,
            is_attended: false,
            settings: NoticeSettings::default(),
        }
    }

    /// One that has looked at an inbox of version 10, of which nothing is unread.
    fn running() -> Self {
        let mut desk = Self::started(None);
        assert!(desk.looks(10, &[]).is_empty());
        desk
    }

    /// The app goes down and comes back with what it kept.
    fn restarted(&self) -> Self {
        let settings = self.settings.clone();
        Self { is_quiet: self.is_quiet, settings, ..Self::started(self.teller.mark()) }
    }

    fn act(&mut self, act: impl FnOnce(&mut Teller, Around<'_>) -> Vec<Act>) -> Vec<String> {
        let Self { now, is_quiet, is_attended, ref settings, .. } = *self;
        let acts = act(&mut self.teller, Around { now, is_quiet, is_attended, settings });
        let title = |act| match act {
            Act::Show(Popup { title, .. }) => title,
            Act::Close(Slot::Item(id)) => format!("close {id}"),
            Act::Close(Slot::Summary(number)) => format!("close summary {number}"),
            Act::Close(Slot::Hint) => "close what the app said".to_owned(),
        };
        acts.into_iter().map(title).collect()
    }

    fn hears(&mut self, row: Notification) -> Vec<String> {
        self.act(|teller, around| teller.arrive(row, around))
    }

    fn hears_of(&mut self, version: u64) -> Vec<String> {
        self.hears(row(&version.to_string(), version))
    }

    /// The newest page of what is unread.
    fn looks(&mut self, version: u64, unread: &[u64]) -> Vec<String> {
        let rows = unread.iter().rev().map(|version| row(&version.to_string(), *version));
        self.looks_at(version, rows.collect())
    }

    fn looks_at(&mut self, version: u64, notifications: Vec<Notification>) -> Vec<String> {
        let unread_count = notifications.len() as u64;
        let page = Inbox { notifications, unread_count, version, next: None };
        self.act(|teller, around| teller.looked(&page, around))
    }

    fn ticks(&mut self) -> Vec<String> {
        self.act(|teller, around| teller.tick(around))
    }

    fn version(&self) -> u64 {
        self.teller.mark().unwrap().version
    }
}

const NOTHING: [&str; 0] = [];

#[test]
fn what_was_there_before_the_app_ever_ran_is_no_news() {
    let mut desk = Desk::started(None);
    assert!(desk.teller.must_look() && desk.teller.mark().is_none());
    assert_eq!(desk.looks(5, &[1, 2, 3, 4, 5]), NOTHING);
    assert_eq!(desk.version(), 5);
    assert_eq!(desk.hears_of(6), ["Title 6"]);
}

#[test]
fn each_comes_up_once_however_often_it_arrives() {
    let mut desk = Desk::running();
    assert_eq!(desk.hears_of(11), ["Title 11"]);
    assert_eq!(desk.hears_of(11), NOTHING);
    desk.teller.miss();
    assert_eq!(desk.hears_of(11), NOTHING, "a replay");
    assert_eq!(desk.looks(11, &[11]), NOTHING);
    assert_eq!(desk.restarted().looks(11, &[11]), NOTHING);
}

#[test]
fn what_arrives_before_the_look_comes_up_after_it() {
    let mut desk = Desk::started(Some(Mark { version: 10, at: 0, quiet_since: None }));
    assert_eq!(desk.hears_of(12), NOTHING);
    assert_eq!(desk.hears_of(11), NOTHING);
    assert_eq!(desk.looks(11, &[11]), ["Title 11", "Title 12"]);
}

#[test]
fn a_look_that_is_refused_keeps_nothing_back() {
    let mut desk = Desk::started(None);
    assert_eq!(desk.hears_of(12), NOTHING);
    assert_eq!(desk.act(|teller, around| teller.look_failed(around)), ["Title 12"]);
    assert_eq!(desk.hears_of(13), ["Title 13"]);
}

#[test]
fn in_a_window_that_is_looked_at_the_toast_does_it() {
    let mut desk = Desk::running();
    desk.is_attended = true;
    assert_eq!(desk.hears_of(11), NOTHING);
    desk.is_attended = false;
    assert_eq!(desk.hears_of(11), NOTHING, "it was told");
    assert_eq!(desk.version(), 11);
    assert_eq!(desk.restarted().looks(11, &[11]), NOTHING);
}

#[test]
fn what_came_while_the_app_was_away_comes_up_once_and_as_one_if_it_is_much() {
    for (unread, told) in [
        (vec![11, 12, 13], vec!["Title 11", "Title 12", "Title 13"]),
        (vec![11, 12, 13, 14], vec!["4 notifications while you were away"]),
        (vec![], vec![]),
    ] {
        let mut desk = Desk::running().restarted();
        // Whoever starts the app finds its window before them.
        desk.is_attended = true;
        assert_eq!(desk.looks(14, &unread), told);
        assert_eq!(desk.restarted().looks(14, &unread), NOTHING);
    }
}

#[test]
fn what_a_gap_swallowed_is_looked_up() {
    let mut desk = Desk::running();
    desk.teller.miss();
    assert!(desk.teller.must_look());
    assert_eq!(desk.looks(12, &[11, 12]), ["Title 11", "Title 12"]);
    assert!(!desk.teller.must_look());
}

#[test]
fn whoever_is_killed_after_the_mark_was_kept_and_before_it_came_up_tells_nothing_twice() {
    let mut desk = Desk::running();
    // What the machine wants shown is not shown; what it has marked is all that is left.
    assert_eq!(desk.hears_of(11), ["Title 11"]);
    assert_eq!(desk.restarted().looks(11, &[11]), NOTHING);
}

#[test]
fn a_restored_database_tells_only_what_is_newer_than_all_that_was_told() {
    let mut desk = Desk::running();
    desk.hears_of(20);
    desk.teller.miss();
    let told_before = row("5", 5);
    let since = Notification { created_at: 9_000, ..row("6", 6) };
    assert_eq!(desk.looks_at(6, vec![since, told_before]), ["Title 6"]);
    assert_eq!(desk.version(), 6);
    assert_eq!(desk.hears_of(7), ["Title 7"], "versions count from there");
    assert_eq!(desk.restarted().looks(7, &[5, 6, 7]), NOTHING);
}

#[test]
fn levels_that_are_off_and_what_is_read_already_do_not_come_up() {
    let mut desk = Desk::running();
    desk.settings = desk.settings.changed("info").unwrap();
    assert_eq!(desk.hears_of(11), NOTHING);
    let warning = |version| Notification { level: Level::Warning, ..row("w", version) };
    assert_eq!(desk.hears(Notification { read_at: Some(1), ..warning(12) }), NOTHING);
    assert_eq!(desk.hears(warning(13)), ["Warning: Title w"]);
    desk.settings = NoticeSettings::default();
    assert_eq!(desk.restarted().looks(13, &[11]), NOTHING, "they were decided on");
}

#[test]
fn quiet_hours_end_with_one_summary_of_what_is_still_unread() {
    let mut desk = Desk::running();
    desk.is_quiet = true;
    for version in 11..=20 {
        assert_eq!(desk.hears_of(version), NOTHING);
    }
    assert_eq!(desk.ticks(), NOTHING);
    assert!(desk.teller.holds_back() && !desk.teller.must_look());
    desk.is_quiet = false;
    assert_eq!(desk.ticks(), NOTHING);
    assert!(desk.teller.must_look());
    let unread = [3, 11, 12, 13, 14, 15, 16, 20];
    assert_eq!(desk.looks(23, &unread), ["7 notifications while quiet"]);
    assert!(!desk.teller.holds_back());
    assert_eq!(desk.ticks(), NOTHING);
    assert_eq!(desk.hears_of(24), ["Title 24"]);
    assert_eq!(desk.restarted().looks(24, &unread), NOTHING);
}

#[test]
fn a_restart_in_or_after_quiet_hours_loses_nothing_of_the_summary() {
    let mut desk = Desk::running();
    desk.is_quiet = true;
    desk.hears_of(11);
    let mut desk = desk.restarted();
    assert_eq!(desk.looks(13, &[11, 12, 13]), NOTHING);
    let mut desk = desk.restarted();
    desk.is_quiet = false;
    assert_eq!(desk.looks(14, &[11, 12, 13, 14]), ["4 notifications while quiet"]);
}

#[test]
fn errors_pass_quiet_hours_only_if_they_are_let_and_are_not_told_again() {
    let error = |version| Notification { level: Level::Error, ..row("e", version) };
    let mut desk = Desk::running();
    desk.is_quiet = true;
    assert_eq!(desk.hears(error(11)), NOTHING);
    desk.settings.quiet.errors_pass = true;
    assert_eq!(desk.hears(error(12)), ["Error: Title e"]);
    desk.hears_of(13);
    desk.is_quiet = false;
    desk.ticks();
    let page = vec![row("13", 13), error(12)];
    assert_eq!(desk.looks_at(13, page), ["1 notification while quiet"]);
}

#[test]
fn whoever_looks_at_the_window_when_quiet_hours_end_needs_no_summary() {
    let mut desk = Desk::running();
    desk.is_quiet = true;
    desk.hears_of(11);
    desk.is_quiet = false;
    desk.is_attended = true;
    assert_eq!(desk.ticks(), NOTHING);
    desk.is_attended = false;
    assert_eq!(desk.ticks(), NOTHING);
    assert!(!desk.teller.must_look());
}

#[test]
fn a_burst_becomes_one_that_counts_and_grows_in_place() {
    let mut desk = Desk::running();
    let told: Vec<_> = (11..=40).flat_map(|version| desk.hears_of(version)).collect();
    assert_eq!(told, ["Title 11", "Title 12", "Title 13", "1 more notification"]);
    desk.now = desk.teller.due().unwrap();
    assert_eq!(desk.ticks(), ["27 more notifications"]);
    assert_eq!(desk.teller.due(), None);
}

#[test]
fn what_is_read_elsewhere_is_taken_away() {
    let mut desk = Desk::running();
    for version in 11..=15 {
        desk.hears_of(version);
    }
    let read = |read: &[&str], unread_count| {
        let read = read.iter().map(|id| (*id).to_owned()).collect();
        InboxChange { unread_count, version: 16, read, ..InboxChange::default() }
    };
    assert_eq!(desk.act(|teller, _| teller.change(&read(&["12"], 4))), ["close 12"]);
    assert_eq!(desk.act(|teller, _| teller.change(&read(&["12"], 4))), NOTHING);
    assert_eq!(
        desk.act(|teller, _| teller.change(&read(&[], 0))),
        ["close 11", "close 13", "close summary 1"]
    );
}

#[test]
fn an_update_changes_what_is_to_be_seen_and_does_not_come_up_by_itself() {
    let mut desk = Desk::running();
    let update = |version| Notification { update: true, ..row("a", version) };
    assert!(desk.hears(update(11)).is_empty());
    assert_eq!(desk.hears(row("a", 12)).len(), 1);
    assert_eq!(desk.hears(update(13)).len(), 1, "in its place");
    let mut desk = desk.restarted();
    assert!(desk.looks_at(14, vec![update(14)]).is_empty());
}

#[test]
fn an_update_does_not_silence_the_news_it_changes() {
    let update = |version, news| Notification {
        update: true,
        news_version: Some(news),
        ..row("a", version)
    };
    // It comes in quiet hours, and changes in them.
    let mut desk = Desk::running();
    desk.is_quiet = true;
    assert_eq!(desk.hears(row("a", 11)), NOTHING);
    assert_eq!(desk.hears(update(12, 11)), NOTHING);
    let mut morning = desk.restarted();
    morning.is_quiet = false;
    for desk in [&mut desk, &mut morning] {
        desk.is_quiet = false;
        assert_eq!(desk.ticks(), NOTHING);
        assert_eq!(desk.looks_at(12, vec![update(12, 11)]), ["1 notification while quiet"]);
        assert_eq!(desk.looks_at(13, vec![update(13, 11)]), NOTHING);
    }

    // It comes while the app is away, and changes before anybody looks.
    let mut desk = Desk::running().restarted();
    assert_eq!(desk.looks_at(12, vec![update(12, 11)]), ["Title a"]);
    assert_eq!(desk.restarted().looks_at(13, vec![update(13, 11)]), NOTHING);

    // What the hub had no room for comes as its update alone, or late.
    let mut desk = Desk::running();
    assert_eq!(desk.hears(update(12, 11)), ["Title a"]);
    assert_eq!(desk.hears(row("a", 11)), NOTHING);
    assert_eq!(desk.hears(update(13, 11)), ["Title a"], "in its place");

    // What came before quiet hours and changes in them was told.
    let mut desk = Desk::running();
    assert_eq!(desk.hears(row("a", 11)), ["Title a"]);
    desk.is_quiet = true;
    assert_eq!(desk.hears(update(12, 11)), NOTHING);
    assert_eq!(desk.hears(row("b", 13)), NOTHING);
    desk.is_quiet = false;
    assert_eq!(desk.ticks(), NOTHING);
    let page = vec![row("b", 13), update(12, 11)];
    assert_eq!(desk.looks_at(13, page), ["1 notification while quiet"]);
}

#[test]
fn one_that_replaces_another_takes_its_place() {
    let mut desk = Desk::running();
    let shown = |desk: &mut Desk, version| {
        let Desk { now, is_quiet, is_attended, ref settings, .. } = *desk;
        let around = Around { now, is_quiet, is_attended, settings };
        desk.teller.arrive(row("a", version), around)
    };
    let (first, second) = (shown(&mut desk, 11), shown(&mut desk, 12));
    let slot = |acts: &[Act]| match &acts[0] {
        Act::Show(popup) => popup.slot.clone(),
        Act::Close(slot) => slot.clone(),
    };
    assert_eq!(slot(&first), slot(&second));
    assert_eq!(slot(&first), Slot::Item("a".into()));
}
