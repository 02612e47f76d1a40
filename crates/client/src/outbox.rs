//! What waits for a reader.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use tidings_feed::{Delivery, Item};
use tidings_protocol::topic::Topic;

/// What becomes of items that a slow reader has no room for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overflow {
    /// The oldest goes and is counted, and of metrics and jobs only the newest waits: for readers that show the
    /// present.
    #[default]
    Drop,
    /// Nothing goes: the stream is read no further until there is room. For readers that keep everything;
    /// the server tells them as a gap what it cannot hold for so long.
    Wait,
}

/// How much may wait, and how much goes out in one go.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Items that may wait. Default 10,000.
    pub items: usize,
    /// Bytes of payload and topic that may wait. Default 16 MiB.
    pub bytes: usize,
    /// Items handed over in one go. Default 4,000.
    pub batch_items: usize,
    /// Bytes handed over in one go, unless a single item has more. Default 1 MiB.
    pub batch_bytes: usize,
    /// What becomes of the rest. Default: the oldest is dropped.
    pub overflow: Overflow,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            items: 10_000,
            bytes: 16 << 20,
            batch_items: 4_000,
            batch_bytes: 1 << 20,
            overflow: Overflow::Drop,
        }
    }
}

/// Items that a reader has not taken yet, in the order they arrived.
///
/// Unless it is told to [wait](Overflow::Wait): of a topic that only the newest matters of (`metrics/…`, `jobs/…`) it keeps the newest. Everything else it
/// keeps in full up to its [`Bounds`]; beyond, the oldest goes, and is counted.
#[derive(Debug)]
pub struct Outbox {
    bounds: Bounds,
    /// By order of arrival.
    waiting: BTreeMap<u64, Waiting>,
    /// Where the newest event of each latest-wins topic stands.
    newest: HashMap<String, u64>,
    next: u64,
    bytes: usize,
    dropped: u64,
}

#[derive(Debug)]
struct Waiting {
    item: Item,
    arrived: Duration,
    /// How old it was then.
    age: Duration,
    bytes: usize,
}

impl Outbox {
    /// An empty one.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            waiting: BTreeMap::new(),
            newest: HashMap::new(),
            next: 0,
            bytes: 0,
            dropped: 0,
        }
    }

    /// Whether a reader has nothing to take.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.dropped == 0
    }

    /// Whether the stream must wait for the reader.
    #[must_use]
    pub fn is_full(&self) -> bool {
        let is_over = self.waiting.len() >= self.bounds.items || self.bytes >= self.bounds.bytes;
        is_over && self.bounds.overflow == Overflow::Wait
    }

    /// Takes an item that is `age` old at `now`.
    pub fn push(&mut self, now: Duration, age: Duration, item: Item) {
        let number = self.next;
        self.next += 1;
        let bytes = size(&item);
        let drops = self.bounds.overflow == Overflow::Drop;
        if drops
            && let Some(topic) = latest_wins_topic(&item)
            && let Some(older) = self.newest.insert(topic.to_owned(), number)
            && let Some(older) = self.waiting.remove(&older)
        {
            self.bytes -= older.bytes;
        }
        self.bytes += bytes;
        self.waiting.insert(number, Waiting { item, arrived: now, age, bytes });
        while drops && (self.waiting.len() > self.bounds.items || self.bytes > self.bounds.bytes) {
            if self.pop().is_none() {
                break;
            }
            self.dropped += 1;
        }
    }

    /// Hands over the oldest items, at most a batch of them, with the number of those dropped since
    /// the last time.
    pub fn take(&mut self, now: Duration) -> (Vec<Delivery>, u64) {
        let mut deliveries = Vec::new();
        let mut bytes = 0;
        while let Some((_, first)) = self.waiting.first_key_value() {
            bytes += first.bytes;
            let full = deliveries.len() >= self.bounds.batch_items;
            if full || (bytes > self.bounds.batch_bytes && !deliveries.is_empty()) {
                break;
            }
            let Some(Waiting { item, arrived, age, .. }) = self.pop() else { break };
            let age = age.saturating_add(now.saturating_sub(arrived));
            let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
            deliveries.push(Delivery { age_ms, item });
        }
        (deliveries, std::mem::take(&mut self.dropped))
    }

    fn pop(&mut self) -> Option<Waiting> {
        let (number, oldest) = self.waiting.pop_first()?;
        self.bytes -= oldest.bytes;
        if let Some(topic) = latest_wins_topic(&oldest.item)
            && self.newest.get(topic) == Some(&number)
        {
            self.newest.remove(topic);
        }
        Some(oldest)
    }
}

