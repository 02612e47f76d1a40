use std::time::Duration;

use futures_util::FutureExt;
use tidings_protocol::event::{Gap, GapReason};

use super::*;

mod forget;
mod memory;
mod selectors;
mod waking;

fn hub(events: usize) -> Hub {
    let retention = Retention { events, ..Retention::default() };
    Hub::with_epoch(HubLimits { retention, topics: 100, ..HubLimits::default() }, 0x2a)
}

fn publish(hub: &Hub, topic: &str) -> u64 {
    let data = Bytes::from_static(b"{}");
    try_publish(hub, topic, data).unwrap().seq
}

/// A hub without a journal takes an event at once.
fn try_publish(hub: &Hub, topic: &str, data: Bytes) -> Result<EventId, PublishError> {
    let topic = topic.parse().unwrap();
    hub.publish(&topic, EventType::update(), data).now_or_never().unwrap()
}

fn subscribe(hub: &Hub, selectors: &[&str], start: Start) -> Subscription {
    hub.subscribe(selectors.iter().map(|s| s.parse().unwrap()).collect(), start)
}

fn after(seq: u64) -> Start {
    Start::After(EventId { epoch: 0x2a, seq })
}

#[test]
fn what_a_bus_needs_costs_a_subscription_without_one_nothing() {
    // As it was before there were buses: of these there are as many as there are readers.
    assert_eq!(size_of::<Subscription>(), 240);
    let hub = hub(1);
    assert!(subscribe(&hub, &["a"], Start::Fresh).take_away().is_none());
}

/// What can be read without waiting: sequence numbers, gaps as negative ones.
fn drain(subscription: &mut Subscription) -> Vec<i64> {
    let mut seen = Vec::new();
    while let Some(Some(item)) = subscription.next().now_or_never() {
        seen.push(match item {
            Item::Event(event) => i64::try_from(event.id.seq).unwrap(),
            Item::Gap(id, _) => -i64::try_from(id.seq).unwrap(),
        });
    }
    seen
}

fn next_gap(subscription: &mut Subscription) -> Gap {
    match subscription.next().now_or_never() {
        Some(Some(Item::Gap(_, gap))) => gap,
        other => panic!("a gap, not {other:?}"),
    }
}

#[test]
fn a_fresh_subscriber_reads_what_comes_next_in_one_order_across_topics() {
    let hub = hub(10);
    publish(&hub, "a");
    let mut subscription = subscribe(&hub, &["a", "b/*"], Start::Fresh);
    assert!(drain(&mut subscription).is_empty());
    for topic in ["b/x", "a", "c", "b/y", "a"] {
        publish(&hub, topic);
    }
    assert_eq!(drain(&mut subscription), [2, 3, 5, 6]);
}

#[test]
fn a_subscriber_who_asks_for_the_recent_gets_the_newest_of_each_topic_and_then_what_comes() {
    let hub = hub(3);
    for topic in ["a", "a", "a", "a", "b/x", "c", "metrics/m", "metrics/m"] {
        publish(&hub, topic);
    }
    let recent = |most| {
        let mut subscription = subscribe(&hub, &["a", "b/*", "metrics/*"], Start::Recent(most));
        (subscription.position().seq, drain(&mut subscription))
    };
    assert_eq!(recent(4), (2, vec![3, 4, 5, 8]), "two of each topic");
    assert_eq!(recent(1), (4, vec![5, 8]), "of more topics than events, those with the newest");
    assert_eq!(recent(100), (1, vec![2, 3, 4, 5, 8]), "what is gone was not asked for: no gap");
    let mut subscription = subscribe(&hub, &["a", "new"], Start::Recent(1));
    publish(&hub, "a");
    publish(&hub, "new");
    assert_eq!(drain(&mut subscription), [4, 9, 10]);
}

#[test]
fn a_resumed_subscriber_reads_exactly_what_lies_behind_its_cursor() {
    let hub = hub(10);
    for _ in 0..5 {
        publish(&hub, "a");
    }
    let mut subscription = subscribe(&hub, &["a"], after(2));
    assert_eq!(subscription.position().seq, 2);
    assert_eq!(drain(&mut subscription), [3, 4, 5]);
    publish(&hub, "a");
    assert_eq!(drain(&mut subscription), [6]);
}

