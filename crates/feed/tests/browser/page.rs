//! A tab as its browser has it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use tidings_feed::Feed;
use tidings_feed::tabs::Tab;
use tidings_protocol::event::EventId;

use super::server::Stream;

/// A tab, and what waits for it to be read.
pub(super) struct Page {
    pub(super) feed: Feed,
    pub(super) tab: Tab,
    pub(super) is_frozen: bool,
    pub(super) is_told: bool,
    pub(super) is_seen: bool,
    pub(super) is_wanted: bool,
    pub(super) stream: Option<Stream>,
    pub(super) words: VecDeque<String>,
    /// News of requests for the lock: granted, or taken away.
    pub(super) locks: VecDeque<(u64, bool)>,
    pub(super) request: u64,
    /// Whether the answer who is signed in is on its way.
    pub(super) is_asking: bool,
    /// When something last came from the server by either way.
    pub(super) came: Duration,
    /// What came that must not be lost.
    pub(super) got: Vec<EventId>,
    /// Behind which event each history begins for this tab.
    pub(super) starts: BTreeMap<u32, u64>,
}

impl Page {
    pub(super) fn new(feed: Feed, seed: u64, now: Duration) -> Self {
        Self {
            feed,
            tab: Tab::new(seed),
            is_frozen: false,
            is_told: false,
            is_seen: true,
            is_wanted: true,
            stream: None,
            words: VecDeque::new(),
            locks: VecDeque::new(),
            request: 0,
            is_asking: false,
            came: now,
            got: Vec::new(),
            starts: BTreeMap::new(),
        }
    }
}