/// The item's topic, if only the newest event of it matters.
#[must_use]
pub fn latest_wins_topic(item: &Item) -> Option<&str> {
    let Item::Event(event) = item else { return None };
    let topic: Topic = event.topic.parse().ok()?;
    topic.is_latest_wins().then_some(event.topic.as_str())
}

fn size(item: &Item) -> usize {
    match item {
        Item::Event(event) => event.topic.len() + event.kind.len() + event.data.get().len(),
        Item::Gap(gap) => gap.gap.topics.iter().map(String::len).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use tidings_feed::decode;

    fn event(topic: &str, seq: u64, data: &str) -> Item {
        let data = format!(
            r#"{{"type":"update","id":"00000001-{seq}","topic":"{topic}","at":1,"data":{data}}}"#
        );
        Item::from_message(decode(&data).expect("a message")).expect("an item")
    }

    fn seqs(deliveries: &[Delivery]) -> Vec<u64> {
        deliveries
            .iter()
            .map(|delivery| match &delivery.item {
                Item::Event(event) => event.id.seq,
                Item::Gap(_) => 0,
            })
            .collect()
    }

    fn push(outbox: &mut Outbox, item: Item) {
        outbox.push(Duration::ZERO, Duration::ZERO, item);
    }

    #[test]
    fn of_a_job_the_newest_waits_so_that_its_end_is_told() {
        let mut outbox = Outbox::new(Bounds::default());
        for (seq, topic) in [(1, "jobs/u~1"), (2, "jobs/u~2"), (3, "jobs/u~1"), (4, "work/1")] {
            push(&mut outbox, event(topic, seq, "1"));
        }
        assert_eq!(seqs(&outbox.take(Duration::ZERO).0), [2, 3, 4]);
    }

    #[test]
    fn of_metrics_only_the_newest_of_each_host_waits() {
        let mut outbox = Outbox::new(Bounds::default());
        for (seq, topic) in [(1, "metrics/a"), (2, "metrics/b"), (3, "work/1"), (4, "metrics/a")] {
            push(&mut outbox, event(topic, seq, "1"));
        }
        let (deliveries, dropped) = outbox.take(Duration::ZERO);
        assert_eq!((seqs(&deliveries), dropped), (vec![2, 3, 4], 0));
        assert!(outbox.is_empty());
    }

    #[test]
    fn a_drop_is_counted_and_told_once() {
        let bounds = Bounds { items: 3, ..Bounds::default() };
        let mut outbox = Outbox::new(bounds);
        for seq in 1..=5 {
            push(&mut outbox, event("work/1", seq, "1"));
        }
        let (deliveries, dropped) = outbox.take(Duration::ZERO);
        assert_eq!((seqs(&deliveries), dropped), (vec![3, 4, 5], 2));
        assert_eq!(outbox.take(Duration::ZERO).1, 0);
    }

    #[test]
    fn a_reader_that_keeps_everything_loses_nothing_and_is_waited_for() {
        let bounds = Bounds { items: 3, overflow: Overflow::Wait, ..Bounds::default() };
        let mut outbox = Outbox::new(bounds);
        for seq in 1..=3 {
            assert!(!outbox.is_full());
            push(&mut outbox, event("metrics/a", seq, "1"));
        }
        assert!(outbox.is_full());
        let (deliveries, dropped) = outbox.take(Duration::ZERO);
        assert_eq!((seqs(&deliveries), dropped), (vec![1, 2, 3], 0));
        assert!(!outbox.is_full());

        let mut outbox = Outbox::new(Bounds { bytes: 100, ..bounds });
        push(&mut outbox, event("work/1", 1, &format!("\"{}\"", "x".repeat(2000))));
        assert!(outbox.is_full());
        assert_eq!(outbox.take(Duration::ZERO).0.len(), 1, "one that is larger passes alone");
    }

    #[test]
    fn what_waits_is_bounded_in_bytes() {
        let bounds = Bounds { bytes: 1000, ..Bounds::default() };
        let mut outbox = Outbox::new(bounds);
        let data = format!("\"{}\"", "x".repeat(300));
        for seq in 1..=5 {
            push(&mut outbox, event("work/1", seq, &data));
        }
        let (deliveries, dropped) = outbox.take(Duration::ZERO);
        assert_eq!((seqs(&deliveries), dropped), (vec![3, 4, 5], 2));

        push(&mut outbox, event("work/1", 6, &format!("\"{}\"", "x".repeat(2000))));
        let (deliveries, dropped) = outbox.take(Duration::ZERO);
        assert_eq!((deliveries.len(), dropped), (0, 1), "an item too large for it is told as well");
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn a_batch_is_bounded_and_the_rest_waits() {
        let bounds = Bounds { batch_items: 2, ..Bounds::default() };
        let mut outbox = Outbox::new(bounds);
        for seq in 1..=3 {
            push(&mut outbox, event("work/1", seq, "1"));
        }
        assert_eq!(seqs(&outbox.take(Duration::ZERO).0), [1, 2]);
        assert_eq!(seqs(&outbox.take(Duration::ZERO).0), [3]);

        let mut outbox = Outbox::new(Bounds { batch_bytes: 1, ..Bounds::default() });
        push(&mut outbox, event("work/1", 1, "1"));
        push(&mut outbox, event("work/1", 2, "1"));
        assert_eq!(seqs(&outbox.take(Duration::ZERO).0), [1], "one item always goes out");
    }

    #[test]
    fn waiting_makes_an_item_older() {
        let mut outbox = Outbox::new(Bounds::default());
        outbox.push(Duration::from_secs(1), Duration::from_secs(600), event("work/1", 1, "1"));
        let (deliveries, _) = outbox.take(Duration::from_secs(3));
        assert_eq!(deliveries[0].age_ms, 602_000);
    }

    proptest! {
        #[test]
        fn every_lossless_item_is_delivered_in_order_or_counted(
            steps in prop::collection::vec((any::<bool>(), any::<bool>()), 0..200),
            items in 1_usize..20,
        ) {
            let bounds = Bounds { items, batch_items: 5, ..Bounds::default() };
            let mut outbox = Outbox::new(bounds);
            let (mut sent, mut seen, mut lost) = (0, Vec::new(), 0);
            for (n, (is_job, takes)) in steps.into_iter().enumerate() {
                if is_job {
                    sent += 1;
                    push(&mut outbox, event("work/1", n as u64 + 1, "1"));
                }
                if takes {
                    let (deliveries, dropped) = outbox.take(Duration::ZERO);
                    seen.extend(seqs(&deliveries));
                    lost += dropped;
                }
            }
            while !outbox.is_empty() {
                let (deliveries, dropped) = outbox.take(Duration::ZERO);
                seen.extend(seqs(&deliveries));
                lost += dropped;
            }
            prop_assert_eq!(seen.len() as u64 + lost, sent);
            prop_assert!(seen.is_sorted());
            prop_assert_eq!(outbox.bytes, 0);
        }
    }
}
