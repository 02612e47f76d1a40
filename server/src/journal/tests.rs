//! The hub over a real database, through restarts of every kind.

use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use tempfile::TempDir;
use tidings_protocol::event::{Gap, GapReason};
use tokio::task::JoinHandle;

use super::*;
use crate::hub::{Item, PublishError, Start, Subscription};
use crate::store::{FILE_NAME, SqliteStore};

struct Running {
    hub: Hub,
    store: Arc<dyn Store>,
    writer: JoinHandle<()>,
}

fn limits(events: usize, memory_events: usize) -> HubLimits {
    let retention = Retention { events, ..Retention::default() };
    HubLimits { retention, memory_events, topics: 1_000, ..HubLimits::default() }
}

async fn start(dir: &Path, limits: HubLimits, durability: Durability) -> Running {
    let durable = durability == Durability::Durable;
    let store = SqliteStore::open(&dir.join(FILE_NAME), durable).await.unwrap();
    let store: Arc<dyn Store> = Arc::new(store);
    let (hub, writer, keeper) = open_hub(Arc::clone(&store), limits, durability).await.unwrap();
    tokio::spawn(keeper.run());
    Running { hub, store, writer: tokio::spawn(writer.run()) }
}

impl Running {
    async fn publish(&self, topic: &str, n: usize) -> EventId {
        self.try_publish(topic, n.to_string().into()).await.unwrap()
    }

    async fn try_publish(&self, topic: &str, data: Bytes) -> Result<EventId, PublishError> {
        self.hub.publish(&topic.parse().unwrap(), EventType::update(), data).await
    }

    fn subscribe(&self, selectors: &[&str], start: Start) -> Subscription {
        self.hub.subscribe(selectors.iter().map(|s| s.parse().unwrap()).collect(), start)
    }

    async fn end(self) {
        self.hub.close();
        self.writer.await.unwrap();
        self.store.close().await;
    }

    /// As a crash has it: what is not in the store by now is lost.
    async fn crash(self) {
        self.writer.abort();
        let _ = self.writer.await;
        self.store.close().await;
    }
}

async fn next(subscription: &mut Subscription) -> Item {
    let next = tokio::time::timeout(Duration::from_secs(10), subscription.next());
    next.await.expect("an item in time").expect("the hub is open")
}

async fn read(subscription: &mut Subscription, count: usize) -> Vec<(u64, String)> {
    let mut seen = Vec::new();
    while seen.len() < count {
        match next(subscription).await {
            Item::Event(event) => seen.push((event.id.seq, event.topic.to_string())),
            Item::Gap(_, gap) => panic!("an event, not {gap:?}"),
        }
    }
    seen
}

async fn gap(subscription: &mut Subscription) -> Gap {
    match next(subscription).await {
        Item::Gap(_, gap) => gap,
        Item::Event(event) => panic!("a gap, not {event:?}"),
    }
}

#[tokio::test]
async fn history_survives_a_clean_restart_with_its_ids_and_its_order() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(1_000, 1_000), Durability::Relaxed).await;
    let mut expected = Vec::new();
    for n in 0..600 {
        let topic = ["app/a", "app/b", "other", "metrics/box"][n % 4];
        expected.push((server.publish(topic, n).await, topic));
    }
    server.end().await;

    let server = start(dir.path(), limits(1_000, 1_000), Durability::Relaxed).await;
    let cursor = expected[99].0;
    let mut subscription = server.subscribe(&["app/*", "metrics/*"], Start::After(cursor));
    assert_eq!(subscription.position(), cursor);
    let next = server.publish("app/b", 600).await;
    assert_eq!(next, EventId { seq: 601, ..cursor }, "the epoch stays and the numbers go on");
    let wanted = expected[100..].iter().filter(|(_, topic)| topic.starts_with("app/"));
    let mut wanted: Vec<_> = wanted.map(|(id, topic)| (id.seq, (*topic).to_owned())).collect();
    wanted.push((601, "app/b".to_owned()));
    assert_eq!(read(&mut subscription, wanted.len()).await, wanted);
    server.end().await;
}

#[tokio::test]
async fn the_newest_event_of_each_topic_is_there_behind_a_restart() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(100, 100), Durability::Relaxed).await;
    for n in 0..9 {
        server.publish(["app/a", "app/b", "app/b"][n % 3], n).await;
    }
    server.end().await;

    let server = start(dir.path(), limits(100, 100), Durability::Relaxed).await;
    let mut subscription = server.subscribe(&["app/*"], Start::Recent(50));
    let next = server.publish("app/b", 9).await.seq;
    let expected = [(7, "app/a"), (9, "app/b"), (next, "app/b")];
    let expected = expected.map(|(seq, topic)| (seq, topic.to_owned()));
    assert_eq!(read(&mut subscription, 3).await, expected);
    server.end().await;
}

#[tokio::test]
async fn an_unclean_end_begins_a_new_epoch_where_nothing_was_promised() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(100, 100), Durability::Relaxed).await;
    let id = server.publish("app/a", 1).await;
    server.crash().await;

    let server = start(dir.path(), limits(100, 100), Durability::Relaxed).await;
    let mut subscription = server.subscribe(&["app/a"], Start::After(id));
    assert_eq!(gap(&mut subscription).await.reason, GapReason::UnknownEpoch);
    assert_ne!(server.publish("app/a", 2).await.epoch, id.epoch);
    server.end().await;
}

