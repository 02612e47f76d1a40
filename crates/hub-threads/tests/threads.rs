//! Threads of the hub, in thousands of the orders they can take turns in. A wake-up that is missing is a deadlock,
//! which shuttle reports, with the schedule to repeat it.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a failure here fails the test")]

use std::pin::pin;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::select;
use hub_threads::hub::{Hub, HubLimits, Item, Lane, Retention, Start, Subscription};
use shuttle::future::block_on;
use shuttle::thread;
use tidings_protocol::event::{EventId, EventType};
use tokio::sync::oneshot;

const SCHEDULES: usize = 4_000;

fn hub(events: usize) -> Hub {
    let retention = Retention { events, ..Retention::default() };
    Hub::new(HubLimits { retention, topics: 100, ..HubLimits::default() })
}

fn publish(hub: &Hub, topic: &str) -> EventId {
    let topic = topic.parse().unwrap();
    let data = Bytes::from_static(b"{}");
    hub.publish(&topic, EventType::update(), data).now_or_never().unwrap().unwrap()
}

fn subscribe(hub: &Hub, selectors: &[&str], seq: u64) -> Subscription {
    subscribe_in(None, hub, selectors, seq)
}

fn subscribe_in(lane: Option<&Lane>, hub: &Hub, selectors: &[&str], seq: u64) -> Subscription {
    let start = Start::After(EventId { seq, ..hub.head() });
    let selectors = selectors.iter().map(|selector| selector.parse().unwrap());
    hub.subscribe_in(lane, selectors.collect(), start)
}

/// Reads up to a number, and holds each item to its place; the numbers of events.
fn read_until(subscription: &mut Subscription, last: u64) -> Vec<u64> {
    let mut seen = Vec::new();
    let mut position = subscription.position();
    while position.seq < last {
        let id = match block_on(subscription.next()).expect("the hub is open") {
            Item::Event(event) => {
                seen.push(event.id.seq);
                event.id
            }
            Item::Gap(id, gap) => {
                assert_eq!((gap.from, gap.to), (Some(position), Some(id)));
                id
            }
        };
        assert!(id > position, "{id} after {position}");
        assert_eq!(subscription.position(), id);
        position = id;
    }
    seen
}

