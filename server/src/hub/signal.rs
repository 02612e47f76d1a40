//! How the hub reaches a subscription that waits.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::task::AtomicWaker;

use super::history::Log;

/// Shared between one subscription and the hub.
#[derive(Debug, Default)]
pub(super) struct Signal {
    waker: AtomicWaker,
    /// Whether `added` has something, so that the usual poll takes no lock.
    has_added: AtomicBool,
    /// Topics that came to be after the subscription.
    added: Mutex<Vec<(Arc<Log>, usize)>>,
}

impl Signal {
    pub(super) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    /// Hands over a log that this signal has joined under `key`.
    pub(super) fn add(&self, log: Arc<Log>, key: usize) {
        self.added.lock().unwrap_or_else(PoisonError::into_inner).push((log, key));
        self.has_added.store(true, Ordering::Release);
    }

    pub(super) fn take_added(&self) -> Vec<(Arc<Log>, usize)> {
        // Read before it is written: this is asked at every poll, and seldom true.
        if !self.has_added.load(Ordering::Acquire) || !self.has_added.swap(false, Ordering::AcqRel)
        {
            return Vec::new();
        }
        std::mem::take(&mut self.added.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
