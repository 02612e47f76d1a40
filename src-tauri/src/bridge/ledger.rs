//! What the web view has, and what it has not.

use std::collections::{HashMap, HashSet, VecDeque};

use tidings_client::{Update, latest_wins_topic};
use tidings_feed::{Batch, Delivery, Event, Item, Status};
use tidings_protocol::api::RECENT_EVENTS;
use tidings_protocol::topic::{PERSONAL, metrics_host};
use tokio::time::Instant;

/// Most topics of which the newest event is kept for a reloaded page.
const MOST_SNAPSHOTS: usize = 1_000;

/// Most bytes of the recent events that are kept for it.
const MOST_RECENT_BYTES: usize = 1 << 20;

/// Most events of a batch that the page has not confirmed and that grows: jobs come and go, so that there is no end of
/// their topics.
const MOST_GROWN: usize = 1_000;

/// Keeps a batch until the page has asked for the next one, so that an answer lost on its way (a
/// reloaded page) loses no event; and the newest metrics and what was published last, for a page that knows nothing.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Number of the newest batch.
    seq: u64,
    /// What is in it, or will be in the next.
    unconfirmed: Vec<Kept>,
    dropped: u64,
    /// The newest event of each machine. Of jobs a page that knows nothing asks by itself.
    newest: HashMap<String, Kept>,
    /// What programs published last, oldest first.
    recent: VecDeque<Kept>,
    recent_bytes: usize,
}

#[derive(Clone, Debug)]
struct Kept {
    delivery: Delivery,
    since: Instant,
}

impl Kept {
    fn aged(&self) -> Delivery {
        let waited = u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        let age_ms = self.delivery.age_ms.saturating_add(waited);
        Delivery { age_ms, item: self.delivery.item.clone() }
    }

    fn topic(&self) -> Option<&str> {
        latest_wins_topic(&self.delivery.item)
    }

    fn event(&self) -> Option<&Event> {
        match &self.delivery.item {
            Item::Event(event) => Some(event),
            Item::Gap(_) => None,
        }
    }

    /// What a program published; null of all else.
    fn published(&self) -> Option<&Event> {
        let event = self.event().filter(|_| self.topic().is_none())?;
        let first = event.topic.split('/').next().unwrap_or_default();
        (!PERSONAL.contains(&first)).then_some(event)
    }
}

impl Ledger {
    /// One whose batches have greater numbers than this.
    pub(super) fn from_seq(seq: u64) -> Self {
        Self { seq, ..Self::default() }
    }

    /// Takes note that the page has batch `since`, and says whether it has everything there is. `0`, or
    /// a number never given, is a page that has nothing.
    pub(super) fn acknowledge(&mut self, since: u64) -> bool {
        if since == 0 || since > self.seq {
            let newest = &self.newest;
            self.unconfirmed.retain(|kept| kept.topic().is_none_or(|t| !newest.contains_key(t)));
            let recent: HashSet<_> =
                self.recent.iter().filter_map(|kept| Some(kept.event()?.id)).collect();
            let is_recent = |kept: &Kept| kept.event().is_some_and(|it| recent.contains(&it.id));
            self.unconfirmed.retain(|kept| !is_recent(kept));
            self.unconfirmed.extend(self.recent.iter().chain(self.newest.values()).cloned());
            return false;
        }
        if since == self.seq {
            self.unconfirmed.clear();
            self.dropped = 0;
        }
        self.unconfirmed.is_empty() && self.dropped == 0
    }

    /// Whether the next batch can take more: one that a page has not confirmed does not grow.
    pub(super) fn has_room(&self) -> bool {
        self.unconfirmed.len() < MOST_GROWN
            && self.unconfirmed.iter().all(|kept| kept.topic().is_some())
    }

    /// Takes what the next batch is to hold.
    pub(super) fn add(&mut self, update: Update) {
        let since = Instant::now();
        self.dropped += update.dropped;
        for delivery in update.deliveries {
            let kept = Kept { delivery, since };
            if let Some(topic) = kept.topic().map(str::to_owned) {
                self.unconfirmed.retain(|older| older.topic() != Some(&topic));
                let is_known = self.newest.contains_key(&topic);
                let is_new = metrics_host(&topic).is_some() && self.newest.len() < MOST_SNAPSHOTS;
                if is_known || is_new {
                    self.newest.insert(topic, kept.clone());
                }
            }
            self.keep_recent(&kept);
            self.unconfirmed.push(kept);
        }
    }

    fn keep_recent(&mut self, kept: &Kept) {
        let size = |kept: &Kept| kept.published().map(|event| event.data.get().len());
        let Some(bytes) = size(kept).filter(|bytes| *bytes <= MOST_RECENT_BYTES) else { return };
        self.recent_bytes += bytes;
        self.recent.push_back(kept.clone());
        while self.recent.len() > RECENT_EVENTS || self.recent_bytes > MOST_RECENT_BYTES {
            let Some(oldest) = self.recent.pop_front() else { break };
            self.recent_bytes -= size(&oldest).unwrap_or_default();
        }
    }

