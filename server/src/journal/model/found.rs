//! What the model has found, one by one.

use super::disk::FaultyStore;
use super::*;
use crate::hub::{Durability, Hub, HubLimits, Item, Keeper, Retention, Start, Writer};
use crate::journal::open_hub;
use disk::Nature;
use tidings_protocol::event::{EventId, EventType, GapReason};

pub(super) struct Found {
    disk: Disk,
    nature: Arc<Mutex<Nature>>,
}

impl Found {
    pub(super) fn new() -> Self {
        let nature = Nature {
            rng: Rng(0),
            slow: 0,
            failing: 0,
            can_be_read: false,
            is_away: false,
            waited: 0,
            unanswered: 0,
            failed: 0,
            failed_writes: 0,
            ended: false,
            was_to_end: false,
            hangs: false,
        };
        let rows = Arc::new(Mutex::new(Rows::default()));
        Self { disk: Disk::Memory(rows), nature: Arc::new(Mutex::new(nature)) }
    }

    async fn open(&self, durability: Durability) -> (Hub, tokio::task::JoinHandle<()>) {
        let retention = Retention { events: 4, ..Retention::default() };
        let limits = HubLimits { retention, memory_events: 1, topics: 10, ..HubLimits::default() };
        self.open_with(limits, durability).await
    }

    pub(super) async fn open_with(
        &self,
        limits: HubLimits,
        durability: Durability,
    ) -> (Hub, tokio::task::JoinHandle<()>) {
        let (hub, writer) = self.open_store(limits, durability).await;
        (hub, tokio::spawn(writer.run()))
    }

    /// With one topic at most, and nobody who writes yet.
    pub(super) async fn open_idle(&self, durability: Durability) -> (Hub, Writer) {
        self.open_store(HubLimits { topics: 1, ..HubLimits::default() }, durability).await
    }

    async fn open_store(&self, limits: HubLimits, durability: Durability) -> (Hub, Writer) {
        let (hub, writer, keeper) = self.open_without_keeper(limits, durability).await;
        tokio::spawn(keeper.run());
        (hub, writer)
    }

    pub(super) async fn open_without_keeper(
        &self,
        limits: HubLimits,
        durability: Durability,
    ) -> (Hub, Writer, Keeper) {
        let store: Arc<FaultyStore> = Arc::new(self.disk.open(true, Arc::clone(&self.nature)));
        open_hub(store, limits, durability).await.unwrap()
    }

    pub(super) fn fail(&self, percent: usize) {
        self.nature.lock().unwrap().failing = percent;
    }

    /// From now on nothing can be written, and what was can be read.
    pub(super) fn fill_up(&self) {
        let mut nature = self.nature.lock().unwrap();
        (nature.failing, nature.can_be_read, nature.slow) = (100, true, 80);
    }

    /// Whether pages are answered from now on.
    fn be_away(&self, is_away: bool) {
        self.nature.lock().unwrap().is_away = is_away;
    }

    /// From now on the disk does not answer.
    pub(super) fn hang(&self) {
        self.nature.lock().unwrap().hangs = true;
    }
}

async fn publish(hub: &Hub) -> Option<u64> {
    let published = hub.publish(&"a".parse().unwrap(), EventType::update(), "1".into()).await;
    published.ok().map(|id| id.seq)
}

/// Publishes four events, of which the newest alone stays in memory.
async fn publish_four(hub: &Hub) {
    for _ in 0..3 {
        publish(hub).await.unwrap();
    }
    written().await;
    publish(hub).await.unwrap();
    written().await;
}

async fn written() {
    tokio::time::sleep(Duration::from_secs(2)).await;
}

/// From the first event on: numbers, those of gaps negative.
async fn read(hub: &Hub, count: usize) -> Vec<i64> {
    let first = EventId { seq: 0, ..hub.head() };
    let mut subscription = hub.subscribe(vec!["a".parse().unwrap()], Start::After(first));
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(match subscription.next().await.unwrap() {
            Item::Event(event) => event.id.seq as i64,
            Item::Gap(id, gap) => {
                assert_eq!(gap.reason, GapReason::Evicted);
                -(id.seq as i64)
            }
        });
    }
    seen
}

#[tokio::test(start_paused = true)]
async fn what_the_journal_failed_to_take_it_takes_later() {
    let found = Found::new();
    let (hub, _writer) = found.open(Durability::Relaxed).await;
    publish(&hub).await.unwrap();
    written().await;
    found.fail(100);
    publish(&hub).await.unwrap();
    written().await;
    found.fail(0);
    publish(&hub).await.unwrap();
    written().await;
    assert_eq!(read(&hub, 3).await, [1, 2, 3]);
}

#[tokio::test(start_paused = true)]
async fn the_number_of_an_event_that_was_refused_is_not_given_again_after_a_clean_end() {
    let found = Found::new();
    let (hub, writer) = found.open(Durability::Durable).await;
    publish(&hub).await.unwrap();
    // Some of these fail after they have reached the disk.
    found.fail(100);
    for _ in 0..20 {
        assert_eq!(publish(&hub).await, None);
    }
    found.fail(0);
    hub.close();
    writer.await.unwrap();
    let (hub, _writer) = found.open(Durability::Durable).await;
    assert_eq!(publish(&hub).await, Some(22));
}

