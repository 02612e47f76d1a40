//! Looks at the log's end, for those whose cursor lies beyond what was read.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use slab::Slab;

use super::Line;
use crate::hub::signal::Signal;
use crate::sync::MutexGuard;

impl Line {
    /// Numbers a look at the log's end, which begins.
    pub(in crate::hub::bus) fn begin_look(&self) -> u64 {
        self.began.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// The look with this number has found the end, and what is before it can be read. Wakes who waits for it.
    pub(in crate::hub::bus) fn note_look(&self, number: u64) {
        self.looked.store(number, Ordering::Release);
        self.ahead().iter().for_each(|(_, signal)| signal.wake());
    }

    /// Joins those who wait for a look that begins now or later: a key to leave by, and for which one.
    pub(in crate::hub) fn await_look(&self, signal: Arc<Signal>) -> (usize, u64) {
        let key = self.ahead().insert(signal);
        let look = self.began.load(Ordering::Acquire) + 1;
        // Where events come all the time, there would be none otherwise.
        self.is_wanted.store(true, Ordering::Release);
        (key, look)
    }

    /// Whether somebody waits for one since this was last asked.
    pub(in crate::hub::bus) fn is_look_wanted(&self) -> bool {
        self.is_wanted.swap(false, Ordering::AcqRel)
    }

    pub(in crate::hub) fn leave_look(&self, key: usize) {
        self.ahead().try_remove(key);
    }

    /// Whether that look has found the end; whoever reads the head afterwards, reads at least that.
    pub(in crate::hub) fn has_looked(&self, number: u64) -> bool {
        self.looked.load(Ordering::Acquire) >= number
    }

    /// A panic elsewhere cannot leave it half changed, so a poisoned lock is used on.
    fn ahead(&self) -> MutexGuard<'_, Slab<Arc<Signal>>> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