#[test]
fn replay_meets_what_is_live_and_every_sleeper_is_woken() {
    let run = || {
        let hub = hub(100);
        publish(&hub, "a/1");
        publish(&hub, "a/2");
        let publishers: Vec<_> = ["a/1", "a/3"]
            .into_iter()
            .map(|topic| {
                let hub = hub.clone();
                thread::spawn(move || [topic; 2].map(|topic| publish(&hub, topic)))
            })
            .collect();
        let mut subscription = subscribe(&hub, &["a/*", "a/3"], 0);
        assert_eq!(read_until(&mut subscription, 6), [1, 2, 3, 4, 5, 6]);
        for publisher in publishers {
            publisher.join().unwrap();
        }
    };
    shuttle::check_random(run, SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

#[test]
fn a_reader_of_many_topics_finds_what_came_to_any_of_them_in_order() {
    let run = || {
        let hub = hub(100);
        for topic in ["a/1", "a/2", "a/3", "a/4", "a/5"] {
            publish(&hub, topic);
        }
        let publishers: Vec<_> = [["a/1", "a/6"], ["a/2", "a/1"]]
            .into_iter()
            .map(|topics| {
                let hub = hub.clone();
                thread::spawn(move || topics.map(|topic| publish(&hub, topic)))
            })
            .collect();
        let mut subscription = subscribe(&hub, &["a/*"], 5);
        assert_eq!(read_until(&mut subscription, 9), [6, 7, 8, 9]);
        for publisher in publishers {
            publisher.join().unwrap();
        }
    };
    shuttle::check_random(run, SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

#[test]
fn what_is_lost_while_it_is_read_is_told_before_the_next_event() {
    let run = || {
        let hub = hub(1);
        publish(&hub, "a");
        publish(&hub, "b");
        let mut subscription = subscribe(&hub, &["a", "b"], 0);
        let publisher = thread::spawn(move || ["a", "b", "a"].map(|topic| publish(&hub, topic)));
        let seen = read_until(&mut subscription, 5);
        assert!(seen.ends_with(&[5]), "{seen:?}");
        publisher.join().unwrap();
    };
    shuttle::check_random(run, SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

#[test]
fn a_subscription_that_goes_while_topics_come_leaves_nothing_behind() {
    let run = || {
        let hub = hub(10);
        publish(&hub, "a/1");
        let subscription = subscribe(&hub, &["a/*", "a/2"], 0);
        let publisher = {
            let hub = hub.clone();
            thread::spawn(move || ["a/2", "a/3"].map(|topic| publish(&hub, topic)))
        };
        let reader = thread::spawn(move || {
            let mut subscription = subscription;
            read_until(&mut subscription, 1);
        });
        publisher.join().unwrap();
        reader.join().unwrap();
        assert_eq!((hub.subscribers(), hub.readers()), (0, 0));
    };
    shuttle::check_random(run, SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

#[test]
fn topics_that_are_forgotten_while_they_are_read_come_again_and_leave_nothing_behind() {
    let run = || {
        let hub = hub(10);
        for n in 1..=5 {
            publish(&hub, &format!("jobs/{n}"));
        }
        let mut subscription = subscribe(&hub, &["jobs/*", "jobs/1"], 0);
        let forgetter = {
            let hub = hub.clone();
            thread::spawn(move || {
                for topic in ["jobs/1", "jobs/6", "jobs/2"] {
                    publish(&hub, topic);
                    hub.forget(&topic.parse().unwrap()).now_or_never().unwrap();
                }
                publish(&hub, "jobs/1");
            })
        };
        let publisher = {
            let hub = hub.clone();
            thread::spawn(move || ["jobs/3", "jobs/3"].map(|topic| publish(&hub, topic)))
        };
        // Whatever it has missed, it has what is there.
        let seen = read_until(&mut subscription, 10);
        forgetter.join().unwrap();
        publisher.join().unwrap();
        assert!(seen.is_sorted(), "{seen:?}");
        let last = hub.head().seq;
        assert_eq!(last, 11);
        read_until(&mut subscription, last);
        assert_eq!(hub.readers(), 4);
        drop(subscription);
        assert_eq!((hub.subscribers(), hub.readers()), (0, 0));
    };
    shuttle::check_random(run, SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

#[test]
fn a_hub_that_closes_lets_go_of_whoever_has_read_all_of_it() {
    let run = || {
        let hub = hub(10);
        let mut subscription = subscribe(&hub, &["a"], 0);
        let closer = thread::spawn(move || {
            publish(&hub, "a");
            publish(&hub, "a");
            hub.close();
        });
        let mut seen = Vec::new();
        while let Some(Item::Event(event)) = block_on(subscription.next()) {
            seen.push(event.id.seq);
        }
        assert_eq!(seen, [1, 2]);
        closer.join().unwrap();
    };
    shuttle::check_random(run, SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

#[test]
fn the_readers_of_a_lane_are_woken_for_whatever_is_published_elsewhere() {
    let run = || {
        let hub = hub(100);
        let lane = Lane::default();
        let (stop, stopped) = oneshot::channel::<()>();
        let runner = {
            let lane = lane.clone();
            thread::spawn(move || {
                let run = pin!(lane.run());
                drop(block_on(select(run, stopped)));
            })
        };
        let publishers: Vec<_> = ["a", "b"]
            .into_iter()
            .map(|topic| {
                let hub = hub.clone();
                thread::spawn(move || [topic; 2].map(|topic| publish(&hub, topic)))
            })
            .collect();
        let mut subscription = subscribe_in(Some(&lane), &hub, &["a", "b"], 0);
        assert_eq!(read_until(&mut subscription, 4), [1, 2, 3, 4]);
        for publisher in publishers {
            publisher.join().unwrap();
        }
        stop.send(()).unwrap();
        runner.join().unwrap();
    };
    shuttle::check_random(run, SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}
