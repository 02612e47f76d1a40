use super::inbox::HELD;
use super::inbox::tests::{page, row};
use super::*;

fn loaded(unread: u64, rows: &[(&str, u64)]) -> Notifications {
    let mut all = Notifications::default();
    assert!(all.begin_load());
    let version = rows.iter().map(|(_, version)| *version).max().unwrap_or_default();
    assert!(all.loaded(page(version, unread, rows)).is_empty());
    all
}

fn read(id: &str) -> Mark {
    Mark::Read(id.to_owned())
}

fn lost() -> RequestError {
    RequestError::network(String::new())
}

fn shown(all: &Notifications) -> String {
    let words = all
        .shown()
        .map(|(row, is_unread)| format!("{}{}", row.id, if is_unread { "*" } else { "" }));
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_mark_shows_at_once_and_stays_when_it_is_confirmed() {
    let mut all = loaded(2, &[("b", 2), ("a", 1)]);
    assert!(all.begin_mark(&read("a")));
    assert_eq!((&*shown(&all), all.unread()), ("b* a", 1));
    assert!(!all.begin_mark(&read("a")), "it is under way");
    all.marked(&read("a"), Marked::Done, 9);
    assert_eq!((&*shown(&all), all.unread()), ("b* a", 1));
    assert!(!all.begin_mark(&read("a")), "it is read");
}

#[test]
fn a_mark_that_is_refused_is_taken_back_and_told() {
    let mut all = loaded(2, &[("b", 2), ("a", 1)]);
    all.begin_mark(&Mark::Remove("b".into()));
    assert_eq!((&*shown(&all), all.unread()), ("a*", 1));
    all.marked(&Mark::Remove("b".into()), Marked::Failed(lost()), 9);
    assert_eq!((&*shown(&all), all.unread()), ("b* a*", 2));
    let told = "It could not be deleted. The server could not be reached.";
    assert_eq!(all.explain_refused().as_deref(), Some(told));
    all.begin_mark(&read("b"));
    assert_eq!(all.explain_refused(), None);
}

#[test]
fn one_that_is_gone_at_the_server_goes_here() {
    let mut all = loaded(2, &[("b", 2), ("a", 1)]);
    all.begin_mark(&read("b"));
    all.marked(&read("b"), Marked::Gone, 9);
    assert_eq!((&*shown(&all), all.unread()), ("a*", 1));
}

#[test]
fn a_mark_that_a_later_count_has_already_is_not_counted_again() {
    for (mark, left) in [(read("a"), "c* b* a"), (Mark::Remove("a".into()), "c* b*")] {
        let mut all = loaded(2, &[("b", 2), ("a", 1)]);
        all.begin_mark(&mark);
        // Of version 4, from another server, and counted behind the mark; the event of the mark is still to come.
        all.arrive(row("c", 4), 2, HELD);
        assert!(all.marked(&mark, Marked::Done, 9), "the count is asked for");
        assert_eq!((&*shown(&all), all.unread()), (left, 2));
        all.recount(Unread { unread_count: 2, version: 4 });
        assert_eq!(all.unread(), 2);
    }
}

#[test]
fn a_mark_is_not_taken_for_one_of_what_replaced_it_meanwhile() {
    for mark in [read("a"), Mark::Remove("a".into())] {
        let mut all = loaded(2, &[("b", 2), ("a", 1)]);
        all.begin_mark(&mark);
        all.arrive(row("a", 4), 2, HELD);
        all.marked(&mark, Marked::Done, 9);
        assert_eq!((&*shown(&all), all.unread()), ("a* b*", 2));
    }
}

#[test]
fn marking_all_leaves_what_arrives_meanwhile_unread() {
    // Three more are unread than this page holds.
    let mut all = loaded(5, &[("b", 2), ("a", 1)]);
    let mark = all.mark_of_all().unwrap();
    all.begin_mark(&mark);
    assert_eq!(mark, Mark::ReadAll(2), "the version of the newest that was seen");
    assert_eq!((&*shown(&all), all.unread()), ("b a", 0));
    all.arrive(row("c", 3), 6, HELD);
    assert_eq!((&*shown(&all), all.unread()), ("c* b a", 1));
    let told = Unread { unread_count: 1, version: 4 };
    all.marked(&mark, Marked::Counted(told), 9);
    assert_eq!((&*shown(&all), all.unread()), ("c* b a", 1));
}

#[test]
fn an_arrival_is_new_once() {
    let mut all = loaded(1, &[("a", 1)]);
    assert!(all.arrive(row("b", 2), 2, HELD));
    assert!(!all.arrive(row("b", 2), 2, HELD), "it was replayed");
    assert!(!all.arrive(row("a", 1), 1, HELD), "it was there before");
    assert!(all.arrive(row("b", 3), 2, HELD), "it was replaced");
}

#[test]
fn what_came_while_nothing_could_be_heard_is_new_once_too() {
    let mut all = loaded(1, &[("a", 1)]);
    all.arrive(row("b", 2), 2, HELD);
    all.begin_load();
    let rows = [("d", 4), ("c", 3), ("b", 2), ("a", 1)];
    let missed = all.loaded(page(4, 4, &rows));
    assert_eq!(missed.iter().map(|row| &*row.id).collect::<Vec<_>>(), ["c", "d"]);
    assert!(!all.arrive(row("d", 4), 4, HELD));
    all.begin_load();
    assert!(all.loaded(page(4, 4, &rows)).is_empty());
}

#[test]
fn a_page_that_was_overtaken_is_asked_for_again() {
    let mut all = Notifications::default();
    assert!(all.begin_load());
    assert!(!all.begin_load(), "one is under way");
    all.loaded(page(1, 1, &[("a", 1)]));
    assert!(all.is_loading(), "once more");
    all.loaded(page(2, 2, &[("b", 2), ("a", 1)]));
    assert_eq!((&*shown(&all), all.is_loading()), ("b* a*", false));
}

#[test]
fn a_page_of_another_inbox_is_asked_for_once_more_for_what_was_told_before_it_came() {
    let mut all = loaded(1, &[("old", 9)]);
    all.begin_load();
    all.arrive(row("c", 3), 3, HELD);
    all.loaded(page(2, 2, &[("b", 2), ("a", 1)]));
    assert_eq!((&*shown(&all), all.unread(), all.is_loading()), ("b* a*", 2, true));
    assert!(all.loaded(page(3, 3, &[("c", 3), ("b", 2), ("a", 1)])).len() == 1);
    assert_eq!((&*shown(&all), all.unread(), all.is_loading()), ("c* b* a*", 3, false));
}

#[test]
fn what_an_inbox_of_lower_versions_brings_is_new_again() {
    let mut all = loaded(3, &[("old", 9)]);
    all.begin_load();
    all.loaded(page(2, 2, &[("b", 2), ("a", 1)]));
    assert_eq!((&*shown(&all), all.unread(), all.is_loading()), ("b* a*", 2, true));
    all.loaded(page(2, 2, &[("b", 2), ("a", 1)]));
    assert!(all.arrive(row("c", 3), 3, HELD), "told of the one before, of a higher version");
    assert_eq!((&*shown(&all), all.unread()), ("c* b* a*", 3));
}

#[test]
fn older_ones_are_asked_for_one_page_at_a_time_and_are_no_news() {
    let mut all = Notifications::default();
    all.begin_load();
    all.loaded(wire::Inbox { next: Some("~2".into()), ..page(2, 2, &[("b", 2)]) });
    assert_eq!(all.begin_older().as_deref(), Some("~2"));
    assert_eq!(all.begin_older(), None);
    all.older_loaded("~2", Err(lost()));
    assert_eq!(all.older, Older::Failed(lost()));
    assert_eq!(all.begin_older().as_deref(), Some("~2"));
    all.older_loaded("~2", Ok(page(2, 2, &[("a", 1)])));
    assert_eq!((&*shown(&all), all.begin_older()), ("b* a*", None));
}

#[test]
fn nothing_of_one_user_is_left_for_the_next() {
    let mut all = loaded(1, &[("a", 1)]);
    assert!(all.arrive(Notification { user_id: "u2".into(), ..row("x", 1) }, 1, HELD));
    assert_eq!((&*shown(&all), all.unread()), ("x*", 1));
}
