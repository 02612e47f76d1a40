//! Which topics there are, and who waits for those to come.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Bound;
use std::sync::Arc;

use slab::Slab;
use tidings_protocol::topic::{Selector, Topic};

use super::PublishError;
use super::event::Event;
use super::history::Log;
use super::limits::Bounds;
use super::memory::Memory;
use super::readers::ReaderKey;
use super::signal::Signal;

/// Topics in their order, so that all below a prefix lie side by side.
#[derive(Debug, Default)]
pub(super) struct Registry {
    logs: BTreeMap<Topic, Arc<Log>>,
    /// Those that do not count, and are always there.
    reserved: HashSet<Topic>,
    /// How many of `logs` count.
    counted: usize,
    /// Who makes room in memory.
    memory: Memory,
    subscribers: Slab<Subscriber>,
    /// Subscribers whose selectors may match topics that do not exist yet, by exact name: of latest-wins topics all who
    /// name one, for it may be forgotten and come again…
    awaiting: HashMap<Topic, HashSet<usize>>,
    /// …and by prefix.
    watching: Slab<usize>,
}

#[derive(Debug)]
struct Subscriber {
    selectors: Arc<[Selector]>,
    signal: Arc<Signal>,
    /// Key in `watching`.
    watch: Option<usize>,
}

/// What a subscriber is given when it joins.
#[derive(Debug)]
pub(super) struct Joined {
    pub(super) key: usize,
    /// Each with the key of the subscriber's signal in it.
    pub(super) logs: Vec<(Arc<Log>, ReaderKey)>,
}

impl Registry {
    pub(super) fn logs(&self) -> impl Iterator<Item = &Arc<Log>> {
        self.logs.values()
    }

    pub(super) fn subscribers(&self) -> usize {
        self.subscribers.len()
    }

    pub(super) fn signals(&self) -> impl Iterator<Item = &Arc<Signal>> {
        self.subscribers.iter().map(|(_, subscriber)| &subscriber.signal)
    }

    /// The log of a topic, which is made if there is none, and joined by whoever waited for it.
    pub(super) fn log_or_new(
        &mut self,
        topic: &Topic,
        bounds: &Bounds,
    ) -> Result<Arc<Log>, PublishError> {
        if let Some(log) = self.logs.get(topic) {
            return Ok(Arc::clone(log));
        }
        if self.counts(topic) && self.counted >= bounds.topics {
            return Err(PublishError::TooManyTopics(bounds.topics));
        }
        let log = Arc::new(Log::new(topic.clone(), bounds));
        self.add(Arc::clone(&log));
        Ok(log)
    }

    /// Makes a topic that does not count among those there may be.
    pub(super) fn reserve(&mut self, topic: &Topic, bounds: &Bounds) {
        let did_count = self.logs.contains_key(topic) && self.counts(topic);
        self.counted -= usize::from(did_count);
        self.reserved.insert(topic.clone());
        self.log_of(topic, bounds);
    }

    /// Whether it is always there.
    pub(super) fn is_reserved(&self, topic: &Topic) -> bool {
        self.reserved.contains(topic)
    }

    /// Whether it is one of so many that there may be. Of jobs, whoever does them bounds the number.
    pub(super) fn counts(&self, topic: &Topic) -> bool {
        !topic.is_job() && !self.is_reserved(topic)
    }

    /// Lets go of a topic that is silent since then, in ms since the epoch.
    pub(super) fn forget_silent(&mut self, topic: &Topic, since: u64) {
        if self.logs.get(topic).is_some_and(|log| log.is_silent(since)) {
            self.forget(topic);
        }
    }

    /// Lets go of a latest-wins topic; whoever reads it is joined again when it comes again. Whether it was there.
    pub(super) fn forget(&mut self, topic: &Topic) -> bool {
        if !topic.is_latest_wins() || self.is_reserved(topic) {
            return false;
        }
        let Some(log) = self.logs.remove(topic) else { return false };
        self.counted -= usize::from(self.counts(topic));
        log.retire();
        log.readers.dismiss();
        true
    }

    /// The log of a topic of which there is something elsewhere, so that it does not matter how many there are.
    pub(super) fn log_of(&mut self, topic: &Topic, bounds: &Bounds) -> Arc<Log> {
        if let Some(log) = self.logs.get(topic) {
            return Arc::clone(log);
        }
        let log = Arc::new(Log::new(topic.clone(), bounds));
        self.add(Arc::clone(&log));
        log
    }

    /// Lets go of every log, and of whoever reads them: they have to join anew.
    pub(super) fn clear(&mut self, bounds: &Bounds) {
        for (_, log) in std::mem::take(&mut self.logs) {
            log.retire();
        }
        self.memory = Memory::default();
        self.counted = 0;
        self.awaiting.clear();
        self.watching.clear();
        for (_, subscriber) in &mut self.subscribers {
            subscriber.watch = None;
        }
        for topic in self.reserved.clone() {
            self.log_of(&topic, bounds);
        }
    }

