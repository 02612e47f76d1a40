//! The events themselves, as they came.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tidings_feed::Event;
use tidings_protocol::event::{EventId, UnnamedGap};
use tidings_protocol::topic::{is_latest_wins, metrics_host};

use super::notifications::filter::has_words;

/// Most events that are kept.
pub const MAX_ENTRIES: usize = 200;

/// Most topics where only the newest matters: their names come from outside.
pub const MAX_LATEST: usize = 64;

/// Most bytes of payload that are kept.
pub const MAX_BYTES: usize = 4 * 1024 * 1024;

/// So far into a payload words are looked for: lists are filtered anew several times a second.
const MAX_SEARCHED: usize = 16 * 1024;

/// One event, or the news that some are lost.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Names the entry for as long as the page lives; a newer one has a larger key.
    pub key: u64,
    /// The event's type.
    pub kind: String,
    /// The event's topic; of a gap, the topics that lost events, and empty where this page did.
    pub topic: String,
    /// The event's id; null where there is none.
    pub id: Option<EventId>,
    /// When it was published, by the server's clock; null of a gap.
    pub at: Option<u64>,
    /// When it arrived, by the monotonic clock.
    pub arrived: Duration,
    /// Its payload, as JSON text.
    pub body: Box<str>,
    /// How many of its kind came so far, where only the newest is kept.
    pub count: u64,
}

/// A key is given once.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Entry {
    /// Whether it tells of a loss.
    #[must_use]
    pub fn is_gap(&self) -> bool {
        self.at.is_none()
    }

    /// Whether all of these words stand in its topic, its type or the beginning of its payload.
    #[must_use]
    pub fn has(&self, words: &str) -> bool {
        let mut end = self.body.len().min(MAX_SEARCHED);
        while !self.body.is_char_boundary(end) {
            end -= 1;
        }
        has_words(words, &[&self.topic, &self.kind, &self.body[..end]])
    }
}

/// The newest events, newest first where it matters.
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    /// Of topics where only the newest matters: that one. By topic.
    latest: Vec<Rc<Entry>>,
    /// All others, oldest first.
    log: VecDeque<Rc<Entry>>,
    log_bytes: usize,
    next_key: u64,
}

impl EventLog {
    /// Takes an event in, and returns what it became.
    pub fn take(&mut self, event: Event, arrived: Duration) -> Rc<Entry> {
        let latest_wins = is_latest_wins(&event.topic);
        let place = self.latest.binary_search_by(|entry| entry.topic.cmp(&event.topic));
        let entry = Rc::new(Entry {
            key: self.next_key,
            kind: event.kind,
            topic: event.topic,
            id: Some(event.id),
            at: Some(event.at),
            arrived,
            body: event.data.into(),
            count: place.map_or(1, |at| self.latest[at].count + 1),
        });
        self.next_key += 1;
        match place {
            Ok(at) => self.latest[at] = entry.clone(),
            Err(at) if latest_wins => {
                self.latest.insert(at, entry.clone());
                if self.latest.len() > MAX_LATEST {
                    self.forget_oldest();
                }
            }
            Err(_) => self.push(entry.clone()),
        }
        entry
    }

    fn forget_oldest(&mut self) {
        // However many jobs there are, machines stay.
        let oldest = self
            .latest
            .iter()
            .enumerate()
            .min_by_key(|(_, entry)| (metrics_host(&entry.topic).is_some(), entry.key));
        if let Some((at, _)) = oldest {
            self.latest.remove(at);
        }
    }

    /// Tells of a loss.
    pub fn take_gap(&mut self, gap: &UnnamedGap, arrived: Duration) {
        let body = serde_json::to_string(&gap.gap).unwrap_or_default();
        self.lose(gap.gap.topics.join(", "), gap.id, body, arrived);
    }