#[tokio::test(start_paused = true)]
async fn history_keeps_to_its_bound_while_events_wait_to_be_written() {
    let found = Found::new();
    let (hub, writer) = found.open(Durability::Relaxed).await;
    for _ in 0..6 {
        publish(&hub).await.unwrap();
    }
    hub.close();
    writer.await.unwrap();
    // All six lie in the journal. The first look at them comes before the next event is there.
    let (hub, _writer) = found.open(Durability::Relaxed).await;
    publish(&hub).await.unwrap();
    written().await;
    assert_eq!(read(&hub, 5).await, [-3, 4, 5, 6, 7]);
}

#[tokio::test(start_paused = true)]
async fn an_append_that_failed_is_made_good_before_its_events_leave_memory() {
    for seed in 0..10 {
        let found = Found::new();
        found.nature.lock().unwrap().rng = Rng(seed);
        let retention = Retention { events: 100, ..Retention::default() };
        let limits = HubLimits { retention, memory_events: 2, topics: 10, ..HubLimits::default() };
        let (hub, _writer) = found.open_with(limits, Durability::Relaxed).await;
        let to = async |topic: &str| {
            hub.publish(&topic.parse().unwrap(), EventType::update(), "1".into()).await.unwrap()
        };
        for _ in 0..2 {
            to("a").await;
        }
        written().await;
        // Some attempts fail after they have reached the disk.
        found.fail(100);
        to("a").await;
        written().await;
        found.fail(0);
        for _ in 0..6 {
            to("b").await;
        }
        written().await;
        let first = EventId { seq: 0, ..hub.head() };
        let both = vec!["a".parse().unwrap(), "b".parse().unwrap()];
        let mut subscription = hub.subscribe(both, Start::After(first));
        for seq in 1..=9 {
            let item = subscription.next().await.unwrap();
            assert!(
                matches!(&item, Item::Event(event) if event.id.seq == seq),
                "{item:?} for {seq}"
            );
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_journal_that_fails_to_the_end_is_tried_once_more_and_not_taken_for_whole() {
    let found = Found::new();
    let (hub, writer) = found.open(Durability::Relaxed).await;
    let epoch = hub.head().epoch;
    publish(&hub).await.unwrap();
    written().await;
    found.fail(100);
    publish(&hub).await.unwrap();
    written().await;
    let tried = found.nature.lock().unwrap().failed;
    // 100, 200, 400 and 800 ms apart.
    assert_eq!(tried, 5, "attempts in two seconds");
    hub.close();
    writer.await.unwrap();
    let seen = {
        let nature = found.nature.lock().unwrap();
        (nature.failed, nature.was_to_end)
    };
    assert_eq!(seen, (6, false));
    found.fail(0);
    let (hub, _writer) = found.open(Durability::Relaxed).await;
    assert_ne!(hub.head().epoch, epoch);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_back_is_told_as_a_gap_and_the_stream_goes_on() {
    let found = Found::new();
    let (hub, _writer) = found.open(Durability::Relaxed).await;
    publish_four(&hub).await;
    found.fail(100);
    assert_eq!(read(&hub, 2).await, [-3, 4]);
    found.fail(0);
    assert_eq!(read(&hub, 4).await, [1, 2, 3, 4], "whoever comes back later finds it");
}

#[tokio::test(start_paused = true)]
async fn who_reads_a_journal_that_is_away_waits_and_is_told_of_no_gap() {
    let found = Found::new();
    let (hub, _writer) = found.open(Durability::Relaxed).await;
    publish_four(&hub).await;
    found.be_away(true);
    let began = tokio::time::Instant::now();
    let back = async {
        tokio::time::sleep(Duration::from_secs(600)).await;
        found.be_away(false);
    };
    let (seen, ()) = tokio::join!(read(&hub, 4), back);
    assert_eq!(seen, [1, 2, 3, 4]);
    let late = began.elapsed() - Duration::from_secs(600);
    assert!(late <= Duration::from_secs(2), "{late:?}");
    let asked = found.nature.lock().unwrap().unanswered;
    assert!((300..=305).contains(&asked), "{asked} times in ten minutes");
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_journal_that_is_away_hears_that_the_hub_has_ended() {
    let found = Found::new();
    let (hub, _writer) = found.open(Durability::Relaxed).await;
    for _ in 0..3 {
        publish(&hub).await.unwrap();
    }
    written().await;
    found.be_away(true);
    let first = EventId { seq: 0, ..hub.head() };
    let mut subscription = hub.subscribe(vec!["a".parse().unwrap()], Start::After(first));
    let end = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        hub.close();
    };
    let (item, ()) = tokio::join!(subscription.next(), end);
    assert!(item.is_none(), "{item:?}");
}
