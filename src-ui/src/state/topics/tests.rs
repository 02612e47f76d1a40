use super::*;
use crate::state::chart::Summary;
use crate::state::events::{EventLog, tests::event};

const NOW: Duration = Duration::from_secs(100);

/// A page that hears events.
#[derive(Default)]
struct Page {
    log: EventLog,
    topics: Topics,
    seq: u64,
}

impl Page {
    fn hears(&mut self, topic: &str, body: &str) -> &Rc<Topic> {
        self.seq += 1;
        let entry = self.log.take(event(topic, self.seq, body), NOW);
        self.topics.take(&entry, Duration::ZERO);
        self.topics.find(topic).expect("what was heard last is there")
    }
}

fn heard(bodies: &[&str]) -> Rc<Topic> {
    let mut page = Page::default();
    let heard = bodies.iter().map(|body| page.hears("app/x", body).clone());
    heard.last().expect("an event")
}

fn paths(topic: &Topic) -> Vec<&str> {
    topic.series.iter().map(|series| &*series.path).collect()
}

fn values(topic: &Topic, path: &str) -> Vec<Option<f64>> {
    let series = topic.find(path).expect("a series");
    series.points().map(|(_, value)| (!value.is_nan()).then_some(value)).collect()
}

fn left(body: &str) -> Option<String> {
    let topic = heard(&[body]);
    rest(Json::read(body), &topic).map(|json| json.pretty().replace([' ', '\n'], ""))
}

#[test]
fn what_the_server_publishes_itself_is_no_topic_of_these() {
    for own in ["metrics/box", "notifications/u1", "users/u1", "jobs/u1~2", "jobs"] {
        assert!(!is_published(own), "{own}");
    }
    for other in ["app/builds", "metricsx/y", "jobsite", "user/u1"] {
        assert!(is_published(other), "{other}");
    }
}