    /// Tells of events lost between the feed and this page.
    pub fn take_dropped(&mut self, count: u64, arrived: Duration) {
        self.lose(String::new(), None, format!(r#"{{"dropped":{count}}}"#), arrived);
    }

    /// The entry that came last.
    #[must_use]
    pub fn newest(&self) -> Option<&Rc<Entry>> {
        self.newest_with("")
    }

    /// The one that came last of those that [have](Entry::has) these words.
    #[must_use]
    pub fn newest_with(&self, words: &str) -> Option<&Rc<Entry>> {
        let of_log = self.log().find(|entry| entry.has(words));
        let latest = self.latest.iter().filter(|entry| entry.has(words));
        latest.chain(of_log).max_by_key(|entry| entry.key)
    }

    /// The entry of that key; where only the newest is kept, the one that took its place.
    #[must_use]
    pub fn find(&self, chosen: &Entry) -> Option<&Rc<Entry>> {
        self.latest
            .iter()
            .find(|entry| entry.topic == chosen.topic)
            .or_else(|| self.log.iter().find(|entry| entry.key == chosen.key))
    }

    /// Entries of topics where only the newest matters, by topic.
    pub fn latest(&self) -> impl Iterator<Item = &Rc<Entry>> {
        self.latest.iter()
    }

    /// All other entries, newest first.
    pub fn log(&self) -> impl ExactSizeIterator<Item = &Rc<Entry>> {
        self.log.iter().rev()
    }

    /// How many came in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.next_key
    }

    fn lose(&mut self, topic: String, id: Option<EventId>, body: String, arrived: Duration) {
        let entry = Entry {
            key: self.next_key,
            kind: "gap".to_owned(),
            topic,
            id,
            at: None,
            arrived,
            body: body.into(),
            count: 1,
        };
        self.next_key += 1;
        self.push(Rc::new(entry));
    }

    fn push(&mut self, entry: Rc<Entry>) {
        self.log_bytes += entry.body.len();
        self.log.push_back(entry);
        // The newest stays however large it is.
        while self.log.len() > MAX_ENTRIES || (self.log_bytes > MAX_BYTES && self.log.len() > 1) {
            if let Some(oldest) = self.log.pop_front() {
                self.log_bytes -= oldest.body.len();
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::value::RawValue;

    pub(crate) fn event(topic: &str, seq: u64, body: &str) -> Event {
        Event {
            kind: "update".to_owned(),
            id: EventId { epoch: 42, seq },
            topic: topic.to_owned(),
            at: 1_000 + seq,
            data: RawValue::from_string(body.to_owned()).unwrap(),
        }
    }

    const NOW: Duration = Duration::ZERO;

    #[test]
    fn metrics_take_one_place_and_are_counted() {
        let mut log = EventLog::default();
        log.take(event("metrics/a", 1, "1"), NOW);
        log.take(event("metrics/a", 2, "2"), NOW);
        assert_eq!(log.latest().count(), 1);
        assert_eq!(log.newest().unwrap().count, 2);
        assert_eq!(&*log.newest().unwrap().body, "2");
        assert_eq!(log.log().len(), 0);
    }

    #[test]
    fn jobs_take_one_place_each_and_push_no_machine_out() {
        let mut log = EventLog::default();
        log.take(event("metrics/a", 1, "1"), NOW);
        for job in 0..200_u64 {
            log.take(event(&format!("jobs/u1~{job}"), 2 * job, "1"), NOW);
            log.take(event(&format!("jobs/u1~{job}"), 2 * job + 1, "1"), NOW);
        }
        assert_eq!((log.latest().count(), log.log().len()), (MAX_LATEST, 0));
        assert!(log.latest().any(|entry| entry.topic == "metrics/a"));
        assert_eq!(log.newest().unwrap().topic, "jobs/u1~199");
    }

    #[test]
    fn a_job_takes_one_place_and_shows_how_it_stands() {
        let mut log = EventLog::default();
        for (seq, topic) in [(1, "jobs/u~1"), (2, "jobs/u~2"), (3, "jobs/u~1")] {
            log.take(event(topic, seq, &seq.to_string()), NOW);
        }
        let latest: Vec<_> = log.latest().map(|entry| (&*entry.body, entry.count)).collect();
        assert_eq!(latest, [("3", 2), ("2", 1)]);
        assert_eq!(log.log().len(), 0);
    }

    #[test]
    fn topics_without_end_push_out_the_one_heard_of_longest_ago() {
        let mut log = EventLog::default();
        for host in 0..200_u64 {
            log.take(event(&format!("metrics/{host}"), host, "1"), NOW);
        }
        assert_eq!(log.latest().count(), MAX_LATEST);
        assert!(log.latest().all(|entry| entry.key >= 200 - MAX_LATEST as u64));
    }

    #[test]
    fn other_events_are_listed_newest_first_and_bounded() {
        let mut log = EventLog::default();
        for seq in 0..1_000 {
            log.take(event("builds/site", seq, "1"), NOW);
        }
        assert_eq!(log.log().len(), MAX_ENTRIES);
        assert_eq!(log.log().next().unwrap().id, Some(EventId { epoch: 42, seq: 999 }));
        assert_eq!(log.total(), 1_000);
    }

    #[test]
    fn large_payloads_push_out_older_ones() {
        let mut log = EventLog::default();
        let body = format!("\"{}\"", "x".repeat(MAX_BYTES / 3));
        for seq in 0..10 {
            log.take(event("a", seq, &body), NOW);
        }
        assert_eq!(log.log().len(), 2);
        let alone = format!("\"{}\"", "x".repeat(MAX_BYTES * 2));
        log.take(event("a", 11, &alone), NOW);
        assert_eq!(log.log().len(), 1, "the newest stays");
    }

    #[test]
    fn the_newest_entry_is_found_among_all_kinds() {
        let mut log = EventLog::default();
        log.take(event("metrics/a", 1, "1"), NOW);
        log.take(event("b", 2, "2"), NOW);
        assert_eq!(log.newest().unwrap().topic, "b");
        log.take(event("metrics/a", 3, "3"), NOW);
        assert_eq!(log.newest().unwrap().topic, "metrics/a");
    }

    #[test]
    fn a_chosen_metrics_entry_follows_its_topic() {
        let mut log = EventLog::default();
        log.take(event("metrics/a", 1, "1"), NOW);
        let chosen = log.newest().unwrap().clone();
        log.take(event("metrics/a", 2, "2"), NOW);
        assert_eq!(&*log.find(&chosen).unwrap().body, "2");
    }

    #[test]
    fn words_are_looked_for_in_topic_type_and_payload() {
        let mut log = EventLog::default();
        log.take(event("app/builds", 1, r#"{"branch":"Main"}"#), NOW);
        log.take(event("metrics/a", 2, "2"), NOW);
        let newest = |words| log.newest_with(words).map(|entry| &*entry.topic);
        assert_eq!(newest(""), Some("metrics/a"));
        for words in ["builds", "update main", "  BRANCH  app/ "] {
            assert_eq!(newest(words), Some("app/builds"), "{words}");
        }
        assert_eq!(newest("builds metrics"), None);
        let body = format!("\"{}\"", "é".repeat(MAX_SEARCHED));
        log.take(event("long", 3, &body), NOW);
        assert_eq!(log.newest_with("éé").unwrap().topic, "long");
    }

    #[test]
    fn a_loss_is_listed_like_an_event() {
        let mut log = EventLog::default();
        log.take_dropped(7, NOW);
        let entry = log.newest().unwrap();
        assert!(entry.is_gap() && entry.topic.is_empty());
        assert_eq!(&*entry.body, r#"{"dropped":7}"#);
    }
}