#[test]
fn what_history_no_longer_holds_is_told_as_evicted_before_the_oldest_kept() {
    let hub = hub(2);
    for _ in 0..5 {
        publish(&hub, "a");
    }
    let mut subscription = subscribe(&hub, &["a"], after(1));
    let gap = next_gap(&mut subscription);
    assert_eq!(
        (gap.reason, gap.from.unwrap().seq, gap.to.unwrap().seq),
        (GapReason::Evicted, 1, 3)
    );
    assert_eq!(gap.topics, ["a"]);
    assert_eq!(drain(&mut subscription), [4, 5]);
}

#[test]
fn a_gap_stands_at_its_place_among_the_events_of_other_topics() {
    let hub = hub(1);
    publish(&hub, "b"); // 1, kept
    publish(&hub, "a"); // 2, evicted
    publish(&hub, "a"); // 3, evicted
    publish(&hub, "a"); // 4, kept
    let mut subscription = subscribe(&hub, &["a", "b"], after(0));
    assert_eq!(drain(&mut subscription), [1, -3, 4]);
}

#[test]
fn whoever_resumes_between_two_events_has_been_told_of_all_that_is_lost_before() {
    let hub = hub(1);
    publish(&hub, "a"); // 1, evicted
    publish(&hub, "b"); // 2, kept
    publish(&hub, "a"); // 3, evicted
    publish(&hub, "a"); // 4, kept
    let mut subscription = subscribe(&hub, &["a", "b"], after(0));
    assert_eq!(drain(&mut subscription), [-1, 2, -3, 4]);
}

#[test]
fn topics_that_lose_events_at_once_are_told_in_one_gap() {
    let hub = hub(1);
    for topic in ["a", "b", "a", "b", "c"] {
        publish(&hub, topic);
    }
    let mut subscription = subscribe(&hub, &["*"], after(0));
    let gap = next_gap(&mut subscription);
    assert_eq!((gap.topics.as_slice(), gap.to.unwrap().seq), (&["a".into(), "b".into()][..], 1));
    assert_eq!(next_gap(&mut subscription).topics, ["b"]);
    assert_eq!(drain(&mut subscription), [3, 4, 5]);
}

#[test]
fn a_cursor_without_use_does_not_hide_what_a_topic_lost_behind_the_oldest_kept() {
    let hub = hub(1);
    publish(&hub, "b"); // 1, kept
    publish(&hub, "a"); // 2, evicted
    publish(&hub, "a"); // 3, kept
    let mut subscription = subscribe(&hub, &["a", "b"], Start::Malformed);
    assert_eq!(drain(&mut subscription), [0, 1, -2, 3]);
}

#[test]
fn a_gap_never_shares_its_id_with_an_event() {
    let hub = hub(1);
    publish(&hub, "a"); // 1, evicted
    publish(&hub, "b"); // 2
    let mut subscription = subscribe(&hub, &["a", "b"], after(0));
    publish(&hub, "a"); // 3, evicted
    publish(&hub, "a"); // 4
    // What a reader sees that looked at the head before the last two events came.
    hub.0.era.commit(2);
    assert_eq!(drain(&mut subscription), [-1, 2]);
    hub.0.era.commit(4);
    assert_eq!(drain(&mut subscription), [-3, 4]);
}

#[test]
fn a_subscriber_that_falls_behind_is_told_and_goes_on() {
    let hub = hub(2);
    let mut subscription = subscribe(&hub, &["a"], Start::Fresh);
    for _ in 0..5 {
        publish(&hub, "a");
    }
    let gap = next_gap(&mut subscription);
    assert_eq!((gap.reason, gap.to.unwrap().seq), (GapReason::SlowConsumer, 3));
    assert_eq!(drain(&mut subscription), [4, 5]);
}

