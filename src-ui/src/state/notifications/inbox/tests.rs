use super::*;
use tidings_protocol::notification::Level;

pub(in crate::state) fn row(id: &str, version: u64) -> Notification {
    Notification {
        id: id.to_owned(),
        user_id: "u1".to_owned(),
        version,
        title: format!("Title {id}"),
        message: String::new(),
        level: Level::Info,
        link: None,
        source: None,
        dedupe_key: None,
        created_at: 1_000 + version,
        expires_at: None,
        read_at: None,
        update: false,
        news_version: None,
    }
}

pub(in crate::state) fn page(version: u64, unread: u64, rows: &[(&str, u64)]) -> wire::Inbox {
    wire::Inbox {
        notifications: rows.iter().map(|(id, version)| row(id, *version)).collect(),
        unread_count: unread,
        version,
        next: None,
    }
}

fn read(version: u64, unread: u64, ids: &[&str]) -> InboxChange {
    let read = ids.iter().map(|id| (*id).to_owned()).collect();
    InboxChange { unread_count: unread, version, read, ..InboxChange::default() }
}

fn removed(version: u64, unread: u64, id: &str) -> InboxChange {
    let removed = vec![id.to_owned()];
    InboxChange { unread_count: unread, version, removed, ..InboxChange::default() }
}

fn asked(id: &str, version: u64, at: u64) -> Asked {
    Asked { id: id.to_owned(), version, at }
}

fn ids(inbox: &Inbox) -> String {
    inbox.rows().map(|row| &*row.id).collect::<Vec<_>>().join(" ")
}