#[test]
fn numbers_are_known_by_their_path_in_the_publishers_order() {
    let topic =
        heard(&[r#"{"z":1,"queue":{"depth":2,"a.b":{"":3}},"load":[0.5,{"x":-1e3}],"größe":4}"#]);
    assert_eq!(
        paths(&topic),
        ["z", "queue.depth", r#"queue["a.b"][""]"#, "load[0]", "load[1].x", "größe"]
    );
    assert_eq!(values(&topic, "load[1].x"), [Some(-1_000.0)]);
    assert_eq!(paths(&heard(&["42"])), [""], "an event may be a number");
}

#[test]
fn a_key_with_a_dot_is_not_the_path_that_it_looks_like() {
    let topic = heard(&[r#"{"a.b":1,"a":{"b":2}}"#]);
    assert_eq!(paths(&topic), [r#"["a.b"]"#, "a.b"]);
}

#[test]
fn texts_and_words_are_no_numbers_however_they_look() {
    let topic = heard(&[r#"{"a":"42","b":true,"c":null,"d":"1e3","e":[],"f":{}}"#]);
    assert!(topic.series.is_empty());
    assert!(heard(&[r#""42""#]).series.is_empty());
}

#[test]
fn a_number_no_float_can_hold_breaks_the_line_and_stays_in_the_tree() {
    let topic = heard(&[r#"{"a":1}"#, r#"{"a":1e999}"#, r#"{"a":2}"#]);
    assert_eq!(values(&topic, "a"), [Some(1.0), None, Some(2.0)]);
    assert_eq!(heard(&[r#"{"a":1e999}"#]).series.len(), 0);
    assert_eq!(left(r#"{"a":1e999,"b":1}"#).as_deref(), Some(r#"{"a":1e999}"#));
}

#[test]
fn a_value_stays_as_its_publisher_wrote_it() {
    let topic = heard(&[r#"{"a":1.50,"b":12345678901234567890123}"#]);
    let texts: Vec<_> = topic.series.iter().map(|series| &*series.text).collect();
    assert_eq!(texts, ["1.50", "12345678901234567890123"]);
}

#[test]
fn null_breaks_a_line_and_a_number_that_is_not_told_does_not() {
    let topic =
        heard(&[r#"{"a":1}"#, r#"{"a":null}"#, r#"{"a":null}"#, r#"{"b":5}"#, r#"{"a":2}"#]);
    assert_eq!(values(&topic, "a"), [Some(1.0), None, Some(2.0)]);
    let alternating = heard(&[r#"{"a":1}"#, r#"{"b":5}"#, r#"{"a":2}"#]);
    assert_eq!(values(&alternating, "a"), [Some(1.0), Some(2.0)]);
}

#[test]
fn lost_events_break_the_lines_of_their_topics_alone() {
    let mut page = Page::default();
    for topic in ["app/a", "app/b", "other"] {
        page.hears(topic, "1");
    }
    page.topics.lose(&["app/a".to_owned(), "appendix".to_owned()]);
    page.topics.lose(&["oth*".to_owned()]);
    for (topic, expected) in [
        ("app/a", vec![Some(1.0), None, Some(2.0)]),
        ("app/b", vec![Some(1.0), Some(2.0)]),
        ("other", vec![Some(1.0), None, Some(2.0)]),
    ] {
        assert_eq!(values(page.hears(topic, "2"), ""), expected, "{topic}");
    }
}

#[test]
fn a_line_keeps_its_last_points() {
    let mut page = Page::default();
    for n in 0..MAX_POINTS * 2 {
        page.hears("app/x", &n.to_string());
    }
    let topic = page.topics.find("app/x").unwrap();
    let values = values(topic, "");
    assert_eq!(values.len(), MAX_POINTS);
    assert_eq!(values.last().unwrap().unwrap(), (MAX_POINTS * 2 - 1) as f64);
    assert_eq!(topic.count, MAX_POINTS as u64 * 2);
}

#[test]
fn a_server_clock_that_is_set_back_leaves_times_in_order() {
    let mut page = Page::default();
    for (seq, body) in [(500, "1"), (900, "2"), (600, "3")] {
        page.seq = seq - 1;
        page.hears("app/x", body);
    }
    let topic = page.topics.find("app/x").unwrap();
    let points: Vec<_> = topic.series[0].points().collect();
    assert_eq!(points, [(1_500, 1.0), (1_600, 3.0)]);
}

#[test]
fn more_numbers_than_have_lines_are_counted() {
    let many: Vec<_> = (0..1_000).map(|n| n.to_string()).collect();
    let body = format!("[{}]", many.join(","));
    let topic = heard(&[&body, &body]);
    assert_eq!((topic.series.len(), topic.more), (MAX_SERIES, 1_000 - MAX_SERIES));
    assert_eq!(topic.series[0].points().len(), 2, "the first ones keep their places");
}

#[test]
fn a_number_that_is_told_no_more_gives_its_place_to_a_new_one() {
    let numbers = |names: std::ops::Range<usize>| {
        let members: Vec<_> = names.map(|n| format!("\"n{n}\":{n}")).collect();
        format!("{{{}}}", members.join(","))
    };
    let topic = heard(&[&numbers(0..MAX_SERIES), &numbers(1..MAX_SERIES + 1)]);
    assert!(topic.find("n0").is_none() && topic.find(&format!("n{MAX_SERIES}")).is_some());
    assert_eq!((topic.series.len(), topic.more), (MAX_SERIES, 0));
    assert_eq!(topic.find("n1").unwrap().points().len(), 2);
}

#[test]
fn nesting_has_a_bound_and_what_lies_deeper_is_in_the_tree() {
    let nested = |depth: usize| format!("{}7{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert_eq!(heard(&[&nested(8)]).series.len(), 1);
    assert_eq!(heard(&[&nested(9)]).series.len(), 0);
    assert!(left(&nested(9)).unwrap().contains('7'));
    assert!(heard(&[&nested(100_000)]).series.is_empty());
}

#[test]
fn an_event_too_large_is_not_looked_through_and_breaks_the_lines() {
    let large = format!(r#"{{"a":2,"b":"{}"}}"#, "x".repeat(MAX_READ));
    let topic = heard(&[r#"{"a":1}"#, &large]);
    assert!(topic.is_too_large());
    assert_eq!(values(&topic, "a"), [Some(1.0), None]);
    assert_eq!(topic.find("a").unwrap().breaks(), 1, "an open chart shows the break at once");
    let Some(Json::Object(left)) = rest(Json::read(&large), &topic) else { panic!("an object") };
    assert_eq!(left.len(), 2, "what no line shows is in the tree");
}

#[test]
fn paths_and_numbers_have_a_bound_and_what_is_longer_is_in_the_tree() {
    for body in
        [format!(r#"{{"{}":1}}"#, "k".repeat(300)), format!(r#"{{"a":1.{}}}"#, "0".repeat(300))]
    {
        let topic = heard(&[&body]);
        assert_eq!((topic.series.len(), topic.more), (0, 1));
        assert!(rest(Json::read(&body), &topic).is_some());
    }
}

#[test]
fn topics_without_end_push_out_the_one_heard_of_longest_ago_and_say_so() {
    let mut page = Page::default();
    for n in 0..MAX_TOPICS + 10 {
        page.hears(&format!("app/{n}"), "1");
        page.hears("app/first", "1");
    }
    assert_eq!(page.topics.list().len(), MAX_TOPICS);
    assert_eq!(page.topics.gone(), 11);
    assert!(page.topics.find("app/first").is_some());
    let names: Vec<_> = page.topics.list().iter().map(|topic| topic.name()).collect();
    assert!(names.is_sorted(), "{names:?}");
}

#[test]
fn large_events_push_out_older_topics() {
    let mut page = Page::default();
    let body = format!("\"{}\"", "x".repeat(MAX_BYTES / 3));
    for n in 0..5 {
        page.hears(&format!("app/{n}"), &body);
    }
    assert_eq!((page.topics.list().len(), page.topics.gone()), (2, 3));
}

#[test]
fn an_age_is_that_of_the_newest_event_and_counts_what_it_had_on_arrival() {
    let mut page = Page::default();
    let entry = page.log.take(event("app/x", 1, "1"), NOW);
    page.topics.take(&entry, Duration::from_secs(5));
    let topic = page.topics.find("app/x").unwrap();
    assert_eq!(topic.age(NOW + Duration::from_secs(2)), Duration::from_secs(7));
}

#[test]
fn the_tree_has_what_has_no_line() {
    assert_eq!(left(r#"{"a":1,"b":{"c":2},"d":[1,2]}"#), None);
    let mixed = r#"{"a":1,"b":{"c":2,"d":"x"},"e":[1,"y"],"f":{},"g":null}"#;
    assert_eq!(left(mixed).as_deref(), Some(r#"{"b":{"d":"x"},"e":[1,"y"],"f":{},"g":null}"#));
}

#[test]
fn a_summary_has_the_values_and_not_the_breaks() {
    let topic = heard(&["4", "null", "1", "1"]);
    let summary = topic.series[0].summary().unwrap();
    assert_eq!(summary, Summary { newest: 1.0, least: 1.0, most: 4.0, mean: 2.0 });
}

#[test]
fn a_small_line_goes_by_time_and_breaks_where_values_do() {
    let mut page = Page::default();
    for (seq, body) in [(0, "0"), (50, "10"), (60, "null"), (80, "5"), (100, "0")] {
        page.seq = seq;
        page.hears("app/x", body);
    }
    let line = page.topics.list()[0].series[0].line(100.0, 10.0);
    assert_eq!(line, "M0 10h0L50 0M80 5h0L100 10");
    assert_eq!(heard(&["7"]).series[0].line(100.0, 10.0), "M50 5h0", "one alone is a dot");
    let wide = heard(&["-1.7e308", "1.7e308"]).series[0].line(100.0, 10.0);
    assert_eq!(wide, "M0 10h0L100 0");
}
