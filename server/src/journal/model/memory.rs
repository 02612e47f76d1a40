//! What leaves memory where there is a journal.

use std::time::Duration;

use bytes::Bytes;
use tidings_protocol::event::{EventId, EventType};

use super::found::Found;
use crate::hub::{Durability, Hub, HubLimits, Item, Retention, Start};

/// Less than the events of a test weigh.
const MEMORY: usize = 1 << 20;

/// Topics with one large event each.
const TOPICS: u64 = 100;

fn limits() -> HubLimits {
    HubLimits { memory_bytes: MEMORY, ..HubLimits::default() }
}

async fn fill(hub: &Hub) {
    let large = Bytes::from(vec![b'1'; 64 << 10]);
    for n in 1..=TOPICS {
        let topic = format!("app/{n}").parse().unwrap();
        let id = hub.publish(&topic, EventType::update(), large.clone()).await.unwrap();
        assert_eq!(id.seq, n);
    }
}

async fn read_all(hub: &Hub) {
    let first = EventId { seq: 0, ..hub.head() };
    let mut subscription = hub.subscribe(vec!["app/*".parse().unwrap()], Start::After(first));
    for n in 1..=TOPICS {
        let item = subscription.next().await;
        assert!(matches!(&item, Some(Item::Event(event)) if event.id.seq == n), "{item:?} for {n}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_only_event_of_a_topic_leaves_memory_once_the_journal_has_it() {
    let found = Found::new();
    let (hub, _writer) = found.open_with(limits(), Durability::Relaxed).await;
    found.fail(100);
    fill(&hub).await;
    assert!(hub.held() > 10 * MEMORY, "nothing leaves for nowhere");
    tokio::time::sleep(Duration::from_secs(2)).await;
    read_all(&hub).await;

    found.fail(0);
    // An attempt at the journal, and a round of the keeper.
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert!(hub.held() <= MEMORY, "{}", hub.held());
    read_all(&hub).await;
}

#[tokio::test(start_paused = true)]
async fn a_publisher_makes_room_for_what_it_brings_of_what_the_journal_has() {
    let found = Found::new();
    let (hub, writer, _keeper) = found.open_without_keeper(limits(), Durability::Durable).await;
    tokio::spawn(writer.run());
    fill(&hub).await;
    assert!(hub.held() <= MEMORY, "{}", hub.held());
    read_all(&hub).await;
}

#[tokio::test(start_paused = true)]
async fn the_newest_of_a_topic_stays_history_when_it_leaves_memory_however_large_it_is() {
    let found = Found::new();
    let retention = Retention { bytes: 1_000, ..Retention::default() };
    let (hub, _writer) =
        found.open_with(HubLimits { retention, ..limits() }, Durability::Relaxed).await;
    fill(&hub).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert!(hub.held() <= MEMORY, "{}", hub.held());
    read_all(&hub).await;
}
