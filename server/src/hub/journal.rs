//! What the hub asks of a journal: to keep history across a restart. `crate::journal` has one over the store.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings_protocol::topic::Topic;

use super::event::Event;
use super::retention::Retention;
use super::{Hub, Past};

/// Why the journal did not do what it was asked; the cause is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// It does not answer for now; what it has, it still has.
    #[error("the journal does not answer")]
    Unreachable,
    /// It cannot do it, and need not be able to later.
    #[error("the journal failed")]
    Failed,
}

/// Has what memory no longer has.
pub trait Pages: Debug + Send + Sync + 'static {
    /// Reads what lies behind `after`, no further than `upto`. Where it is unreachable it is asked again, for as long as
    /// somebody waits for the page; where it fails twice, what it was asked for is told as lost.
    fn page(self: Arc<Self>, ask: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>>;
}

/// Keeps events, in their order. Events of latest-wins topics are never given to it.
pub trait Journal: Pages {
    /// Keeps `events`, whose sequence numbers grow, and that every number up to `head` may be given away. What
    /// failed may be tried again, and is kept once.
    /// A durable journal has it on disk when the future is done.
    fn append(
        self: Arc<Self>,
        events: Vec<Arc<Event>>,
        head: u64,
    ) -> BoxFuture<'static, Result<(), JournalError>>;

    /// The topics whose oldest event is older than `age` at `now`, in ms since the epoch.
    fn aged(
        self: Arc<Self>,
        age: Duration,
        now: u64,
    ) -> BoxFuture<'static, Result<Vec<Topic>, JournalError>>;

    /// What of `topic`, as far as `upto`, must go so that the rest keeps to `retention` at `now`, in ms since the
    /// epoch.
    fn boundary(
        self: Arc<Self>,
        topic: Topic,
        upto: u64,
        retention: Retention,
        now: u64,
    ) -> BoxFuture<'static, Result<Boundary, JournalError>>;

    /// Lets go of the events of each topic up to its sequence number.
    fn trim(
        self: Arc<Self>,
        cuts: Vec<(Topic, u64)>,
    ) -> BoxFuture<'static, Result<(), JournalError>>;

    /// Fails while what it was last given could not be kept, and tries by itself whether that is over.
    fn check(self: Arc<Self>) -> BoxFuture<'static, Result<(), JournalError>>;

    /// Notes that everything up to `head` is kept and nothing follows.
    fn end(self: Arc<Self>, head: u64) -> BoxFuture<'static, Result<(), JournalError>>;
}

impl Hub {
    /// Whether events can be kept, as far as is known.
    ///
    /// # Errors
    ///
    /// While the journal fails, or the bus is away.
    pub async fn check(&self) -> Result<(), JournalError> {
        match &self.0.past {
            Past::Nowhere => Ok(()),
            Past::Journal(keeping) => Arc::clone(&keeping.journal).check().await,
            Past::Bus(line) => line.away_since().map_or(Ok(()), |_| Err(JournalError::Unreachable)),
        }
    }
}

/// What to read.
#[derive(Clone, Debug)]
pub struct PageRequest {
    /// Of the history with this epoch.
    pub epoch: u32,
    /// Of these topics, in the order of their names.
    pub topics: Arc<[Topic]>,
    /// Behind this sequence number.
    pub after: u64,
    /// Up to this one.
    pub upto: u64,
    /// Most events.
    pub max_events: usize,
    /// Most bytes of payload, unless the first event alone has more.
    pub max_bytes: usize,
}

/// What was read.
#[derive(Debug, Default)]
pub struct Page {
    /// In their order.
    pub events: Vec<Arc<Event>>,
    /// There is nothing else of these topics up to here.
    pub reached: u64,
    /// Topics of which the newest event that was gone when the page was read was not known before.
    pub evicted: Vec<(Topic, u64)>,
}

/// Where a topic's history is to begin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boundary {
    /// The newest event that must go; 0 if none must.
    pub evicted: u64,
    /// How many the journal then has, as far as it was asked.
    pub events: usize,
    /// Their payloads together.
    pub bytes: usize,
}

/// What a journal holds when the server starts.
#[derive(Clone, Debug, Default)]
pub struct Recovered {
    /// The history's epoch.
    pub epoch: u32,
    /// No greater sequence number was given away.
    pub head: u64,
    /// What is kept, by topic.
    pub topics: Vec<RecoveredTopic>,
}

/// A topic of a journal.
#[derive(Clone, Debug)]
pub struct RecoveredTopic {
    /// Its name.
    pub topic: Topic,
    /// Newest event that is gone.
    pub evicted: u64,
    /// Newest event that is kept; 0 if none is.
    pub newest: u64,
    /// How many are kept.
    pub events: usize,
    /// Their payloads together.
    pub bytes: usize,
}

/// When an event counts as published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Once it is in memory; the journal follows, and is whole after a clean end.
    Relaxed,
    /// Once the journal has it on disk.
    Durable,
}
