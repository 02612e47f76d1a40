//! The history of metrics: what the figures of this machine were.
//!
//! - `ring`, `column`: the last hour in memory, at the rate at which it was sampled.
//! - `memory`: the ring, and minutes that are to be kept.
//! - `task`: brings minutes to the store, and has it let go of old ones.
//! - `merge`: figures of several times as one.
//! - `question`: what was asked for; `slice`: what memory has of it; `points`: what is answered, and `rows`, from memory and store.
//! - `csv`: the same for spreadsheets.
//! - [`History`]: what the collectors tell, and what routes and jobs ask.
//!
//! The collectors call [`History::record`] with each sample. A channel of the newest sample, as alerts have it, may skip some where
//! its reader is late; and a queue would have to be bounded, and lose some as well. To record one takes some microseconds.
//!
//! A minute is made from the ring once it is over, and so it says what the ring says. What is asked for comes from the ring where it has the
//! whole minute, and from the store before that: no sample is told twice, and none is missing in between.

mod column;
pub(crate) mod csv;
mod error;
mod memory;
mod merge;
mod points;
mod question;
mod ring;
mod rows;
mod slice;
mod task;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidings_protocol::metrics::Snapshot;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

pub use error::HistoryError;
pub use question::{Question, Wanted};
pub(crate) use rows::{Row, Rows};

use crate::clock;
use crate::store::{MINUTE_MS, MinuteRow, Store, StoreError};
use memory::Memory;

/// The history of a machine; clones are the same.
#[derive(Clone, Debug)]
pub struct History(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    host: String,
    /// None in a server that keeps nothing: there is the last hour alone.
    store: Option<Arc<dyn Store>>,
    memory: Mutex<Memory>,
    /// There is a minute to keep.
    wake: Notify,
}

impl History {
    /// Of the machine called `host`, which goes on with what is in `store`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn open(host: &str, store: Option<Arc<dyn Store>>) -> Result<Self, StoreError> {
        Self::open_at(host, store, clock::now_ms()).await
    }

    /// As [`open`](Self::open), at `now`.
    async fn open_at(
        host: &str,
        store: Option<Arc<dyn Store>>,
        now: u64,
    ) -> Result<Self, StoreError> {
        let before = match &store {
            Some(store) => begun(store.as_ref(), host, now / MINUTE_MS).await?,
            None => None,
        };
        let memory = Mutex::new(Memory::new(before));
        let (host, wake) = (host.to_owned(), Notify::new());
        Ok(Self(Arc::new(Inner { host, store, memory, wake })))
    }

    /// Takes the sample of this machine that was taken at `at`, in ms since the epoch.
    ///
    /// Times only grow. A sample that is no later than the one before says that the clock was set back: what it had said of the time from
    /// `at` on is forgotten.
    pub fn record(&self, at: u64, snapshot: &Snapshot) {
        if self.memory().record(at, snapshot, self.0.store.is_some()) {
            self.0.wake.notify_one();
        }
    }

    /// The machine.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.0.host
    }

    /// Whether more is kept than the last hour.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.0.store.is_some()
    }

    /// Bytes that the last hour takes in memory.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.memory().ring.bytes()
    }

    /// Keeps minutes until `stop`, and then what there is of the one that is not over.
    pub(crate) async fn run(self, stop: CancellationToken) {
        task::run(self, stop).await;
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.0.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept of a minute that is not over.
async fn begun(
    store: &dyn Store,
    host: &str,
    minute: u64,
) -> Result<Option<MinuteRow>, StoreError> {
    let names: Vec<Arc<str>> = store.metric_names(host).await?.into_iter().map(Arc::from).collect();
    let found = store.minutes(host, &names, minute, minute + 1).await?;
    Ok(found.into_iter().next().map(|found| {
        let figures = names.into_iter().zip(found.figures);
        let figures = figures.filter_map(|(name, figure)| Some((name, figure?))).collect();
        MinuteRow { minute, samples: found.samples, figures }
    }))
}