    /// Puts an event into its log; `kept` is the newest that the journal has.
    pub(super) fn push(&mut self, log: &Arc<Log>, event: Arc<Event>, kept: u64) {
        let seq = event.id.seq;
        if log.push(event, kept) {
            self.memory.add(seq, Arc::clone(log));
        }
    }

    /// Has the oldest events leave memory, none behind `upto`, until the rest fits. Whether there may be more to do.
    pub(super) fn make_room(&mut self, bounds: &Bounds, upto: u64) -> bool {
        self.memory.make_room(bounds, upto)
    }

    /// Adds a topic that is new.
    pub(super) fn add(&mut self, log: Arc<Log>) {
        let exact = match log.is_latest_wins() {
            true => self.awaiting.get(&log.topic).cloned(),
            false => self.awaiting.remove(&log.topic),
        };
        let exact = exact.unwrap_or_default();
        let watching = self.watching.iter().map(|(_, key)| *key).filter(|key| {
            let selectors = self.subscribers.get(*key).map_or(&[][..], |s| &*s.selectors);
            // Whoever names it exactly, too, is among those who wait for it.
            selectors.iter().any(|s| s.matches(&log.topic)) && !exact.contains(key)
        });
        for key in exact.iter().copied().chain(watching) {
            if let Some(Subscriber { signal, .. }) = self.subscribers.get(key) {
                let (key, number) = log.readers.join(Arc::clone(signal));
                signal.add(number, Arc::clone(&log), key);
            }
        }
        let counts = self.counts(&log.topic);
        let is_new = self.logs.insert(log.topic.clone(), log).is_none();
        self.counted += usize::from(is_new && counts);
    }

    /// Joins every topic that the selectors match, now and later.
    pub(super) fn join(&mut self, selectors: Arc<[Selector]>, signal: Arc<Signal>) -> Joined {
        let key = self.subscribers.vacant_key();
        let mut logs: Vec<Arc<Log>> = Vec::new();
        let mut prefixes = false;
        for selector in &*selectors {
            match selector {
                Selector::Exact(topic) => {
                    let log = self.logs.get(topic);
                    logs.extend(log.cloned());
                    if log.is_none() || topic.is_latest_wins() {
                        self.awaiting.entry(topic.clone()).or_default().insert(key);
                    }
                }
                Selector::Prefix(_) | Selector::Stem(_) => {
                    prefixes = true;
                    logs.extend(matching(&self.logs, selector).cloned());
                }
            }
        }
        if selectors.len() > 1 {
            // Selectors may overlap; each topic is joined once.
            logs.sort_unstable_by(|a, b| a.topic.cmp(&b.topic));
            logs.dedup_by(|a, b| Arc::ptr_eq(a, b));
        }
        let logs = logs.into_iter().map(|log| {
            // They are numbered in this order, beginning with 0.
            let (key, _) = log.readers.join(Arc::clone(&signal));
            (log, key)
        });
        let logs = logs.collect();
        let watch = prefixes.then(|| self.watching.insert(key));
        self.subscribers.insert(Subscriber { selectors, signal, watch });
        Joined { key, logs }
    }

    /// What a subscriber joined.
    pub(super) fn selectors(&self, key: usize) -> Arc<[Selector]> {
        self.subscribers.get(key).map(|s| Arc::clone(&s.selectors)).unwrap_or_default()
    }

    /// Forgets a subscriber; the logs it joined are its own to leave.
    pub(super) fn leave(&mut self, key: usize) {
        let Some(subscriber) = self.subscribers.try_remove(key) else { return };
        if let Some(watch) = subscriber.watch {
            self.watching.try_remove(watch);
        }
        for selector in &*subscriber.selectors {
            if let Selector::Exact(topic) = selector
                && let Some(keys) = self.awaiting.get_mut(topic)
            {
                keys.remove(&key);
                if keys.is_empty() {
                    self.awaiting.remove(topic);
                }
            }
        }
    }
}

/// The topics that a selector matches.
fn matching<'a>(
    logs: &'a BTreeMap<Topic, Arc<Log>>,
    selector: &'a Selector,
) -> impl Iterator<Item = &'a Arc<Log>> {
    let start = selector.start();
    logs.range::<Topic, _>((start.map_or(Bound::Unbounded, Bound::Included), Bound::Unbounded))
        .take_while(move |(topic, _)| {
            start.is_none_or(|start| topic.as_str().starts_with(start.as_str()))
        })
        // `a-b` lies between `a` and `a/b`.
        .filter(move |(topic, _)| selector.matches(topic))
        .map(|(_, log)| log)
}
