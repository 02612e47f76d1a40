//! Whom a topic reaches.

use proptest::prelude::*;
use tidings_protocol::topic::Topic;

use super::*;

/// A topic of a few short segments.
const TOPIC: &str = "(a|ab|a-b|a~|a~b|jobs|users|u|u~|u~1|metrics)(/(a|a-b|a~|a~b|u|u~|u~1)){0,2}";

fn selector() -> impl Strategy<Value = String> {
    let below = TOPIC.prop_map(|topic| format!("{topic}/*"));
    let stem = TOPIC.prop_map(|topic| format!("{topic}~*"));
    prop_oneof![Just("*".to_owned()), TOPIC, below, stem]
}

proptest! {
    #[test]
    fn a_selector_joins_the_topics_it_matches_whether_they_are_there_or_come_later(
        before in proptest::collection::btree_set(TOPIC, 0..12),
        later in proptest::collection::btree_set(TOPIC, 0..12),
        selectors in proptest::collection::vec(selector(), 1..4),
    ) {
        let hub = hub(10);
        before.iter().for_each(|topic| _ = publish(&hub, topic));
        let parsed: Vec<Selector> = selectors.iter().map(|s| s.parse().unwrap()).collect();
        let mut subscription = hub.subscribe(parsed.clone(), after(0));
        later.difference(&before).for_each(|topic| _ = publish(&hub, topic));
        let all = before.iter().chain(later.difference(&before));
        let expected: Vec<i64> = (1..)
            .zip(all)
            .filter(|(_, topic)| {
                let topic: Topic = topic.parse().unwrap();
                parsed.iter().any(|selector| selector.matches(&topic))
            })
            .map(|(seq, _)| seq)
            .collect();
        prop_assert_eq!(drain(&mut subscription), expected);
    }
}
