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
    reserved: Vec<Topic>,
    /// Who makes room in memory.
    memory: Memory,
    subscribers: Slab<Subscriber>,
    /// Subscribers whose selectors may match topics that do not exist yet, by exact name…
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
        if self.logs.len() - self.reserved.len() >= bounds.topics {
            return Err(PublishError::TooManyTopics(bounds.topics));
        }
        let log = Arc::new(Log::new(topic.clone(), bounds));
        self.add(Arc::clone(&log));
        Ok(log)
    }

    /// Makes a topic that does not count among those there may be.
    pub(super) fn reserve(&mut self, topic: &Topic, bounds: &Bounds) {
        self.reserved.push(topic.clone());
        if !self.logs.contains_key(topic) {
            self.add(Arc::new(Log::new(topic.clone(), bounds)));
        }
    }

    pub(super) fn is_reserved(&self, topic: &Topic) -> bool {
        self.reserved.contains(topic)
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
        let exact = self.awaiting.remove(&log.topic).unwrap_or_default();
        let watching = self.watching.iter().map(|(_, key)| *key).filter(|key| {
            let selectors = self.subscribers.get(*key).map_or(&[][..], |s| &*s.selectors);
            // Whoever names it exactly, too, is among those who wait for it.
            selectors.iter().any(|s| s.matches(&log.topic)) && !exact.contains(key)
        });
        for key in exact.iter().copied().chain(watching) {
            if let Some(Subscriber { signal, .. }) = self.subscribers.get(key) {
                signal.add(Arc::clone(&log), log.readers.join(Arc::clone(signal)));
            }
        }
        self.logs.insert(log.topic.clone(), log);
    }

    /// Joins every topic that the selectors match, now and later.
    pub(super) fn join(&mut self, selectors: Arc<[Selector]>, signal: Arc<Signal>) -> Joined {
        let key = self.subscribers.vacant_key();
        let mut logs: Vec<Arc<Log>> = Vec::new();
        let mut prefixes = false;
        for selector in &*selectors {
            match selector {
                Selector::Exact(topic) => match self.logs.get(topic) {
                    Some(log) => logs.push(Arc::clone(log)),
                    None => {
                        self.awaiting.entry(topic.clone()).or_default().insert(key);
                    }
                },
                Selector::Prefix(prefix) => {
                    prefixes = true;
                    logs.extend(below(&self.logs, prefix.as_ref()).cloned());
                }
            }
        }
        if selectors.len() > 1 {
            // Selectors may overlap; each topic is joined once.
            logs.sort_unstable_by(|a, b| a.topic.cmp(&b.topic));
            logs.dedup_by(|a, b| Arc::ptr_eq(a, b));
        }
        let logs = logs.into_iter().map(|log| {
            let key = log.readers.join(Arc::clone(&signal));
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

/// The topics below a prefix: those that [`Selector::matches`] says.
fn below<'a>(
    logs: &'a BTreeMap<Topic, Arc<Log>>,
    prefix: Option<&'a Topic>,
) -> impl Iterator<Item = &'a Arc<Log>> {
    let start = prefix.map_or(Bound::Unbounded, Bound::Excluded);
    logs.range::<Topic, _>((start, Bound::Unbounded))
        .take_while(move |(topic, _)| {
            prefix.is_none_or(|prefix| topic.as_str().starts_with(prefix.as_str()))
        })
        // `a-b` lies between `a` and `a/b`.
        .filter(move |(topic, _)| {
            prefix.map_or(!topic.is_personal(), |prefix| {
                topic.as_str()[prefix.as_str().len()..].starts_with('/')
            })
        })
        .map(|(_, log)| log)
}