fn unread_ids(inbox: &Inbox) -> String {
    let unread = inbox.rows().filter(|row| row.read_at.is_none());
    unread.map(|row| &*row.id).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_newest_is_first_and_counts_go_by_the_greatest_version() {
    let mut inbox = Inbox::default();
    inbox.load(page(2, 2, &[("b", 2), ("a", 1)]), 0);
    inbox.arrive(row("d", 4), 4, HELD);
    inbox.arrive(row("c", 3), 3, HELD);
    assert_eq!((&*ids(&inbox), inbox.unread(), inbox.version()), ("d c b a", 4, 4));
}

#[test]
fn what_arrives_again_changes_nothing() {
    let mut inbox = Inbox::default();
    inbox.load(page(1, 1, &[("a", 1)]), 0);
    inbox.arrive(row("b", 2), 2, HELD);
    inbox.change(read(3, 1, &["b"]), 9);
    inbox.arrive(row("b", 2), 2, HELD);
    inbox.arrive(row("a", 1), 1, HELD);
    assert_eq!((&*ids(&inbox), &*unread_ids(&inbox), inbox.unread()), ("b a", "a", 1));
}

#[test]
fn a_replacement_keeps_its_id_and_comes_to_the_top_unread() {
    let mut inbox = Inbox::default();
    inbox.load(page(2, 1, &[("b", 2), ("a", 1)]), 0);
    inbox.change(read(3, 1, &["a"]), 9);
    inbox.arrive(row("a", 4), 2, HELD);
    assert_eq!((&*ids(&inbox), &*unread_ids(&inbox)), ("a b", "a b"));
    // The change before it comes once more, as after a reconnect.
    inbox.change(read(3, 1, &["a"]), 9);
    assert_eq!((&*unread_ids(&inbox), inbox.unread()), ("a b", 2));
}

#[test]
fn what_was_told_before_the_page_came_holds_for_the_page_too() {
    let mut inbox = Inbox::default();
    inbox.arrive(row("d", 4), 3, HELD);
    inbox.change(read(5, 2, &["a"]), 9);
    inbox.change(removed(6, 1, "b"), 9);
    inbox.load(page(3, 3, &[("c", 3), ("b", 2), ("a", 1)]), 0);
    assert_eq!((&*ids(&inbox), &*unread_ids(&inbox)), ("d c a", "d c"));
    assert_eq!((inbox.unread(), inbox.version()), (1, 6));
}

#[test]
fn what_was_removed_does_not_come_back_with_a_late_arrival() {
    let mut inbox = Inbox::default();
    inbox.load(page(1, 1, &[("a", 1)]), 0);
    inbox.change(removed(3, 1, "b"), 9);
    inbox.arrive(row("b", 2), 2, HELD);
    assert_eq!((&*ids(&inbox), inbox.unread()), ("a", 1));
    inbox.load(page(3, 1, &[("a", 1)]), 3);
    inbox.arrive(row("b", 2), 2, HELD);
    assert_eq!(ids(&inbox), "a", "the page knew of it");
}

#[test]
fn all_up_to_a_version_are_read_and_later_ones_are_not() {
    let mut inbox = Inbox::default();
    inbox.load(page(3, 3, &[("c", 3), ("b", 2), ("a", 1)]), 0);
    let read_up_to = Some(2);
    let change = InboxChange { unread_count: 1, version: 4, read_up_to, ..InboxChange::default() };
    inbox.change(change, 9);
    assert_eq!((&*unread_ids(&inbox), inbox.unread()), ("c", 1));
}

#[test]
fn a_confirmed_mark_counts_once_whether_its_event_comes_before_or_after() {
    for event_first in [true, false] {
        let mut inbox = Inbox::default();
        inbox.load(page(2, 2, &[("b", 2), ("a", 1)]), 0);
        if event_first {
            inbox.change(read(3, 1, &["a"]), 9);
        }
        assert!(!inbox.confirm_read(&asked("a", 1, 2), 9));
        assert_eq!(inbox.unread(), 1);
        inbox.change(read(3, 1, &["a"]), 9);
        assert_eq!((inbox.unread(), &*unread_ids(&inbox)), (1, "b"));
    }
}

#[test]
fn a_confirmed_removal_counts_once() {
    let mut inbox = Inbox::default();
    inbox.load(page(2, 2, &[("b", 2), ("a", 1)]), 0);
    assert!(!inbox.confirm_removed(&asked("a", 1, 2)));
    assert!(!inbox.confirm_removed(&asked("a", 1, 2)));
    assert_eq!((inbox.unread(), &*ids(&inbox)), (1, "b"));
    inbox.change(removed(3, 1, "a"), 9);
    assert_eq!(inbox.unread(), 1);
}

#[test]
fn older_pages_are_asked_for_by_what_the_server_said_and_added_once() {
    let mut inbox = Inbox::default();
    let next = Some("opaque".to_owned());
    inbox.load(wire::Inbox { next, ..page(4, 4, &[("d", 4), ("c", 3)]) }, 0);
    assert_eq!(inbox.next(), Some("opaque"));
    inbox.append(page(4, 4, &[("b", 2), ("a", 1)]), "3");
    assert_eq!(ids(&inbox), "d c", "asked for before the inbox was loaded anew");
    inbox.append(page(4, 4, &[("c", 3), ("b", 2), ("a", 1)]), "opaque");
    assert_eq!((&*ids(&inbox), inbox.next()), ("d c b a", None));
}

#[test]
fn a_count_is_taken_of_a_greater_version_only() {
    let mut inbox = Inbox::default();
    inbox.load(page(5, 5, &[("e", 5)]), 0);
    for version in [4, 5] {
        inbox.arrive(row("x", version), 77, HELD);
        inbox.change(read(version, 77, &["x"]), 9);
        inbox.count(Unread { unread_count: 77, version });
        inbox.append(page(version, 77, &[]), "");
        inbox.confirm_read_up_to(1, 9, Unread { unread_count: 77, version });
        assert_eq!((inbox.unread(), inbox.version()), (5, 5));
    }
    inbox.count(Unread { unread_count: 4, version: 6 });
    assert_eq!((inbox.unread(), inbox.version()), (4, 6));
}

#[test]
fn an_inbox_of_a_smaller_version_is_another_one() {
    let mut inbox = Inbox::default();
    inbox.load(page(9, 1, &[("old", 9)]), 0);
    inbox.load(page(2, 2, &[("b", 2), ("a", 1)]), 9);
    assert_eq!((&*ids(&inbox), inbox.unread(), inbox.version()), ("b a", 2, 2));
}

#[test]
fn no_more_are_held_than_there_is_room_for_and_what_was_let_go_is_asked_for_anew() {
    let mut inbox = Inbox::default();
    inbox.load(page(0, 0, &[]), 0);
    for version in 1..=501 {
        assert!(!inbox.is_torn());
        inbox.arrive(row(&version.to_string(), version), version, HELD);
    }
    assert_eq!((inbox.rows().len(), inbox.unread()), (HELD, 501));
    assert_eq!((inbox.is_torn(), inbox.next()), (true, None), "no row names a page");
    let next = Some("opaque".to_owned());
    inbox.load(wire::Inbox { next, ..page(501, 501, &[("501", 501), ("500", 500)]) }, 501);
    assert_eq!((inbox.is_torn(), inbox.next()), (false, Some("opaque")));
}

#[test]
fn a_reader_keeps_what_was_read_on_to_until_the_inbox_is_closed() {
    let mut inbox = Inbox::default();
    let rows: Vec<_> = (1..=600_u64).rev().map(|v| (v.to_string(), v)).collect();
    let rows: Vec<_> = rows.iter().map(|(id, v)| (&**id, *v)).collect();
    inbox.load(page(600, 600, &rows), 0);
    inbox.arrive(row("601", 601), 601, MOST);
    assert_eq!((inbox.rows().len(), inbox.is_torn()), (601, false));
    inbox.settle();
    assert_eq!((inbox.rows().len(), inbox.is_torn()), (HELD, true));
}

#[test]
fn a_reader_at_the_most_that_may_be_held_stays_there() {
    let mut inbox = Inbox::default();
    inbox.load(page(0, 0, &[]), 0);
    for version in 1..=MOST as u64 + 1 {
        inbox.arrive(row(&version.to_string(), version), version, MOST);
    }
    assert_eq!((inbox.rows().len(), inbox.is_full(), inbox.is_torn()), (MOST, true, false));
}
