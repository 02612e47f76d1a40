//! Whether the journal can be read and written, as far as is known.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::hub::JournalError;
use crate::store::StoreError;

/// Least time between two attempts to find out whether a journal that fails can be written again: anybody may ask.
const PROBE_EVERY: Duration = Duration::from_secs(1);

/// A write that takes longer is one of a disk that does not answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A failure is told when it begins and when it ends, not at each attempt.
#[derive(Debug)]
pub(super) struct Health {
    /// What cannot be done, as in "cannot be read".
    what: &'static str,
    is_failing: AtomicBool,
}

impl Health {
    pub(super) fn of_reading() -> Self {
        Self { what: "read", is_failing: AtomicBool::new(false) }
    }

    /// Notes how an attempt went.
    pub(super) fn note<T>(&self, result: Result<T, StoreError>) -> Result<T, JournalError> {
        if result.is_ok() && self.is_failing.swap(false, Ordering::Relaxed) {
            tracing::info!("the journal can be {} again", self.what);
        }
        self.note_failure(result)
    }

    /// Notes an attempt that says nothing if it went well.
    fn note_failure<T>(&self, result: Result<T, StoreError>) -> Result<T, JournalError> {
        result.map_err(|error| {
            let cause = std::error::Error::source(&error);
            if !self.is_failing.swap(true, Ordering::Relaxed) {
                tracing::error!(%error, cause, "the journal cannot be {}", self.what);
            }
            if error.is_passing() { JournalError::Unreachable } else { JournalError::Failed }
        })
    }
}

/// The same of writing, where what is under way and what nobody tries count, too.
#[derive(Debug)]
pub(super) struct WriteHealth {
    health: Health,
    /// When the append that is under way began.
    began: Mutex<Option<Instant>>,
    /// When it was last tried whether a journal that fails can be written again.
    probed: Mutex<Option<Instant>>,
}

/// An append that is under way.
#[derive(Debug)]
pub(super) struct Writing<'a>(&'a WriteHealth);

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        *lock(&self.0.began) = None;
    }
}

impl WriteHealth {
    pub(super) fn new() -> Self {
        let health = Health { what: "written", is_failing: AtomicBool::new(false) };
        Self { health, began: Mutex::default(), probed: Mutex::default() }
    }

    /// Notes that an append begins; it is over when what this returns is dropped.
    pub(super) fn begin(&self) -> Writing<'_> {
        *lock(&self.began) = Some(Instant::now());
        Writing(self)
    }

    /// Notes how a write of events went.
    pub(super) fn note<T>(&self, result: Result<T, StoreError>) -> Result<T, JournalError> {
        self.health.note(result)
    }

    /// Notes what a write needs, or frees: where that works, events need not.
    pub(super) fn note_aside<T>(&self, result: Result<T, StoreError>) -> Result<T, JournalError> {
        self.health.note_failure(result)
    }

    /// Whether it can be written, as far as is known; after a failure `probe` finds it out. Where nobody publishes because
    /// of it, nothing else would.
    pub(super) async fn check(
        &self,
        probe: impl Future<Output = Result<(), StoreError>>,
    ) -> Result<(), JournalError> {
        if lock(&self.began).is_some_and(|began| began.elapsed() >= PATIENCE) {
            if !self.health.is_failing.swap(true, Ordering::Relaxed) {
                tracing::error!("the journal does not answer");
            }
            return Err(JournalError::Unreachable);
        }
        if !self.health.is_failing.load(Ordering::Relaxed) {
            return Ok(());
        }
        if !self.is_probe_due() {
            return Err(JournalError::Failed);
        }
        self.note(probe.await)
    }

    fn is_probe_due(&self) -> bool {
        let mut probed = lock(&self.probed);
        let is_due = probed.is_none_or(|probed| probed.elapsed() >= PROBE_EVERY);
        if is_due {
            *probed = Some(Instant::now());
        }
        is_due
    }
}

fn lock(time: &Mutex<Option<Instant>>) -> MutexGuard<'_, Option<Instant>> {
    time.lock().unwrap_or_else(PoisonError::into_inner)
}
