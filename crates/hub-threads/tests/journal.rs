//! Threads of a hub with a journal, in thousands of the orders they can take turns in: pages that meet what is live
//! while events leave memory, and the journal.
//!
//! The journal holds rows under a lock, and each of its futures is ready when it is polled. Time stands still.

#![expect(clippy::unwrap_used, reason = "a failure here fails the test")]

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hub_threads::hub::{
    Boundary, Durability, Event, Hub, HubLimits, Item, Journal, JournalError, Page, PageRequest,
    Pages, Recovered, RecoveredTopic, Retention, Start,
};
use shuttle::future::block_on;
use shuttle::sync::Mutex;
use shuttle::thread;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;

const SCHEDULES: usize = 2_000;

const EPOCH: u32 = 0x2a;

/// What the payload `{}` counts for in memory: the newest event stays, however little there may be.
const WEIGHT: usize = 3 * 2 + 768;

type Done<T> = BoxFuture<'static, Result<T, JournalError>>;

/// What the journal holds, in its order.
#[derive(Debug)]
struct Rows(Mutex<Vec<Arc<Event>>>);

impl Rows {
    /// These events of topic `a`.
    fn of_a(numbers: RangeInclusive<u64>) -> (Arc<Self>, Recovered) {
        let topic: Topic = "a".parse().unwrap();
        let event = |seq| {
            let id = EventId { epoch: EPOCH, seq };
            let data = Bytes::from_static(b"{}");
            Arc::new(Event::new(id, topic.clone(), EventType::update(), u64::MAX, data))
        };
        let rows: Vec<_> = numbers.clone().map(event).collect();
        let head = *numbers.end();
        let bytes = rows.iter().map(|row| row.data.len()).sum();
        let recovered = RecoveredTopic {
            topic: topic.clone(),
            evicted: 0,
            newest: head,
            events: rows.len(),
            bytes,
        };
        let recovered = Recovered { epoch: EPOCH, head, topics: vec![recovered] };
        (Arc::new(Self(Mutex::new(rows))), recovered)
    }

    /// Does it when it is polled, for whatever may happen before.
    fn with<T: 'static>(
        self: Arc<Self>,
        work: impl FnOnce(&mut Vec<Arc<Event>>) -> T + Send + 'static,
    ) -> Done<T> {
        async move { Ok(work(&mut self.0.lock().unwrap())) }.boxed()
    }
}

impl Pages for Rows {
    fn page(self: Arc<Self>, ask: PageRequest) -> Done<Page> {
        self.with(move |rows| {
            let wanted = |row: &&Arc<Event>| {
                row.id.seq > ask.after && row.id.seq <= ask.upto && ask.topics.contains(&row.topic)
            };
            // Small pages: a replay is to take several.
            let events: Vec<_> = rows.iter().filter(wanted).take(2).cloned().collect();
            let reached = events.last().map_or(ask.upto, |event| event.id.seq);
            Page { events, reached, evicted: Vec::new() }
        })
    }
}

impl Journal for Rows {
    fn append(self: Arc<Self>, events: Vec<Arc<Event>>, _: u64) -> Done<()> {
        self.with(|rows| rows.extend(events))
    }

    fn aged(self: Arc<Self>, _: Duration, _: u64) -> Done<Vec<Topic>> {
        self.with(|_| Vec::new())
    }

    fn boundary(
        self: Arc<Self>,
        topic: Topic,
        upto: u64,
        retention: Retention,
        _: u64,
    ) -> Done<Boundary> {
        self.with(move |rows| {
            let of_topic = rows.iter().filter(|row| row.topic == topic && row.id.seq <= upto);
            let mut newest_first = of_topic.rev();
            let kept: Vec<_> = newest_first.by_ref().take(retention.events).collect();
            Boundary {
                evicted: newest_first.next().map_or(0, |row| row.id.seq),
                events: kept.len(),
                bytes: kept.iter().map(|row| row.data.len()).sum(),
            }
        })
    }

    fn trim(self: Arc<Self>, cuts: Vec<(Topic, u64)>) -> Done<()> {
        self.with(move |rows| {
            let is_cut =
                |row: &Event| cuts.iter().any(|(t, to)| *t == row.topic && row.id.seq <= *to);
            rows.retain(|row| !is_cut(row));
        })
    }

