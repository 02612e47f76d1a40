//! What one topic still holds for replay: a bounded ring every subscriber reads from.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use slab::Slab;
use tidings_protocol::topic::Topic;

use super::event::Event;
use super::signal::Signal;

/// Bounds of a topic's history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Most events. Default 10,000.
    pub events: usize,
    /// Most bytes, payloads and frames together. Default 16 MiB.
    pub bytes: usize,
    /// Greatest age. Default 24 h.
    pub age: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Self { events: 10_000, bytes: 16 << 20, age: Duration::from_secs(24 * 60 * 60) }
    }
}

/// The log of one topic.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) topic: Topic,
    /// Whether readers skip to the newest event instead of being told of a gap.
    latest_wins: bool,
    retention: Retention,
    ring: RwLock<Ring>,
    /// Whom a new event wakes.
    readers: Mutex<Slab<Arc<Signal>>>,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// Sequence number of the newest event that is gone.
    evicted: u64,
}

/// What a reader finds behind its cursor.
#[derive(Debug)]
pub(super) enum Next {
    /// The oldest event it has not seen.
    Event(Arc<Event>),
    /// Events up to this sequence number are gone.
    Lost(u64),
}

impl Next {
    /// Place in the total order.
    pub(super) fn seq(&self) -> u64 {
        match self {
            Self::Event(event) => event.id.seq,
            Self::Lost(to) => *to,
        }
    }
}

impl Log {
    pub(super) fn new(topic: Topic, retention: Retention) -> Self {
        let latest_wins = topic.is_latest_wins();
        let retention = if latest_wins { Retention { events: 1, ..retention } } else { retention };
        Self { topic, latest_wins, retention, ring: RwLock::default(), readers: Mutex::default() }
    }

    pub(super) fn is_latest_wins(&self) -> bool {
        self.latest_wins
    }

    pub(super) fn push(&self, event: Arc<Event>) {
        let at = event.at;
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        ring.bytes += event.weight();
        ring.events.push_back(event);
        ring.evict(self.retention, at);
    }

    /// Lets go of what is too old at `now`, in ms since the epoch.
    pub(super) fn sweep(&self, now: u64) {
        self.ring.write().unwrap_or_else(PoisonError::into_inner).evict(self.retention, now);
    }

    /// What lies behind `after`, no further than `upto`: what is newer is not committed yet.
    pub(super) fn next(&self, after: u64, upto: u64) -> Option<Next> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        if !self.latest_wins && after < ring.evicted.min(upto) {
            return Some(Next::Lost(ring.evicted.min(upto)));
        }
        let index = ring.events.partition_point(|event| event.id.seq <= after);
        let event = ring.events.get(index).filter(|event| event.id.seq <= upto)?;
        Some(Next::Event(Arc::clone(event)))
    }

    /// Sequence number of the newest event that is gone; reading on from it loses nothing more.
    pub(super) fn evicted(&self) -> u64 {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).evicted
    }

    pub(super) fn join(&self, signal: Arc<Signal>) -> usize {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).insert(signal)
    }

    pub(super) fn leave(&self, key: usize) {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).try_remove(key);
    }

    #[cfg(test)]
    pub(super) fn readers(&self) -> usize {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner).len()
    }

    pub(super) fn wake_readers(&self) {
        let readers = self.readers.lock().unwrap_or_else(PoisonError::into_inner);
        for (_, signal) in readers.iter() {
            signal.wake();
        }
    }
}

impl Ring {
    fn evict(&mut self, retention: Retention, now: u64) {
        let max_age = u64::try_from(retention.age.as_millis()).unwrap_or(u64::MAX);
        while let Some(oldest) = self.events.front() {
            // The newest stays however large it is: it has just been acknowledged.
            let too_many = self.events.len() > retention.events;
            let too_large = self.bytes > retention.bytes && self.events.len() > 1;
            let too_old = now.saturating_sub(oldest.at) > max_age;
            if !(too_many || too_large || too_old) {
                break;
            }
            self.bytes -= oldest.weight();
            self.evicted = oldest.id.seq;
            self.events.pop_front();
        }
    }
}