    /// The next batch.
    pub(super) fn batch(&mut self, status: Status) -> Batch {
        self.seq += 1;
        let deliveries = self.unconfirmed.iter().map(Kept::aged).collect();
        Batch { seq: self.seq, status, deliveries, dropped: self.dropped }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use tidings_feed::{State, decode};

    fn status() -> Status {
        let state = State::Live;
        Status { state, for_ms: 0, failures: 0, cause: None, server_version: None }
    }

    fn update(events: &[(u64, &str)]) -> Update {
        let deliveries = events.iter().map(|(seq, topic)| {
            let data = format!(
                r#"{{"type":"t","id":"00000001-{seq}","topic":"{topic}","at":1,"data":1}}"#
            );
            let item = Item::from_message(decode(&data).unwrap()).unwrap();
            Delivery { age_ms: 0, item }
        });
        Update { status: status(), deliveries: deliveries.collect(), dropped: 0 }
    }

    fn seqs(batch: &Batch) -> Vec<u64> {
        let seq = |delivery: &Delivery| match &delivery.item {
            Item::Event(event) => event.id.seq,
            Item::Gap(_) => 0,
        };
        batch.deliveries.iter().map(seq).collect()
    }

    #[tokio::test]
    async fn what_the_page_has_is_not_sent_again() {
        let mut ledger = Ledger::default();
        assert!(!ledger.acknowledge(0), "a page that knows nothing is answered at once");
        ledger.add(update(&[(1, "work/1"), (2, "metrics/a")]));
        let batch = ledger.batch(status());
        assert_eq!((batch.seq, seqs(&batch)), (1, vec![1, 2]));
        assert!(ledger.acknowledge(1), "it has everything");
        ledger.add(update(&[(3, "work/1")]));
        assert_eq!(seqs(&ledger.batch(status())), [3]);
    }

    #[tokio::test]
    async fn an_answer_lost_on_its_way_is_given_again_with_its_drops() {
        let mut ledger = Ledger::default();
        ledger.acknowledge(0);
        ledger.batch(status());
        ledger.acknowledge(1);
        ledger.add(Update { dropped: 4, ..update(&[(1, "work/1"), (2, "metrics/a")]) });
        assert_eq!(ledger.batch(status()).seq, 2);
        assert!(!ledger.acknowledge(1), "batch 2 never arrived");
        let again = ledger.batch(status());
        assert_eq!((seqs(&again), again.dropped), (vec![1, 2], 4));
        assert!(ledger.acknowledge(3));
        assert_eq!(ledger.batch(status()).dropped, 0);
    }

    #[tokio::test]
    async fn a_reloaded_page_gets_the_newest_metrics_and_what_was_published_last() {
        let mut ledger = Ledger::default();
        ledger.acknowledge(0);
        ledger.add(update(&[(1, "metrics/a"), (2, "work/1"), (3, "metrics/a")]));
        ledger.batch(status());
        ledger.acknowledge(1);
        ledger.add(update(&[(4, "work/1")]));
        ledger.batch(status());
        for unknown in [0, 99] {
            assert!(!ledger.acknowledge(unknown));
            assert_eq!(seqs(&ledger.batch(status())), [2, 4, 3]);
        }
        assert!(!ledger.has_room(), "it does not grow while nobody confirms it");
    }

    #[tokio::test]
    async fn what_was_published_last_is_bounded_and_nothing_personal_comes_twice() {
        let mut ledger = Ledger::default();
        let last = RECENT_EVENTS as u64 + 5;
        for seq in 1..=last {
            ledger.add(update(&[(seq, "work/1")]));
        }
        ledger.add(update(&[(last + 1, "notifications/ann"), (last + 2, "users/ann")]));
        let seq = ledger.batch(status()).seq;
        assert!(ledger.acknowledge(seq));
        assert!(!ledger.acknowledge(0));
        assert_eq!(seqs(&ledger.batch(status())), (6..=last).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn what_waits_for_the_page_grows_older() {
        let mut ledger = Ledger::default();
        ledger.add(update(&[(1, "metrics/a")]));
        tokio::time::advance(Duration::from_secs(3)).await;
        assert_eq!(ledger.batch(status()).deliveries[0].age_ms, 3000);
    }

    #[test]
    fn the_end_of_each_job_reaches_a_page_that_is_slow_or_reloads() {
        let mut ledger = Ledger::default();
        ledger.add(update(&[(1, "jobs/u~1"), (2, "metrics/a"), (3, "jobs/u~2"), (4, "jobs/u~1")]));
        assert!(ledger.has_room(), "what wins by being the latest is replaced");
        assert_eq!(seqs(&ledger.batch(status())), [2, 3, 4]);
        ledger.add(update(&[(5, "jobs/u~2")]));
        assert!(!ledger.acknowledge(0));
        let mut reloaded = seqs(&ledger.batch(status()));
        reloaded.sort_unstable();
        assert_eq!(reloaded, [2, 4, 5], "an answer that was lost is given again");
        assert!(ledger.acknowledge(2));
        assert!(!ledger.acknowledge(0));
        assert_eq!(seqs(&ledger.batch(status())), [2], "of jobs it asks by itself");
    }

    #[test]
    fn jobs_without_end_wait_elsewhere_for_a_page_that_does_not_ask() {
        let mut ledger = Ledger::default();
        for seq in 0..MOST_GROWN as u64 {
            assert!(ledger.has_room());
            ledger.add(update(&[(seq, &format!("jobs/u~{seq}"))]));
        }
        assert!(!ledger.has_room());
        ledger.batch(status());
        assert!(ledger.acknowledge(1) && ledger.has_room());
        ledger.add(update(&[(7, "metrics/a")]));
        assert!(!ledger.acknowledge(0), "a machine has its place all the same");
    }
}
