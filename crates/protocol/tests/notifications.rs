//! Notifications on the wire, and what is none.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use insta::assert_json_snapshot;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tidings_protocol::notification::{
    Arrival, Inbox, InboxChange, InvalidNotification, Level, NewNotification, Notification,
    ReadAll, Unread, topic,
};

const AT: u64 = 1_760_000_000_000;

/// What is read back must be what was written.
fn same<T: Serialize + DeserializeOwned>(value: T) -> T {
    let json = serde_json::to_string(&value).expect("JSON");
    let back: T = serde_json::from_str(&json).expect("reads what it wrote");
    assert_eq!(serde_json::to_string(&back).expect("JSON"), json);
    value
}

fn plain() -> Notification {
    Notification {
        id: "0199c6f2-1234-7abc-8def-0123456789ab".to_owned(),
        user_id: "owner".to_owned(),
        version: 7,
        title: "Backup done".to_owned(),
        message: String::new(),
        level: Level::Info,
        link: None,
        source: None,
        dedupe_key: None,
        created_at: AT,
        expires_at: None,
        read_at: None,
        update: false,
        news_version: None,
    }
}

fn full() -> Notification {
    Notification {
        message: "12 GiB in 3 min\nto box".to_owned(),
        level: Level::Success,
        link: Some("/jobs/7".to_owned()),
        source: Some("backup".to_owned()),
        dedupe_key: Some("backup:box".to_owned()),
        expires_at: Some(AT + 7_200_000),
        read_at: Some(AT + 1),
        update: true,
        news_version: Some(6),
        ..plain()
    }
}

#[test]
fn a_notification_in_an_inbox_and_on_a_stream() {
    assert_json_snapshot!("a_notification", same(plain()));
    let arrival = Arrival { notification: full(), unread_count: 3 };
    assert_json_snapshot!("a_notification_that_arrives", same(arrival));
    assert_json_snapshot!(same(Inbox {
        notifications: vec![plain()],
        unread_count: 3,
        version: 9,
        next: Some(plain().id),
    }));
}

#[test]
fn how_an_inbox_stands_and_changes() {
    assert_json_snapshot!("how_many_are_unread", same(Unread { unread_count: 3, version: 9 }));
    let change =
        |unread_count, version| InboxChange { unread_count, version, ..Default::default() };
    assert_json_snapshot!(same(vec![
        InboxChange { read: vec![plain().id], ..change(2, 10) },
        InboxChange { read_up_to: Some(10), ..change(0, 11) },
        InboxChange { removed: vec![plain().id], ..change(0, 12) },
        change(1, 13),
    ]));
    assert_json_snapshot!(
        "what_is_marked",
        same([ReadAll::default(), ReadAll { up_to_version: Some(10) }])
    );
}