#[test]
fn a_cursor_of_another_epoch_or_beyond_the_head_is_unknown_and_history_follows() {
    let hub = hub(2);
    for _ in 0..3 {
        publish(&hub, "a");
    }
    for start in [Start::After(EventId { epoch: 1, seq: 2 }), after(4)] {
        let mut subscription = subscribe(&hub, &["a"], start);
        assert_eq!(subscription.position().seq, 1, "the id before the oldest that is replayed");
        let gap = next_gap(&mut subscription);
        assert_eq!((gap.reason, gap.from, gap.to.unwrap().seq), (GapReason::UnknownEpoch, None, 1));
        assert_eq!(drain(&mut subscription), [2, 3]);
    }
}

#[test]
fn a_malformed_cursor_is_told_and_history_follows() {
    let hub = hub(2);
    publish(&hub, "a");
    let mut subscription = subscribe(&hub, &["a"], Start::Malformed);
    assert_eq!(next_gap(&mut subscription).reason, GapReason::MalformedCursor);
    assert_eq!(drain(&mut subscription), [1]);
}

#[test]
fn a_latest_wins_topic_skips_to_the_newest_and_never_gaps() {
    let hub = hub(10);
    let mut slow = subscribe(&hub, &["metrics/*"], Start::Fresh);
    for _ in 0..5 {
        publish(&hub, "metrics/box");
    }
    assert_eq!(drain(&mut slow), [5]);
    assert_eq!(drain(&mut subscribe(&hub, &["metrics/*"], after(1))), [5]);
    assert!(drain(&mut subscribe(&hub, &["metrics/*"], after(5))).is_empty());
}

#[test]
fn a_fresh_subscriber_gets_the_newest_of_a_latest_wins_topic_at_once_and_nothing_else_old() {
    let hub = hub(10);
    publish(&hub, "metrics/box");
    publish(&hub, "a");
    let mut subscription = subscribe(&hub, &["metrics/*", "a"], Start::Fresh);
    assert_eq!(subscription.position().seq, 0, "a disconnect now must not lose the newest");
    assert_eq!(drain(&mut subscription), [1]);
    publish(&hub, "a");
    assert_eq!(drain(&mut subscription), [3]);
}

#[test]
fn a_topic_that_comes_to_be_later_is_read_from_its_first_event() {
    let hub = hub(10);
    let mut by_prefix = subscribe(&hub, &["app/*"], Start::Fresh);
    let mut by_name = subscribe(&hub, &["app/1"], Start::Fresh);
    publish(&hub, "app/1");
    publish(&hub, "app/2");
    assert_eq!(drain(&mut by_prefix), [1, 2]);
    assert_eq!(drain(&mut by_name), [1]);
}

#[test]
fn a_star_joins_no_topic_of_one_user_whether_it_was_there_before_or_comes_later() {
    let hub = hub(10);
    publish(&hub, "users/before");
    let mut all = subscribe(&hub, &["*"], after(0));
    let mut named = subscribe(&hub, &["*", "users/later"], after(0));
    for topic in ["users/later", "notifications/later", "app"] {
        publish(&hub, topic);
    }
    assert_eq!(drain(&mut all), [4]);
    assert_eq!(drain(&mut named), [2, 4]);
}

#[test]
fn a_subscription_that_is_dropped_leaves_nothing_behind() {
    let hub = hub(10);
    publish(&hub, "a");
    let subscriptions: Vec<_> =
        (0..10).map(|_| subscribe(&hub, &["a", "app/*"], Start::Fresh)).collect();
    publish(&hub, "app/1"); // joined by all, adopted by none yet
    assert_eq!(hub.subscribers(), 10);
    drop(subscriptions);
    assert_eq!(hub.subscribers(), 0);
    assert_eq!(hub.readers(), 0);
}

#[test]
fn a_closed_hub_takes_nothing_and_its_subscribers_end_when_they_have_read_all() {
    let hub = hub(10);
    let mut subscription = subscribe(&hub, &["a"], Start::Fresh);
    publish(&hub, "a");
    hub.close();
    let refused = try_publish(&hub, "a", Bytes::new());
    assert!(matches!(refused, Err(PublishError::Closed)));
    assert!(matches!(subscription.next().now_or_never(), Some(Some(Item::Event(_)))));
    assert!(matches!(subscription.next().now_or_never(), Some(None)));
}

