//! What a hub may hold.

use std::sync::Arc;

use super::history::Depth;
use super::retention::Retention;
use crate::sync::AtomicUsize;

/// Bounds of a hub.
#[derive(Clone, Copy, Debug)]
pub struct HubLimits {
    /// Bounds of each topic's history.
    pub retention: Retention,
    /// Most events of a topic that are in memory, where a journal has the others. Default 10,000.
    pub memory_events: usize,
    /// Most bytes of all topics together in memory, roughly. What is beyond leaves memory for the journal, and
    /// where there is none, history: the oldest first, of whatever topic. These stay on top of it: the newest event
    /// of each latest-wins topic, what has only just come, and what the journal has not taken yet, at most 64 MiB
    /// of payloads. Default 256 MiB.
    pub memory_bytes: usize,
    /// Most topics. Default 10,000.
    pub topics: usize,
}

impl Default for HubLimits {
    fn default() -> Self {
        Self {
            retention: Retention::default(),
            memory_events: 10_000,
            memory_bytes: 256 << 20,
            topics: 10_000,
        }
    }
}

/// What a log is bounded by.
#[derive(Clone, Debug)]
pub(super) struct Bounds {
    pub(super) retention: Retention,
    /// Bounds of what is in memory.
    pub(super) memory: Retention,
    pub(super) depth: Depth,
    /// What all logs together hold, and may.
    pub(super) held: Arc<AtomicUsize>,
    pub(super) memory_bytes: usize,
    pub(super) topics: usize,
}

impl HubLimits {
    /// What each log keeps to, whose older events lie as `depth` says.
    pub(super) fn bounds(self, depth: Depth) -> Bounds {
        let Self { retention, memory_events, memory_bytes, topics } = self;
        let default = Retention::default();
        let memory = Retention { events: memory_events, bytes: default.bytes, ..retention };
        Bounds { retention, memory, depth, held: Arc::default(), memory_bytes, topics }
    }
}
