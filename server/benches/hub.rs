//! What the hub's parts cost by themselves, without a socket.
//!
//! ```text
//! cargo bench -p tidings-server --bench hub
//! ```
//!
//! `cargo xtask bench` measures the whole server; this says where a change of its figures comes from.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a bench that cannot run has nothing to say"
)]

use std::collections::HashSet;
use std::future::Ready;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::{Selector, Topic};
use tidings_server::hub::{
    Boundary, Durability, Event, Hub, HubLimits, Item, Journal, JournalError, Page, PageRequest,
    Pages, Recovered, RecoveredTopic, Retention, Start,
};
use tidings_server::sse::frame::{self, Form};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

/// Events of a replay: as many as a topic holds by default.
const REPLAY: u64 = 10_000;

/// As many topics as a hub has by default.
const TOPICS: u64 = 10_000;

/// What a journal answers.
type Done<T> = BoxFuture<'static, Result<T, JournalError>>;

fn ready<T>(done: T) -> Ready<Result<T, JournalError>> {
    std::future::ready(Ok(done))
}

fn topic_of(seq: u64) -> Topic {
    format!("bench/{seq:05}").parse().expect("a topic")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime needs nothing that could be missing")
}

fn topic() -> (Topic, Vec<Selector>) {
    let selector = "bench/hub".parse().expect("a topic selects itself");
    ("bench/hub".parse().expect("a topic"), vec![selector])
}

/// JSON of so many bytes.
fn payload(size: usize) -> Bytes {
    Bytes::from(format!("\"{}\"", "x".repeat(size - 2)))
}

async fn publish(hub: &Hub, topic: &Topic, data: &Bytes) {
    let published = hub.publish(topic, EventType::update(), data.clone()).await;
    black_box(published.expect("the hub is open"));
}

/// An event as the hub gives it out.
fn event(size: usize) -> Arc<Event> {
    runtime().block_on(async {
        let (hub, (topic, selectors)) = (Hub::new(HubLimits::default()), topic());
        let mut subscription = hub.subscribe(selectors, Start::Fresh);
        publish(&hub, &topic, &payload(size)).await;
        match subscription.next().await {
            Some(Item::Event(event)) => event,
            other => panic!("an event was published, and {other:?} came"),
        }
    })
}

/// One event to the bytes on the wire.
fn encode(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("encode");
    for size in [200, 5_000] {
        let event = event(size);
        group.throughput(Throughput::Bytes(size as u64));
        for form in [Form::Named, Form::Unnamed] {
            let id = BenchmarkId::new(format!("{form:?}"), size);
            group.bench_function(id, |bencher| {
                bencher.iter(|| frame::event(black_box(&event), form).chunked());
            });
        }
    }
    group.finish();
}

/// One event from the publisher until each of so many tasks has it.
fn fan_out(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("publish");
    for subscribers in [1, 100, 10_000] {
        let (runtime, hub) = (runtime(), Hub::new(HubLimits::default()));
        let ((topic, selectors), data) = (topic(), payload(200));
        let left = Arc::new(AtomicUsize::new(0));
        let all = Arc::new(Notify::new());
        for _ in 0..subscribers {
            let mut subscription = hub.subscribe(selectors.clone(), Start::Fresh);
            let (left, all) = (Arc::clone(&left), Arc::clone(&all));
            runtime.spawn(async move {
                while let Some(item) = subscription.next().await {
                    black_box(item);
                    if left.fetch_sub(1, Ordering::Relaxed) == 1 {
                        all.notify_one();
                    }
                }
            });
        }
        group.throughput(Throughput::Elements(subscribers as u64));
        group.bench_function(BenchmarkId::from_parameter(subscribers), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    left.store(subscribers, Ordering::Relaxed);
                    publish(&hub, &topic, &data).await;
                    all.notified().await;
                });
            });
        });
    }
    group.finish();
}

/// A topic's whole history to a subscriber that has seen its first event.
fn replay(criterion: &mut Criterion) {
    let (runtime, hub) = (runtime(), Hub::new(HubLimits::default()));
    let ((topic, selectors), data) = (topic(), payload(200));
    let first = runtime.block_on(async {
        publish(&hub, &topic, &data).await;
        let first = hub.head();
        for _ in 0..REPLAY - 1 {
            publish(&hub, &topic, &data).await;
        }
        first
    });
    let mut group = criterion.benchmark_group("replay");
    group.throughput(Throughput::Elements(REPLAY - 1));
    group.bench_function(BenchmarkId::from_parameter(REPLAY), |bencher| {
        let subscribe = || hub.subscribe(selectors.clone(), Start::After(first));
        let read = |mut subscription: tidings_server::hub::Subscription| {
            runtime.block_on(async {
                for _ in 0..REPLAY - 1 {
                    let item = subscription.next().await;
                    assert!(matches!(black_box(item), Some(Item::Event(_))));
                }
            });
            subscription
        };
        bencher.iter_batched(subscribe, read, BatchSize::PerIteration);
    });
    group.finish();
}

