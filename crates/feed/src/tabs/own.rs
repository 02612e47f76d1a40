//! A tab's own stream.

use std::time::Duration;

/// Longest until it brings something.
const OPENS_WITHIN: Duration = Duration::from_secs(10);

/// Most words that wait for the answer who is signed in. Who misses one that did not fit finds out.
const HELD: usize = 100;

/// What is known of it.
#[derive(Debug)]
pub(super) struct Own {
    since: Duration,
    is_heard: bool,
    /// Whether from here on it tells everything. One that began without a cursor does so behind its first heartbeat: before that come
    /// the newest figures only, and between them may lie events that it was never meant to tell.
    is_whole: bool,
    is_vouched: bool,
    /// Words that wait until it is known whose stream this is.
    held: Vec<String>,
}

impl Own {
    pub(super) fn new(now: Duration, has_cursor: bool) -> Self {
        Self {
            since: now,
            is_heard: false,
            is_whole: has_cursor,
            is_vouched: false,
            held: Vec::new(),
        }
    }

    /// Takes a frame; whether everything was told up to it.
    pub(super) fn take(&mut self, is_news: bool) -> bool {
        let was_heard = std::mem::replace(&mut self.is_heard, true);
        let was_whole = self.is_whole;
        // The first frame says that it is open.
        self.is_whole |= was_heard && !is_news;
        was_heard && was_whole
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether others may rely on it.
    pub(super) fn is_shared(&self) -> bool {
        self.is_heard && self.is_whole && self.is_vouched
    }

    /// The word, if it may be said by now; else it waits.
    pub(super) fn share(&mut self, word: String) -> Option<String> {
        if self.is_vouched {
            return Some(word);
        }
        if self.held.len() < HELD {
            self.held.push(word);
        }
        None
    }

    /// It is known whose stream this is; the words that waited for that.
    pub(super) fn vouch(&mut self) -> Vec<String> {
        self.is_vouched = true;
        std::mem::take(&mut self.held)
    }

    /// By when it must bring something.
    pub(super) fn deadline(&self) -> Option<Duration> {
        (!self.is_heard).then(|| self.since + OPENS_WITHIN)
    }
}
