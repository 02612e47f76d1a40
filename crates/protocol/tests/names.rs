//! Ids, topics, selectors and event types: what is one, what is none, and what matches.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use tidings_protocol::api::{InvalidName, Role, UserName};
use tidings_protocol::event::{EventId, EventType, InvalidType, MAX_TYPE_BYTES, RESERVED_TYPES};
use tidings_protocol::scope::{InvalidScope, Scope};
use tidings_protocol::topic::{
    InvalidTopic, JOBS, MAX_TOPIC_BYTES, Selector, Topic, job_id, metrics_host,
};

fn topic_text() -> impl Strategy<Value = String> {
    "[A-Za-z0-9_~:-][A-Za-z0-9._~:-]{0,11}(/[A-Za-z0-9._~:-]{0,11}[A-Za-z0-9_~:-]){0,4}"
}

fn topic(text: &str) -> Topic {
    text.parse().expect("a topic")
}

proptest! {
    #[test]
    fn an_id_round_trips_and_has_one_spelling(epoch: u32, seq: u64) {
        let id = EventId { epoch, seq };
        let text = id.to_string();
        prop_assert_eq!(text.parse(), Ok(id));
        let json = serde_json::to_string(&id).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<EventId>(&json).expect("an id"), id);
    }

    #[test]
    fn what_parses_as_an_id_prints_as_it_was(text in "\\PC{0,30}|[0-9a-fA-F]{7,9}-[0-9+]{0,21}") {
        if let Ok(id) = text.parse::<EventId>() {
            prop_assert_eq!(id.to_string(), text);
        }
    }

    #[test]
    fn within_an_epoch_ids_are_ordered_by_number(epoch: u32, one: u64, other: u64) {
        let id = |seq| EventId { epoch, seq };
        prop_assert_eq!(id(one).cmp(&id(other)), one.cmp(&other));
    }

    #[test]
    fn a_topic_round_trips_and_its_own_selector_matches_it(text in topic_text()) {
        let topic = topic(&text);
        prop_assert_eq!(topic.to_string(), &*text);
        let selector: Selector = text.parse().expect("a selector");
        prop_assert_eq!(selector.to_string(), text);
        prop_assert!(selector.matches(&topic));
        prop_assert_eq!(Selector::Prefix(None).matches(&topic), !topic.must_be_named());
    }

    #[test]
    fn a_prefix_matches_what_is_below_it_and_nothing_else(
        prefix in topic_text(),
        rest in topic_text(),
        other in topic_text(),
    ) {
        let selector: Selector = format!("{prefix}/*").parse().expect("a selector");
        prop_assert_eq!(selector.to_string(), format!("{prefix}/*"));
        let below = format!("{prefix}/{rest}");
        prop_assert!(selector.matches(&topic(&below)));
        prop_assert!(!selector.matches(&topic(&prefix)), "not the prefix itself");
        let beside = format!("{prefix}x/{rest}");
        prop_assert!(!selector.matches(&topic(&beside)));
        let expected = other.starts_with(&format!("{prefix}/"));
        prop_assert_eq!(selector.matches(&topic(&other)), expected);
    }

    #[test]
    fn a_stem_matches_what_begins_with_it_and_nothing_else(
        stem in topic_text(),
        rest in topic_text(),
        other in topic_text(),
    ) {
        let stem = format!("{stem}~");
        let selector: Selector = format!("{stem}*").parse().expect("a selector");
        prop_assert_eq!(&selector, &Selector::Stem(topic(&stem)));
        prop_assert_eq!(selector.to_string(), format!("{stem}*"));
        for behind in [format!("{stem}{rest}"), format!("{stem}/{rest}")] {
            prop_assert!(selector.matches(&topic(&behind)));
        }
        prop_assert!(!selector.matches(&topic(&stem)), "there is nothing behind it");
        let expected = other.starts_with(&stem) && other != stem;
        prop_assert_eq!(selector.matches(&topic(&other)), expected);
    }

    #[test]
    fn what_parses_as_a_selector_prints_as_it_was(text in "[a/~*.]{0,8}") {
        if let Ok(selector) = text.parse::<Selector>() {
            prop_assert_eq!(selector.to_string(), text);
        }
    }

    #[test]
    fn any_text_is_a_topic_or_a_told_mistake(text in "\\PC{0,300}") {
        if let Ok(topic) = text.parse::<Topic>() {
            prop_assert_eq!(topic.as_str(), &*text);
            prop_assert!(text.len() <= MAX_TOPIC_BYTES && text.is_ascii());
        }
    }

    #[test]
    fn every_host_name_makes_a_topic(host in "\\PC{0,300}") {
        let made = Topic::metrics(&host);
        prop_assert_eq!(made.as_str().parse(), Ok(made.clone()));
        prop_assert!(made.is_latest_wins());
    }

    #[test]
    fn an_event_type_is_one_line_that_nobody_reserved(text in "[\\PC\r\n\0]{0,120}") {
        match text.parse::<EventType>() {
            Ok(kind) => {
                prop_assert_eq!(kind.as_str(), &*text);
                prop_assert!(!text.is_empty() && text.len() <= MAX_TYPE_BYTES);
                prop_assert!(!text.contains(['\r', '\n', '\0']));
            }
            Err(InvalidType::Empty) => prop_assert!(text.is_empty()),
            Err(InvalidType::TooLong) => prop_assert!(text.len() > MAX_TYPE_BYTES),
            Err(InvalidType::Control) => prop_assert!(text.chars().any(char::is_control)),
            Err(InvalidType::ByteOrderMark) => {
                prop_assert!(text.starts_with('\u{feff}'), "no mark");
            }
            Err(InvalidType::Reserved) => prop_assert!(RESERVED_TYPES.contains(&&*text)),
        }
    }
}

