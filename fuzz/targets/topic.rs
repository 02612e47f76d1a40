//! Topics and selectors: what is accepted prints as it was read, and matches what a plain rule says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_protocol::topic::{MAX_TOPIC_BYTES, Selector, Topic};

fn is_topic(text: &str) -> bool {
    let is_segment = |segment: &str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "._-~:".contains(c);
        !segment.is_empty() && segment != "." && segment != ".." && segment.chars().all(known)
    };
    text.len() <= MAX_TOPIC_BYTES && text.split('/').all(is_segment)
}

fuzz_target!(|input: (&str, &str)| {
    let (left, right) = input;
    let topic: Result<Topic, _> = left.parse();
    assert_eq!(topic.is_ok(), is_topic(left), "{left:?}: {topic:?}");
    let selector: Result<Selector, _> = right.parse();
    let start = right.strip_suffix("/*");
    let start = start.or_else(|| right.strip_suffix('*').filter(|stem| stem.ends_with('~')));
    let is_selector =
        right.len() <= MAX_TOPIC_BYTES && (right == "*" || is_topic(start.unwrap_or(right)));
    assert_eq!(selector.is_ok(), is_selector, "{right:?}: {selector:?}");
    assert!(is_topic(Topic::metrics(left).as_str()), "{left:?}");
    assert!(Topic::metrics(left).is_latest_wins());
    if let Ok(topic) = &topic {
        assert_eq!(topic.to_string(), left);
        for selector in [format!("{left}/*"), left.to_owned(), format!("{left}x/*")] {
            let matches = selector.parse().map(|selector: Selector| selector.matches(topic));
            assert!(matches.is_err() || matches == Ok(selector == left), "{selector} and {left}");
        }
        for (at, _) in left.match_indices('/') {
            let above: Selector = format!("{}/*", &left[..at]).parse().unwrap();
            assert!(above.matches(topic), "{above} and {left}");
        }
    }
    let (Ok(topic), Ok(selector)) = (topic, selector) else { return };
    assert_eq!((topic.to_string().as_str(), selector.to_string().as_str()), (left, right));
    let is_named = matches!(left.split('/').next(), Some("users" | "notifications" | "jobs"));
    let matches = match right.strip_suffix('*') {
        Some("") => !is_named,
        Some(prefix) => left.len() > prefix.len() && left.starts_with(prefix),
        None => left == right,
    };
    assert_eq!(selector.matches(&topic), matches, "{right} and {left}");
});
