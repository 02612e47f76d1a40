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

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use tidings_protocol::event::EventType;
use tidings_protocol::topic::{Selector, Topic};
use tidings_server::hub::{Event, Hub, HubLimits, Item, Start};
use tidings_server::sse::frame::{self, Form};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Notify;

/// Events of a replay: as many as a topic holds by default.
const REPLAY: u64 = 10_000;

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

criterion_group!(benches, encode, fan_out, replay);
criterion_main!(benches);
