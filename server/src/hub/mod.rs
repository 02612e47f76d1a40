//! The hub: takes events, gives each its place in one total order, and lets any number of subscribers
//! read them.
//!
//! - An event is held once, in its topic's `history`; a [`Subscription`] holds cursors into these
//!   logs and no queue of its own, so a slow subscriber costs a fixed number of bytes.
//! - Publishing appends to one log and wakes that topic's readers. It never waits for one of them.
//! - A reader goes no further than the newest *committed* sequence number, which is stored after the
//!   event is in its log. That is what keeps one order across topics without a lock on the reading side.
//! - What a reader can no longer get is told to it as a gap, in its place in the order.

mod event;
mod history;
mod signal;
mod subscription;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use slab::Slab;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::{Selector, Topic};

pub use event::{Event, FORMS};
pub use history::Retention;
pub use subscription::{Item, Start, Subscription};

use crate::clock;
use history::Log;
use signal::Signal;

/// A hub; clones are the same hub.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

/// Bounds of a hub.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Bounds of each topic's history.
    pub retention: Retention,
    /// Most topics. Default 10,000.
    pub topics: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self { retention: Retention::default(), topics: 10_000 }
    }
}

/// Why an event was not taken.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The topic is new and there are as many as there may be.
    #[error("the hub holds {0} topics, as many as it may")]
    TooManyTopics(usize),
    /// The journal cannot take it for now.
    #[error("the event cannot be kept for now; try again later")]
    Unavailable,
    /// The hub has ended.
    #[error("the server is shutting down")]
    Closed,
}

#[derive(Debug)]
struct Inner {
    epoch: u32,
    limits: HubLimits,
    /// Newest sequence number whose event can be read.
    committed: AtomicU64,
    closed: AtomicBool,
    /// Time over which subscribers are to leave, once that is so.
    drain: OnceLock<Duration>,
    /// Held while an event is placed, and while a subscriber joins or leaves.
    registry: Mutex<Registry>,
}

#[derive(Debug, Default)]
struct Registry {
    logs: HashMap<Topic, Arc<Log>>,
    /// Who wants to hear of topics that do not exist yet.
    watchers: Slab<Watcher>,
}

#[derive(Debug)]
struct Watcher {
    selectors: Arc<[Selector]>,
    signal: Arc<Signal>,
}

impl Hub {
    /// An empty hub with a new epoch.
    #[must_use]
    pub fn new(limits: HubLimits) -> Self {
        Self::with_epoch(limits, rand::random())
    }

    fn with_epoch(limits: HubLimits, epoch: u32) -> Self {
        Self(Arc::new(Inner {
            epoch,
            limits,
            committed: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            drain: OnceLock::new(),
            registry: Mutex::default(),
        }))
    }

    /// Takes an event. `data` must be a JSON text; the hub does not look into it.
    ///
    /// # Errors
    ///
    /// If the topic is one too many, or the hub has ended.
    pub async fn publish(
        &self,
        topic: &Topic,
        kind: EventType,
        data: Bytes,
    ) -> Result<EventId, PublishError> {
        let mut registry = self.registry();
        if self.is_closed() {
            return Err(PublishError::Closed);
        }
        let log = match registry.logs.get(topic) {
            Some(log) => Arc::clone(log),
            None => registry.create(topic, self.0.limits)?,
        };
        let id = EventId { epoch: self.0.epoch, seq: self.head().seq + 1 };
        log.push(Arc::new(Event::new(id, topic.clone(), kind, clock::now_ms(), data)));
        self.0.committed.store(id.seq, Ordering::Release);
        drop(registry);
        log.wake_readers();
        Ok(id)
    }

    /// Joins the topics that `selectors` match, those that come to be later included.
    #[must_use]
    pub fn subscribe(&self, selectors: Vec<Selector>, start: Start) -> Subscription {
        let selectors: Arc<[Selector]> = selectors.into();
        let signal = Arc::new(Signal::default());
        let mut registry = self.registry();
        let watcher = registry
            .watchers
            .insert(Watcher { selectors: Arc::clone(&selectors), signal: Arc::clone(&signal) });
        let logs = registry
            .logs
            .values()
            .filter(|log| selectors.iter().any(|selector| selector.matches(&log.topic)))
            .map(|log| (Arc::clone(log), log.join(Arc::clone(&signal))))
            .collect();
        // Under the registry's lock nothing is published, so logs and head agree.
        Subscription::new(self.clone(), selectors, signal, watcher, logs, start)
    }

    /// Id of the newest event.
    #[must_use]
    pub fn head(&self) -> EventId {
        EventId { epoch: self.0.epoch, seq: self.0.committed.load(Ordering::Acquire) }
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.registry().watchers.len()
    }

    /// Lets go of events that are past their age.
    pub fn sweep(&self) {
        let now = clock::now_ms();
        let logs: Vec<_> = self.registry().logs.values().cloned().collect();
        for log in logs {
            log.sweep(now);
        }
    }

    /// Tells every subscriber to leave within `window`; events go on meanwhile.
    pub fn drain(&self, window: Duration) {
        // Told once: the first window stands.
        let _ = self.0.drain.set(window);
        self.wake_all();
    }

    /// Takes no more events; every subscription ends once it has read what there is.
    pub fn close(&self) {
        {
            // Not while an event is being placed.
            let _registry = self.registry();
            self.0.closed.store(true, Ordering::Release);
        }
        self.wake_all();
    }

    fn wake_all(&self) {
        for (_, watcher) in &self.registry().watchers {
            watcher.signal.wake();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    /// A panic elsewhere cannot leave the registry half changed, so a poisoned lock is used on.
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.0.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    fn create(&mut self, topic: &Topic, limits: HubLimits) -> Result<Arc<Log>, PublishError> {
        if self.logs.len() >= limits.topics {
            return Err(PublishError::TooManyTopics(limits.topics));
        }
        let log = Arc::new(Log::new(topic.clone(), limits.retention));
        for (_, watcher) in &self.watchers {
            if watcher.selectors.iter().any(|selector| selector.matches(topic)) {
                let key = log.join(Arc::clone(&watcher.signal));
                watcher.signal.add(Arc::clone(&log), key);
            }
        }
        self.logs.insert(topic.clone(), Arc::clone(&log));
        Ok(log)
    }
}

#[cfg(test)]
mod tests;
