//! What was published, and what must have become of it: a list, and rules.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use tidings_protocol::event::EventId;
use tidings_protocol::topic::{Selector, Topic};

use crate::hub::Retention;

/// Topics events are published to.
pub(super) const TOPICS: [&str; 12] = [
    "a",
    "a/x",
    "a/y",
    "a-b",
    "b",
    "b/z",
    "metrics/m",
    "metrics/n",
    "jobs/u~1",
    "jobs/u~2",
    "jobs/u~3",
    "jobs/v~1",
];

/// What is asked for.
pub(super) const SELECTORS: [&str; 15] = [
    "a",
    "a/*",
    "a/x",
    "a-b",
    "b",
    "b/*",
    "b/z",
    "*",
    "metrics/*",
    "metrics/m",
    "c",
    "jobs/*",
    "jobs/u~*",
    "jobs/u~1",
    "jobs/v~1",
];

pub(super) static PARSED_TOPICS: LazyLock<Vec<Topic>> =
    LazyLock::new(|| TOPICS.iter().map(|topic| topic.parse().unwrap()).collect());

pub(super) static PARSED_SELECTORS: LazyLock<Vec<Selector>> =
    LazyLock::new(|| SELECTORS.iter().map(|selector| selector.parse().unwrap()).collect());

pub(super) fn is_latest_wins(topic: usize) -> bool {
    ["metrics/", "jobs/"].iter().any(|kind| TOPICS[topic].starts_with(kind))
}

pub(super) fn matches(selector: usize, topic: usize) -> bool {
    match SELECTORS[selector].strip_suffix('*') {
        Some("") => !TOPICS[topic].starts_with("jobs/"),
        Some(prefix) => TOPICS[topic].starts_with(prefix) && TOPICS[topic] != prefix,
        None => SELECTORS[selector] == TOPICS[topic],
    }
}

/// What an event of so many bytes counts for in memory.
pub(super) fn weight(bytes: usize) -> usize {
    3 * bytes + 768
}

/// One publication; its number is its payload.
#[derive(Debug)]
pub(super) struct Published {
    pub(super) topic: usize,
    pub(super) bytes: usize,
    pub(super) at: u64,
    /// Head when it was sent: its own number must be greater.
    pub(super) head: EventId,
    /// As its publisher or a reader learned it.
    pub(super) id: Option<EventId>,
    /// Whether its publisher was told that it is taken.
    pub(super) acknowledged: bool,
}

#[derive(Debug)]
pub(super) struct Truth {
    retention: Retention,
    /// What memory holds of all topics, where what leaves it is gone.
    memory: Option<usize>,
    pub(super) now: u64,
    pub(super) events: Vec<Published>,
    ids: HashMap<EventId, usize>,
    epochs: HashSet<u32>,
    pub(super) epoch: u32,
    /// What every reader of this epoch must get or be told lost: acknowledged, of lossless topics.
    pub(super) owed: BTreeMap<u64, usize>,
    /// Newest acknowledged number of each topic in this run.
    pub(super) newest: [u64; TOPICS.len()],
}

/// Why the hub is wrong.
pub(super) type Verdict<T = ()> = Result<T, String>;

pub(super) fn verdict(holds: bool, why: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(why()) }
}

impl Truth {
    pub(super) fn new(retention: Retention, memory: Option<usize>, now: u64) -> Self {
        Self {
            retention,
            memory,
            now,
            events: Vec::new(),
            ids: HashMap::new(),
            epochs: HashSet::new(),
            epoch: 0,
            owed: BTreeMap::new(),
            newest: [0; TOPICS.len()],
        }
    }

    /// A run begins; what it goes on with.
    pub(super) fn begin(&mut self, head: EventId, must_go_on: Option<bool>) -> Verdict {
        let goes_on = head.epoch == self.epoch && !self.epochs.is_empty();
        if let Some(must) = must_go_on {
            verdict(goes_on == must, || format!("history must go on: {must}; head is {head}"))?;
        }
        if goes_on {
            let known = self.ids.keys().filter(|id| id.epoch == head.epoch).map(|id| id.seq).max();
            verdict(known.unwrap_or(0) <= head.seq, || format!("{head} is behind {known:?}"))?;
        } else {
            verdict(self.epochs.insert(head.epoch), || format!("{head} is of an old epoch"))?;
            verdict(head.seq == 0, || format!("a new epoch begins at {head}"))?;
            self.owed.clear();
        }
        self.epoch = head.epoch;
        self.newest = [0; TOPICS.len()];
        Ok(())
    }

    /// Somebody learned the id of a publication.
    pub(super) fn learn(&mut self, n: usize, id: EventId) -> Verdict {
        let known = *self.ids.entry(id).or_insert(n);
        verdict(known == n, || format!("{id} is both #{known} and #{n}"))?;
        let event = &mut self.events[n];
        let same = *event.id.get_or_insert(id);
        verdict(same == id, || format!("#{n} is both {same} and {id}"))?;
        let is_later = id.epoch != event.head.epoch || id.seq > event.head.seq;
        verdict(is_later, || format!("#{n} has {id}, and was sent at {}", event.head))
    }

    pub(super) fn acknowledge(&mut self, n: usize, id: EventId, head: EventId) -> Verdict {
        verdict(id.epoch == head.epoch && id.seq <= head.seq, || {
            format!("#{n} is acknowledged as {id} and cannot be read at {head}")
        })?;
        self.learn(n, id)?;
        let event = &mut self.events[n];
        event.acknowledged = true;
        let newest = &mut self.newest[event.topic];
        *newest = id.seq.max(*newest);
        if !is_latest_wins(event.topic) {
            self.owed.insert(id.seq, n);
        }
        Ok(())
    }

    /// A latest-wins topic is forgotten: nobody need have what it had.
    pub(super) fn forget(&mut self, topic: usize) {
        self.newest[topic] = 0;
    }

    /// Number of the newest event a reader of a latest-wins topic must have; 0 if it may be too old to be kept.
    pub(super) fn newest(&self, topic: usize) -> u64 {
        let id = EventId { epoch: self.epoch, seq: self.newest[topic] };
        let is_old = |n: &usize| self.age(*n) > self.retention.age.as_millis();
        if self.ids.get(&id).is_some_and(is_old) { 0 } else { id.seq }
    }

    fn age(&self, n: usize) -> u128 {
        u128::from(self.now - self.events[n].at)
    }

    /// Whether history may have let go of an owed event by now. Those that nobody was told of may count.
    pub(super) fn may_be_gone(&self, n: usize) -> bool {
        let event = &self.events[n];
        let of_run = self.events.iter().filter(|other| other.head.epoch == self.epoch);
        let is_as_new = |other: &&Published| !other.acknowledged || other.id >= event.id;
        let (mut count, mut bytes, mut held) = (0, 0, 0);
        let mut older = [0; TOPICS.len()];
        for other in of_run {
            let weight = weight(other.bytes);
            if is_as_new(&other) {
                held += weight;
            } else if is_latest_wins(other.topic) {
                older[other.topic] = weight;
            }
            if is_as_new(&other) && other.topic == event.topic {
                (count, bytes) = (count + 1, bytes + other.bytes);
            }
        }
        // The oldest go first, but for the newest of latest-wins topics.
        held += older.iter().sum::<usize>();
        self.memory.is_some_and(|memory| held > memory)
            || count > self.retention.events
            || (bytes > self.retention.bytes && count > 1)
            || self.age(n) > self.retention.age.as_millis()
    }
}