#[test]
fn what_is_posted() {
    let least = NewNotification { title: Some("t".to_owned()), ..Default::default() };
    let most = NewNotification {
        user_id: None,
        user: Some("ada".to_owned()),
        title: Some("t".to_owned()),
        message: Some("m".to_owned()),
        level: Some(Level::Warning),
        link: Some("https://a.example/x?y#z".to_owned()),
        source: Some("backup".to_owned()),
        dedupe_key: Some("backup:box".to_owned()),
        expires_in_seconds: Some(7_200),
        update: true,
    };
    assert_eq!((least.check(), most.check()), (Ok(()), Ok(())));
    assert_json_snapshot!(same([least, most]));
    for misspelt in
        [r#"{"titel":"x"}"#, r#"{"title":"x","level":"fatal"}"#, r#"{"title":"x","level":"Info"}"#]
    {
        assert!(serde_json::from_str::<NewNotification>(misspelt).is_err(), "{misspelt}");
    }
}

#[test]
fn what_is_out_of_bounds_is_told() {
    use InvalidNotification as E;
    let new = || NewNotification { title: Some("t".to_owned()), ..Default::default() };
    let title = |title: &str| NewNotification { title: Some(title.to_owned()), ..new() };
    let message =
        |message: &str| NewNotification { title: None, message: Some(message.to_owned()), ..new() };
    let source = |source: &str| NewNotification { source: Some(source.to_owned()), ..new() };
    let key = |key: &str| NewNotification { dedupe_key: Some(key.to_owned()), ..new() };
    let expiry = |time| NewNotification { expires_in_seconds: Some(time), ..new() };
    for (new, expected) in [
        (NewNotification::default(), Err(E::Nothing)),
        (NewNotification { update: true, ..new() }, Err(E::Update)),
        (message(""), Err(E::Nothing)),
        (message(" \n"), Err(E::Nothing)),
        (message("m"), Ok(())),
        (message("a\n\tb\u{1f600}"), Ok(())),
        (message("a\rb"), Err(E::Message)),
        (message("a\u{9b}b"), Err(E::Message)),
        (message(&"x".repeat(4_000)), Ok(())),
        (message(&"x".repeat(4_001)), Err(E::Message)),
        (title(" "), Err(E::Title)),
        (title("a\nb"), Err(E::Title)),
        (title(&"\u{1f600}".repeat(200)), Ok(())),
        (title(&"x".repeat(201)), Err(E::Title)),
        (source(&"x".repeat(100)), Ok(())),
        (source(&"x".repeat(101)), Err(E::Source)),
        (source(""), Err(E::Source)),
        (key(&"x".repeat(200)), Ok(())),
        (key(&"x".repeat(201)), Err(E::Key)),
        (key("a\0"), Err(E::Key)),
        (expiry(0), Err(E::Expiry)),
        (expiry(1), Ok(())),
        (expiry(u64::MAX), Err(E::Expiry)),
        (
            NewNotification { user: Some("a".to_owned()), user_id: Some("b".to_owned()), ..new() },
            Err(E::TwoUsers),
        ),
    ] {
        assert_eq!(new.check(), expected, "{new:?}");
        assert!(expected.map_err(|error| error.to_string().len()) != Err(0));
    }
}

#[test]
fn a_link_leads_to_the_web_or_to_this_server_and_runs_nothing() {
    let long = format!("https://a.example/{}", "x".repeat(2_000));
    for (link, is_one) in [
        ("https://a.example", true),
        ("HTTP://a.example/x?y#z", true),
        ("http://[::1]:4180/", true),
        ("/", true),
        ("/jobs/7?x#y", true),
        ("", false),
        ("jobs/7", false),
        ("//evil.example", false),
        ("/\\evil.example", false),
        ("javascript:alert(1)", false),
        ("JavaScript:alert(1)", false),
        (" javascript:alert(1)", false),
        ("java\nscript:alert(1)", false),
        ("/x y", false),
        ("/x\ty", false),
        ("data:text/html,x", false),
        ("file:///etc/passwd", false),
        ("https://", false),
        ("https:///x", false),
        ("https:a.example", false),
        ("http:/\\a.example", false),
        ("ht\u{e4}", false),
        (&long, false),
    ] {
        let new = NewNotification {
            title: Some("t".to_owned()),
            link: Some(link.to_owned()),
            ..Default::default()
        };
        assert_eq!(new.check().is_ok(), is_one, "{link:?}");
    }
}

#[test]
fn each_level_has_one_name() {
    for level in Level::ALL {
        assert_eq!(level.to_string().parse(), Ok(level));
        assert_eq!(serde_json::to_string(&level).expect("JSON"), format!("\"{level}\""));
    }
    assert_eq!("fatal".parse::<Level>(), Err(InvalidNotification::Level));
}

#[test]
fn a_user_has_one_topic() {
    assert_eq!(topic("owner").expect("a topic").as_str(), "notifications/owner");
    for none in ["", "a/b", "..", "a b"] {
        assert_eq!(topic(none), None, "{none:?}");
    }
}