#[tokio::test]
async fn what_a_durable_hub_has_acknowledged_survives_a_crash_and_no_id_comes_again() {
    let dir = TempDir::new().unwrap();
    let mut last = None;
    let mut expected = Vec::new();
    for round in 0..5 {
        let server = start(dir.path(), limits(1_000, 10), Durability::Durable).await;
        for n in 0..30 {
            let topic = if n % 3 == 0 { "metrics/box" } else { "app/a" };
            let id = server.publish(topic, n).await;
            assert!(last.is_none_or(|last| id > last), "{id} after {last:?} in round {round}");
            last = Some(id);
            if topic == "app/a" {
                expected.push((id.seq, topic.to_owned()));
            }
        }
        let first = EventId { seq: 0, ..last.unwrap() };
        let mut subscription = server.subscribe(&["app/*"], Start::After(first));
        assert_eq!(read(&mut subscription, expected.len()).await, expected);
        server.crash().await;
    }
}

#[tokio::test]
async fn a_run_that_was_durable_is_trusted_by_one_that_is_not() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(100, 100), Durability::Durable).await;
    let id = server.publish("app/a", 1).await;
    server.crash().await;
    let server = start(dir.path(), limits(100, 100), Durability::Relaxed).await;
    let mut subscription = server.subscribe(&["app/a"], Start::After(EventId { seq: 0, ..id }));
    assert_eq!(read(&mut subscription, 1).await, [(id.seq, "app/a".to_owned())]);
    server.crash().await;
    let server = start(dir.path(), limits(100, 100), Durability::Durable).await;
    let mut subscription = server.subscribe(&["app/a"], Start::After(id));
    assert_eq!(gap(&mut subscription).await.reason, GapReason::UnknownEpoch);
    server.end().await;
}

#[tokio::test]
async fn a_reader_goes_back_further_than_memory_and_meets_what_is_live() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(100_000, 16), Durability::Relaxed).await;
    let mut expected = Vec::new();
    for n in 0..3_000 {
        let topic = format!("app/{}", n % 7);
        expected.push((server.publish(&topic, n).await.seq, topic));
    }
    let first = EventId { seq: 0, ..server.hub.head() };
    let mut subscription = server.subscribe(&["app/*"], Start::After(first));
    let mut seen = read(&mut subscription, 1_000).await;
    for n in 0..500 {
        let topic = format!("app/{}", n % 9);
        expected.push((server.publish(&topic, n).await.seq, topic));
    }
    seen.extend(read(&mut subscription, expected.len() - 1_000).await);
    assert_eq!(seen, expected);
    server.end().await;
}

#[tokio::test]
async fn what_the_journal_lets_go_of_is_told_as_a_gap() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(200, 10), Durability::Relaxed).await;
    for n in 0..1_000 {
        server.publish("app/a", n).await;
    }
    let first = EventId { seq: 0, ..server.hub.head() };
    let trimmed = async {
        loop {
            let mut subscription = server.subscribe(&["app/a"], Start::After(first));
            if let Item::Gap(_, gap) = next(&mut subscription).await {
                return (gap, subscription);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let (gap, mut subscription) =
        tokio::time::timeout(Duration::from_secs(20), trimmed).await.unwrap();
    assert_eq!((gap.reason, gap.from), (GapReason::Evicted, Some(first)));
    let to = gap.to.unwrap().seq;
    assert!((780..=800).contains(&to), "history holds its 200, and a little slack: {to}");
    let rest: Vec<u64> = read(&mut subscription, 1_000 - usize::try_from(to).unwrap())
        .await
        .into_iter()
        .map(|(seq, _)| seq)
        .collect();
    assert_eq!(rest, (to + 1..=1_000).collect::<Vec<_>>());
    server.end().await;
}

#[tokio::test]
async fn a_database_that_fails_confirms_nothing_and_says_so() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(100, 100), Durability::Durable).await;
    let id = server.publish("app/a", 1).await;
    server.store.close().await;
    let refused = server.try_publish("app/a", Bytes::from_static(b"2")).await;
    assert!(matches!(refused, Err(PublishError::Unconfirmed)), "{refused:?}");
    assert_eq!(server.hub.head(), id, "nobody can read what was not confirmed");
    server.hub.close();
    server.writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn the_journal_is_trimmed_while_events_come_without_end() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(100, 10), Durability::Durable).await;
    let publishers: Vec<_> = (0..32)
        .map(|_| {
            let hub = server.hub.clone();
            tokio::spawn(async move {
                let topic = "a".parse().unwrap();
                while hub.publish(&topic, EventType::update(), "1".into()).await.is_ok() {}
            })
        })
        .collect();
    let trimmed = async {
        while server.store.topics().await.unwrap().first().is_none_or(|topic| topic.evicted == 0) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(15), trimmed).await.expect("it is trimmed");
    server.end().await;
    for publisher in publishers {
        publisher.await.unwrap();
    }
}

#[tokio::test]
async fn a_topic_that_cannot_be_is_removed_at_the_start() {
    let dir = TempDir::new().unwrap();
    let server = start(dir.path(), limits(100, 100), Durability::Durable).await;
    let row = |seq, topic: &str| JournalRow {
        seq,
        topic: topic.to_owned(),
        kind: "update".to_owned(),
        at: crate::clock::now_ms(),
        data: Bytes::from_static(b"1"),
    };
    let rows = [row(1, "app/a"), row(2, "not a/../topic")];
    server.store.append(&rows, 2, 1_000).await.unwrap();
    server.crash().await;
    let server = start(dir.path(), limits(100, 100), Durability::Durable).await;
    let held = server.store.topics().await.unwrap();
    let held: Vec<_> = held.iter().map(|topic| (topic.topic.as_str(), topic.events)).collect();
    assert_eq!(held, [("app/a", 1), ("not a/../topic", 0)]);
    server.end().await;
}