#[test]
fn what_is_nearly_an_id_is_none() {
    for text in [
        "",
        "-",
        "0000002a",
        "0000002a-",
        "-7",
        "2a-7",
        "0000002A-7",
        "0000002a-07",
        "0000002a-+7",
        "0000002a--7",
        " 0000002a-7",
        "0000002a-7\n",
        "00000002a-7",
        "0000002a-18446744073709551616",
    ] {
        assert!(text.parse::<EventId>().is_err(), "{text:?}");
    }
    assert!("ffffffff-18446744073709551615".parse::<EventId>().is_ok());
    assert!("00000000-0".parse::<EventId>().is_ok());
}

#[test]
fn what_is_no_topic_says_why() {
    use InvalidTopic::{Character, DotSegment, EmptySegment, TooLong};
    for (text, why) in [
        ("", EmptySegment),
        ("/a", EmptySegment),
        ("a/", EmptySegment),
        ("a//b", EmptySegment),
        (".", DotSegment),
        ("a/..", DotSegment),
        ("a/./b", DotSegment),
        ("a b", Character(' ')),
        ("a\n", Character('\n')),
        ("ä", Character('ä')),
        ("a/*", Character('*')),
        (&"a".repeat(MAX_TOPIC_BYTES + 1), TooLong),
    ] {
        assert_eq!(text.parse::<Topic>(), Err(why), "{text:?}");
    }
    assert!("a".repeat(MAX_TOPIC_BYTES).parse::<Topic>().is_ok());
    assert!("a/.b/c./...".parse::<Topic>().is_ok());
}

#[test]
fn a_star_stands_only_at_the_end_of_a_selector() {
    assert_eq!("*".parse(), Ok(Selector::Prefix(None)));
    for text in [
        "*/a", "a/*/b", "a*", "**", "a/**", "/*", "", "a/*/*", "a~**", "a~*/b", "/~*", "a~/~x*",
        "./~*", "a b~*",
    ] {
        assert!(text.parse::<Selector>().is_err(), "{text:?}");
    }
}

