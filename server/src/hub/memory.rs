//! What all topics together hold in memory, and which of it goes first: the oldest, of whatever topic.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::Hub;
use super::history::Log;
use super::limits::Bounds;
use super::registry::Registry;

/// Most events that leave under one lock: nobody publishes meanwhile.
const AT_ONCE: usize = 1024;

/// The logs that have something in memory which may leave it, by their oldest event there.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// A log stands at the number its oldest event had when it was last looked at; it has none before it.
    oldest: BTreeMap<u64, Arc<Log>>,
}

impl Memory {
    /// Takes in a log that is not here, and has nothing in memory before this number.
    pub(super) fn add(&mut self, seq: u64, log: Arc<Log>) {
        self.oldest.insert(seq, log);
    }

    /// Has the oldest events leave, none behind `upto`, until the rest fits. Whether there may be more to do.
    pub(super) fn make_room(&mut self, bounds: &Bounds, upto: u64) -> bool {
        for _ in 0..AT_ONCE {
            if bounds.held.load(Ordering::Relaxed) <= bounds.memory_bytes {
                return false;
            }
            let Some(first) = self.oldest.first_entry().filter(|first| *first.key() <= upto) else {
                return false;
            };
            let (seq, log) = first.remove_entry();
            if let Some(next) = log.make_room(seq) {
                self.oldest.insert(next, log);
            }
        }
        true
    }
}

impl Hub {
    /// Bytes that all topics together hold in memory, counted as [`HubLimits::memory_bytes`](super::HubLimits) is.
    #[must_use]
    pub fn held(&self) -> usize {
        self.0.bounds.held.load(Ordering::Relaxed)
    }

    /// Has the oldest events leave memory, none behind `upto`, where all together do not fit; `registry` is this
    /// hub's. Whether there may be more to do.
    pub(super) fn make_room(&self, registry: &mut Registry, upto: u64) -> bool {
        // Nothing goes that lies nowhere else.
        let upto = if self.journal().is_some() { upto.min(self.kept()) } else { upto };
        registry.make_room(&self.0.bounds, upto)
    }

    /// Lets all leave that must and can; publishers do so too, but before the journal has what they bring.
    pub(super) fn make_all_room(&self) {
        // The newest of all stays: whoever waits for it has hardly been woken.
        while self.make_room(&mut self.registry(), self.head().seq.saturating_sub(1)) {}
    }
}
