//! What all topics together hold in memory.

use super::*;

/// A hub that holds so many bytes in memory, and has no journal.
fn small(memory_bytes: usize) -> Hub {
    Hub::with_epoch(HubLimits { memory_bytes, ..HubLimits::default() }, 0x2a)
}

#[test]
fn all_topics_together_keep_to_what_memory_there_is() {
    let hub = small(20 << 10);
    for n in 0..100 {
        publish(&hub, &format!("a/{}", n % 2));
    }
    assert!(hub.held() <= 20 << 10, "{}", hub.held());
    let mut subscription = subscribe(&hub, &["a/*"], after(0));
    assert!(next_gap(&mut subscription).to.unwrap().seq > 60);
    assert!(drain(&mut subscription).len() > 20, "and use it");
}

#[test]
fn topics_of_one_large_event_each_keep_to_what_memory_there_is_and_the_oldest_go() {
    let hub = small(1 << 20);
    for n in 1..=100 {
        let large = Bytes::from(vec![b'1'; 64 << 10]);
        try_publish(&hub, &format!("a/{n}"), large).unwrap();
        assert!(hub.held() <= 1 << 20, "{} with {n} topics", hub.held());
    }
    let mut subscription = subscribe(&hub, &["a/*"], after(94));
    let gap = next_gap(&mut subscription);
    assert_eq!((gap.reason, gap.topics.as_slice()), (GapReason::Evicted, &["a/95".into()][..]));
    assert_eq!(drain(&mut subscription), [96, 97, 98, 99, 100]);
}

#[test]
fn what_is_larger_than_memory_is_there_until_the_next_event() {
    let hub = small(1_000);
    let mut subscription = subscribe(&hub, &["*"], Start::Fresh);
    for n in 1..=3 {
        let large = Bytes::from(vec![b'1'; 64 << 10]);
        try_publish(&hub, &format!("a/{n}"), large).unwrap();
        hub.sweep();
        assert_eq!(drain(&mut subscription), [n]);
    }
    assert_eq!(hub.held(), 3 * (64 << 10) + 768);
}

#[test]
fn the_newest_of_a_latest_wins_topic_stays_however_full_memory_is() {
    let hub = small(10_000);
    publish(&hub, "metrics/box");
    for _ in 0..100 {
        publish(&hub, "a");
    }
    assert_eq!(drain(&mut subscribe(&hub, &["metrics/*"], Start::Fresh)), [1]);
}

#[test]
fn a_topic_that_was_emptied_makes_room_again_once_it_has_events() {
    let hub = small(2_000);
    for topic in ["a", "b", "c", "a", "b", "c", "a", "a", "a"] {
        publish(&hub, topic);
        assert!(hub.held() <= 2_000, "{}", hub.held());
    }
    assert_eq!(drain(&mut subscribe(&hub, &["a", "b", "c"], after(6))), [-7, 8, 9]);
}