#[test]
fn history_is_bounded_in_bytes_and_keeps_the_newest_however_large() {
    let retention = Retention { bytes: 1_000, ..Retention::default() };
    let hub = Hub::with_epoch(HubLimits { retention, topics: 1, ..HubLimits::default() }, 0x2a);
    for size in [100, 100, 10_000] {
        try_publish(&hub, "a", vec![b'1'; size].into()).unwrap();
    }
    assert_eq!(drain(&mut subscribe(&hub, &["a"], after(0))), [-2, 3]);
}

#[test]
fn history_is_bounded_in_age() {
    let hub = hub(10);
    publish(&hub, "a");
    let log = hub.all_logs().remove(0);
    let day = Duration::from_secs(24 * 60 * 60).as_millis();
    log.sweep(clock::now_ms() + u64::try_from(day).unwrap() + 1_000, 0);
    assert_eq!(drain(&mut subscribe(&hub, &["a"], after(0))), [-1]);
}

#[test]
fn topics_are_bounded() {
    let hub = Hub::with_epoch(HubLimits { topics: 1, ..HubLimits::default() }, 0x2a);
    publish(&hub, "a");
    let refused = try_publish(&hub, "b", Bytes::new());
    assert!(matches!(refused, Err(PublishError::TooManyTopics(1))));
    publish(&hub, "a");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn publishers_and_subscribers_at_once_lose_and_reorder_nothing() {
    const EVENTS: u64 = 2_000;
    let hub = hub(100_000);
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let mut subscription = subscribe(&hub, &["a/*"], Start::Fresh);
            tokio::spawn(async move {
                let mut seen = Vec::new();
                while let Some(Item::Event(event)) = subscription.next().await {
                    seen.push(event.id.seq);
                }
                seen
            })
        })
        .collect();
    let publishers: Vec<_> = (0..4)
        .map(|n| {
            let hub = hub.clone();
            tokio::spawn(async move {
                for _ in 0..EVENTS / 4 {
                    publish(&hub, &format!("a/{n}"));
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    for publisher in publishers {
        publisher.await.unwrap();
    }
    hub.close();
    let all: Vec<_> = (1..=EVENTS).collect();
    for reader in readers {
        assert_eq!(reader.await.unwrap(), all);
    }
}

#[test]
fn history_holds_an_event_and_not_the_buffer_it_came_in() {
    let hub = hub(10);
    let buffer = Bytes::from(vec![b'1'; 8 << 10]);
    try_publish(&hub, "a", buffer.slice(..10)).unwrap();
    assert!(buffer.is_unique());
}

#[test]
fn a_reader_of_many_topics_misses_none_of_them() {
    let hub = hub(10);
    for n in 0..20 {
        publish(&hub, &format!("a/{n}"));
    }
    let mut subscription = subscribe(&hub, &["a/*"], after(0));
    assert_eq!(drain(&mut subscription), (1..=20).collect::<Vec<i64>>());
    // Some that it knows, some that are new, one that loses events meanwhile.
    for n in (0..60).step_by(3) {
        publish(&hub, &format!("a/{n}"));
    }
    assert_eq!(drain(&mut subscription), (21..=40).collect::<Vec<i64>>());
    for _ in 0..12 {
        publish(&hub, "a/1");
    }
    assert_eq!(drain(&mut subscription), [-42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52]);
}

#[test]
fn the_servers_own_topic_has_a_place_however_many_there_are() {
    let hub = Hub::with_epoch(HubLimits { topics: 1, ..HubLimits::default() }, 0x2a);
    publish(&hub, "a");
    hub.reserve(&"metrics/box".parse().unwrap());
    publish(&hub, "metrics/box");
    assert!(matches!(try_publish(&hub, "b", Bytes::new()), Err(PublishError::TooManyTopics(1))));
}
