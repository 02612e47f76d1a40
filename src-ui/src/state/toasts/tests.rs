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
    let ids = |toasts: &Toasts| titles(toasts).into_iter().map(|(id, _)| id).collect::<String>();
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
fn an_update_changes_a_toast_that_is_there_and_brings_none() {
    let mut toasts = Toasts::default();
    let update = |id: &str, version| {
        let title = format!("{version} of it");
        Rc::new(Notification { update: true, title, ..row(id, version) })
    };
    toasts.show(&update("a", 1), LIVE, at(0));
    assert!(toasts.list().is_empty());
    toasts.show(&one("a", Level::Info), LIVE, at(0));
    toasts.show(&update("a", 3), LIVE, at(1));
    assert_eq!(toasts.list()[0].newest().unwrap().title, "3 of it");
    assert_eq!(toasts.polite().number, 1, "and is not read out");
}

#[test]
fn what_is_read_elsewhere_goes_here() {
    let mut toasts = Toasts::default();
    toasts.show(&of("a", "ci"), LIVE, at(0));
    toasts.show(&of("b", "ci"), LIVE, at(0));
    toasts.show(&one("c", Level::Error), LIVE, at(0));
    let read =
        |id: &str| InboxChange { version: 2, read: vec![id.to_owned()], ..InboxChange::default() };
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
fn what_was_said_is_not_there_to_be_said_again_once_all_are_hushed() {
    let mut toasts = Toasts::default();
    toasts.show(&one("a", Level::Info), LIVE, at(0));
    toasts.show(&one("b", Level::Error), LIVE, at(0));
    toasts.hush();
    assert_eq!((&*toasts.polite().text, &*toasts.urgent().text), ("", ""));
    assert_eq!(titles(&toasts).len(), 2, "they stand there as before");
    toasts.show(&one("c", Level::Info), LIVE, at(1));
    assert_eq!(toasts.polite().text, "Info: Title c. ");
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