/// A journal that holds events and never fails.
#[derive(Debug)]
struct Shelf(Vec<Arc<Event>>);

impl Shelf {
    /// One event of each of so many topics.
    fn new(topics: u64) -> Self {
        let event = |seq| {
            let topic = topic_of(seq);
            let id = EventId { epoch: 1, seq };
            Arc::new(Event::new(id, topic, EventType::update(), 0, payload(200)))
        };
        Self((1..=topics).map(event).collect())
    }

    fn recovered(&self) -> Recovered {
        let topic = |event: &Arc<Event>| RecoveredTopic {
            topic: event.topic.clone(),
            evicted: 0,
            newest: event.id.seq,
            events: 1,
            bytes: event.data.len(),
        };
        let topics = self.0.iter().map(topic).collect();
        Recovered { epoch: 1, head: self.0.len() as u64, topics }
    }
}

impl Pages for Shelf {
    fn page(self: Arc<Self>, ask: PageRequest) -> Done<Page> {
        let wanted: HashSet<_> = ask.topics.iter().collect();
        let first = self.0.partition_point(|event| event.id.seq <= ask.after);
        let last = self.0.partition_point(|event| event.id.seq <= ask.upto);
        let found = self.0[first..last].iter().filter(|event| wanted.contains(&event.topic));
        let events: Vec<_> = found.take(ask.max_events).cloned().collect();
        let reached = events.last().map_or(ask.upto, |event| event.id.seq);
        ready(Page { events, reached, evicted: Vec::new() }).boxed()
    }
}

impl Journal for Shelf {
    fn append(self: Arc<Self>, _: Vec<Arc<Event>>, _: u64) -> Done<()> {
        ready(()).boxed()
    }

    fn aged(self: Arc<Self>, _: Duration, _: u64) -> Done<Vec<Topic>> {
        ready(Vec::new()).boxed()
    }

    fn boundary(self: Arc<Self>, _: Topic, _: u64, _: Retention, _: u64) -> Done<Boundary> {
        ready(Boundary::default()).boxed()
    }

    fn trim(self: Arc<Self>, _: Vec<(Topic, u64)>) -> Done<()> {
        ready(()).boxed()
    }

    fn check(self: Arc<Self>) -> Done<()> {
        ready(()).boxed()
    }

    fn end(self: Arc<Self>, _: u64) -> Done<()> {
        ready(()).boxed()
    }
}

/// `*` from the beginning, over topics that have one event each, in memory and in a journal.
fn replay_of_many(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("replay of many topics");
    group.sample_size(10).throughput(Throughput::Elements(TOPICS));
    let selectors = || vec!["*".parse::<Selector>().expect("it is one")];
    let read = |mut subscription: tidings_server::hub::Subscription| {
        runtime().block_on(async {
            for _ in 0..TOPICS {
                let item = subscription.next().await;
                assert!(matches!(black_box(item), Some(Item::Event(_))));
            }
        });
        subscription
    };
    let memory = Hub::new(HubLimits::default());
    runtime().block_on(async {
        for seq in 1..=TOPICS {
            publish(&memory, &topic_of(seq), &payload(200)).await;
        }
    });
    let shelf = Shelf::new(TOPICS);
    let recovered = shelf.recovered();
    let (journal, _writer, _keeper) =
        Hub::recover(HubLimits::default(), &recovered, Arc::new(shelf), Durability::Relaxed);
    for (name, hub) in [("memory", memory), ("journal", journal)] {
        let first = EventId { seq: 0, ..hub.head() };
        group.bench_function(BenchmarkId::new(name, TOPICS), |bencher| {
            let subscribe = || hub.subscribe(selectors(), Start::After(first));
            bencher.iter_batched(subscribe, read, BatchSize::PerIteration);
        });
    }
    group.finish();
}

criterion_group!(benches, encode, fan_out, replay, replay_of_many);
criterion_main!(benches);