#[test]
fn reserved_types_are_the_hubs_own() {
    for text in RESERVED_TYPES {
        assert_eq!(text.parse::<EventType>(), Err(InvalidType::Reserved));
    }
    assert_eq!("\u{feff}build".parse::<EventType>(), Err(InvalidType::ByteOrderMark));
    assert!("build\u{feff}".parse::<EventType>().is_ok());
    assert_eq!(EventType::default().as_str(), "update");
}

#[test]
fn of_metrics_and_of_jobs_the_latest_wins() {
    for (text, wins) in [
        ("metrics/a", true),
        ("metrics", false),
        ("metricsx/a", false),
        ("jobs/owner~1", true),
        ("jobs/1/2", true),
        ("jobs", false),
        ("jobs-x/1", false),
        ("app/jobs/1", false),
    ] {
        let topic = topic(text);
        assert_eq!(topic.is_latest_wins(), wins, "{text}");
        assert_eq!(topic.is_job(), wins && text.starts_with(JOBS), "{text}");
    }
    assert_eq!(Topic::metrics("").as_str(), "metrics/localhost");
    assert_eq!(Topic::metrics("..").as_str(), "metrics/localhost");
    assert_eq!(Topic::metrics("my box/ü").as_str(), "metrics/my-box--");
}

#[test]
fn only_metrics_topics_name_a_host() {
    assert_eq!(metrics_host("metrics/db1"), Some("db1"));
    assert_eq!(metrics_host("metricsdb1"), None);
    assert_eq!(metrics_host("jobs/db1"), None);
    assert_eq!(job_id("jobs/u~1"), Some("u~1"));
    assert_eq!(job_id("jobsu~1"), None);
    assert_eq!(job_id("metrics/u~1"), None);
}

#[test]
fn a_selector_covers_another_if_it_matches_all_that_the_other_matches() {
    // Every topic of up to four segments of these kinds, and every selector of up to three.
    let mut topics = vec![String::new()];
    for depth in 0..4 {
        let longest = topics.iter().filter(|topic| topic.split('/').count() > depth || depth == 0);
        let deeper =
            |topic: &String| ["a", "ab", "a~", "a~b"].map(|last| format!("{topic}/{last}"));
        let deeper: Vec<_> = longest.flat_map(deeper).collect();
        topics.extend(deeper);
    }
    let topics: Vec<Topic> =
        topics.iter().filter(|text| !text.is_empty()).map(|text| topic(&text[1..])).collect();
    let short = topics.iter().filter(|topic| topic.as_str().split('/').count() < 4);
    let mut selectors = vec![Selector::Prefix(None)];
    for topic in short {
        selectors.extend([Selector::Exact(topic.clone()), Selector::Prefix(Some(topic.clone()))]);
        if topic.as_str().ends_with('~') {
            selectors.push(Selector::Stem(topic.clone()));
        }
    }
    for one in &selectors {
        for other in &selectors {
            let all =
                topics.iter().filter(|topic| other.matches(topic)).all(|topic| one.matches(topic));
            assert_eq!(one.covers(other), all, "{one} of {other}");
        }
    }
}

#[test]
fn a_star_leaves_out_what_belongs_to_one_user() {
    let all = Selector::Prefix(None);
    for (text, is_personal, is_named) in [
        ("users", true, true),
        ("users/owner", true, true),
        ("users/owner/x", true, true),
        ("users/~", true, true),
        ("notifications/owner", true, true),
        ("jobs", false, true),
        ("jobs/owner~1", false, true),
        ("jobs/owner~", false, true),
        ("user/owner", false, false),
        ("users-x/owner", false, false),
        ("users~", false, false),
        ("jobs~", false, false),
        ("app/users/owner", false, false),
        ("app/jobs/owner~1", false, false),
        ("metrics/box", false, false),
    ] {
        let topic = topic(text);
        assert_eq!((topic.is_personal(), topic.must_be_named()), (is_personal, is_named), "{text}");
        assert_eq!(all.matches(&topic), !is_named, "{text}");
        let mut selectors = vec![text.to_owned(), format!("{text}/*")];
        selectors.extend(text.ends_with('~').then(|| format!("{text}*")));
        for selector in selectors {
            let selector: Selector = selector.parse().expect("a selector");
            assert_eq!(all.covers(&selector), !is_named, "{selector}");
            assert!(!selector.covers(&all), "{selector}");
        }
    }
    assert!(all.covers(&all));
}