    fn check(self: Arc<Self>) -> Done<()> {
        self.with(|_| ())
    }

    fn end(self: Arc<Self>, _: u64) -> Done<()> {
        self.with(|_| ())
    }
}

/// Publishes to each of `topics` from a thread of its own, beside the writer, the keeper's first look, and a reader
/// of all topics from the beginning. What the reader got: each number is read, or lies in a gap.
fn read_beside(
    limits: HubLimits,
    kept: RangeInclusive<u64>,
    topics: &[&[&'static str]],
) -> Vec<u64> {
    let (rows, recovered) = Rows::of_a(kept.clone());
    let (hub, writer, keeper) = Hub::recover(limits, &recovered, rows, Durability::Durable);
    let tasks = [
        thread::spawn(move || block_on(writer.run())),
        thread::spawn(move || block_on(keeper.run())),
    ];
    let publishers: Vec<_> = topics
        .iter()
        .map(|topics| {
            let (hub, topics) = (hub.clone(), topics.to_vec());
            thread::spawn(move || {
                for topic in topics {
                    let (topic, data) = (topic.parse().unwrap(), Bytes::from_static(b"{}"));
                    block_on(hub.publish(&topic, EventType::update(), data)).unwrap();
                }
            })
        })
        .collect();
    let last = kept.end() + topics.iter().map(|topics| topics.len() as u64).sum::<u64>();
    let start = Start::After(EventId { epoch: EPOCH, seq: 0 });
    let mut subscription = hub.subscribe(vec!["*".parse().unwrap()], start);
    let (mut seen, mut position) = (Vec::new(), 0);
    while position < last {
        match block_on(subscription.next()).unwrap() {
            Item::Event(event) => {
                assert_eq!(event.id.seq, position + 1, "{seen:?}, and then silence");
                seen.push(event.id.seq);
                position = event.id.seq;
            }
            Item::Gap(id, gap) => {
                assert_eq!((gap.from.unwrap().seq, gap.to), (position, Some(id)));
                position = id.seq;
            }
        }
    }
    for publisher in publishers {
        publisher.join().unwrap();
    }
    hub.close();
    for task in tasks {
        task.join().unwrap();
    }
    hub.sweep();
    assert!(hub.held() <= limits.memory_bytes.max(WEIGHT), "{} bytes", hub.held());
    seen
}

/// Checks a schedule where nobody moves the clock.
fn check(run: impl Fn() + Send + Sync + Clone + 'static) {
    let mut clock = tokio::runtime::Builder::new_current_thread();
    let clock = clock.enable_time().start_paused(true).build().unwrap();
    let _guard = clock.enter();
    shuttle::check_random(run.clone(), SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

fn limits() -> HubLimits {
    HubLimits { topics: 100, ..HubLimits::default() }
}

#[test]
fn pages_meet_what_is_live_while_a_topic_lets_go_of_all_but_its_newest() {
    check(|| {
        let limits = HubLimits { memory_events: 1, ..limits() };
        let seen = read_beside(limits, 1..=3, &[&["a", "a"], &["b", "a"]]);
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    });
}

#[test]
fn pages_meet_what_is_live_while_all_topics_together_let_go_of_all_but_the_newest() {
    check(|| {
        let limits = HubLimits { memory_bytes: 1, ..limits() };
        let seen = read_beside(limits, 1..=3, &[&["a", "b"], &["b", "a"]]);
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7]);
    });
}

#[test]
fn pages_of_many_topics_meet_what_is_live() {
    check(|| {
        let limits = HubLimits { memory_bytes: 1, ..limits() };
        let seen = read_beside(limits, 1..=2, &[&["b", "c", "a"], &["d", "e", "f"]]);
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 7, 8]);
    });
}

#[test]
fn what_the_journal_lets_go_of_while_it_is_read_is_told_and_the_rest_is_not_lost() {
    check(|| {
        let retention = Retention { events: 2, ..Retention::default() };
        let limits = HubLimits { retention, memory_events: 1, ..limits() };
        let seen = read_beside(limits, 1..=5, &[&["a"], &["b"]]);
        // Two of `a` are history, and the one of `b`.
        assert!(seen.ends_with(&[5, 6, 7]), "{seen:?}");
    });
}