#[test]
fn a_scope_round_trips_and_says_what_is_wrong_with_it() {
    let topics = |text: &str| text.parse::<Selector>().expect("a selector");
    for (text, expected) in [
        ("read:*", Scope::Read(topics("*"))),
        ("publish:app/*", Scope::Publish(topics("app/*"))),
        ("read:a:b/c", Scope::Read(topics("a:b/c"))),
        ("notify", Scope::Notify),
        ("inbox", Scope::Inbox),
        ("jobs", Scope::Jobs),
        ("process", Scope::Process),
        ("processes", Scope::Processes),
        ("read:jobs/owner~*", Scope::Read(topics("jobs/owner~*"))),
    ] {
        let scope: Scope = text.parse().expect("a scope");
        assert_eq!((&scope, scope.to_string().as_str()), (&expected, text));
    }
    for text in [
        "",
        "read",
        "app/*",
        "write:app",
        "READ:app",
        " read:app",
        "notify:a",
        "Inbox",
        "inbox ",
        "jobs:1",
        "jobs/*",
        "job",
        "Process",
    ] {
        assert_eq!(text.parse::<Scope>(), Err(InvalidScope::Access), "{text}");
    }
    for text in ["read:", "read:a//b", "read:*/a", "publish:a b"] {
        assert!(matches!(text.parse::<Scope>(), Err(InvalidScope::Topics(_))), "{text}");
    }
}

#[test]
fn a_name_is_what_can_be_seen_of_it() {
    let longest = "ö".repeat(64);
    for (text, name, folded) in [
        ("Ada", "Ada", "ada"),
        ("  Grace Hopper ", "Grace Hopper", "grace hopper"),
        ("GRÖSSE", "GRÖSSE", "grösse"),
        ("größe", "größe", "grösse"),
        ("Σίσυφος", "Σίσυφος", "σίσυφος"),
        (&longest, &longest, &longest),
    ] {
        let parsed: UserName = text.parse().expect("a name");
        assert_eq!((parsed.as_str(), parsed.folded().as_str()), (name, folded));
        assert_eq!(UserName::fold(text), folded, "any text is folded alike");
    }
    for (text, error) in [
        ("", InvalidName::Empty),
        (" \t ", InvalidName::Empty),
        (&"x".repeat(65), InvalidName::TooLong),
        ("a/b", InvalidName::Character('/')),
        ("a\nb", InvalidName::Character('\n')),
        ("a\u{a0}b", InvalidName::Character('\u{a0}')),
        ("a\u{202e}b", InvalidName::Character('\u{202e}')),
        ("a\u{200b}", InvalidName::Character('\u{200b}')),
        ("\u{1b}[2J", InvalidName::Character('\u{1b}')),
    ] {
        assert_eq!(text.parse::<UserName>(), Err(error), "{text:?}");
    }
}

#[test]
fn roles_are_ordered_and_written_as_they_are_read() {
    assert!(Role::Viewer < Role::Publisher && Role::Publisher < Role::Admin);
    for role in [Role::Viewer, Role::Publisher, Role::Admin] {
        assert_eq!(role.to_string().parse(), Ok(role));
    }
    assert!("Admin".parse::<Role>().is_err() && "".parse::<Role>().is_err());
}

#[test]
fn every_path_is_in_the_list_of_all() {
    let text = include_str!("../src/api.rs");
    let paths = text.split("pub mod path {").nth(1).expect("paths");
    let before = paths.split("pub const ALL").next().expect("the list");
    let all: std::collections::BTreeSet<_> = tidings_protocol::api::path::ALL.into_iter().collect();
    assert_eq!(before.matches("pub const ").count(), all.len());
    for path in all {
        assert!(before.contains(&format!("\"{path}\"")), "{path}");
    }
}
