//! What the hub's journal needs of a database.

use bytes::Bytes;
use futures_util::future::BoxFuture;

use super::StoreError;

/// Where the journal stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalMeta {
    /// Names the unbroken history that the sequence numbers belong to.
    pub epoch: u32,
    /// The newest sequence number that was journalled.
    pub head: u64,
    /// No number above this one was ever given.
    pub reserved: u64,
    /// Whether the last run ended with [`JournalStore::end`].
    pub clean: bool,
}

/// A journalled event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalRow {
    /// Its sequence number.
    pub seq: u64,
    /// Its topic.
    pub topic: String,
    /// Its type.
    pub kind: String,
    /// When it was taken, in ms since the epoch.
    pub at: u64,
    /// JSON text.
    pub data: Bytes,
}

/// What is held of a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalTopic {
    /// The topic.
    pub topic: String,
    /// The newest sequence number that was trimmed from it; 0 if none was.
    pub evicted: u64,
    /// The newest sequence number it ever had.
    pub newest: u64,
    /// How many events are held.
    pub events: u64,
    /// Bytes of their data.
    pub bytes: u64,
}

/// Where a page ends.
#[derive(Clone, Copy, Debug)]
pub struct PageLimits {
    /// Most events.
    pub events: usize,
    /// Most bytes of data; a single event may be larger.
    pub bytes: usize,
}

/// What may stay of a topic.
#[derive(Clone, Copy, Debug)]
pub struct Retain {
    /// Most events.
    pub events: u64,
    /// Most bytes of data; the newest event stays however large it is.
    pub bytes: u64,
    /// Events that were taken before this time go; ms since the epoch.
    pub oldest_at: u64,
}

/// What is to be trimmed from a topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalCut {
    /// The topic.
    pub topic: String,
    /// The newest sequence number that goes.
    pub evicted: u64,
}

/// Where a topic is to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JournalBoundary {
    /// The newest sequence number that must be trimmed; 0 if none must.
    pub seq: u64,
    /// How many events then remain.
    pub events: u64,
    /// Bytes of their data.
    pub bytes: u64,
}

/// The journal: events by sequence number and topic.
pub trait JournalStore {
    /// Where the journal stands; null if it was never begun.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn load(&self) -> BoxFuture<'_, Result<Option<JournalMeta>, StoreError>>;

    /// Notes that a run begins: writes `meta` as not clean, and returns once it is on the disk.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn begin(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Forgets every event and topic, then does as [`begin`](Self::begin).
    ///
    /// # Errors
    ///
    /// If the database fails; nothing is forgotten then.
    fn reset(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>>;

    /// What is held, per topic; topics of which nothing is left included.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn topics(&self) -> BoxFuture<'_, Result<Vec<JournalTopic>, StoreError>>;

    /// Adds events and moves head and reserve, all or nothing. The numbers of `rows` are new and grow. In a
    /// store opened as durable they are on the disk when it returns, else they survive the end of the
    /// process but not of the system.
    ///
    /// # Errors
    ///
    /// If the database fails; nothing is added then.
    fn append<'a>(
        &'a self,
        rows: &'a [JournalRow],
        head: u64,
        reserved: u64,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Events of `topics` behind `after` and up to `upto`, the oldest first: as many as `limits` allow and
    /// at least one if there is one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn page<'a>(
        &'a self,
        topics: &'a [&'a str],
        after: u64,
        upto: u64,
        limits: PageLimits,
    ) -> BoxFuture<'a, Result<Vec<JournalRow>, StoreError>>;

    /// Removes the oldest events of each topic, and notes how far. Another writer may come between, so that many
    /// events hold up nobody.
    ///
    /// # Errors
    ///
    /// If the database fails; what is noted is true even then.
    fn trim<'a>(&'a self, cuts: &'a [JournalCut]) -> BoxFuture<'a, Result<(), StoreError>>;

    /// The topics whose oldest event was taken before this time, in ms since the epoch.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn aged(&self, oldest_at: u64) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;

    /// What must be trimmed for the topic to keep within `retain`, as if nothing came behind `upto`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn boundary<'a>(
        &'a self,
        topic: &'a str,
        upto: u64,
        retain: Retain,
    ) -> BoxFuture<'a, Result<JournalBoundary, StoreError>>;

    /// Notes that the run ended cleanly at `head`, and returns once it and all before it is on the disk.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn end(&self, head: u64) -> BoxFuture<'_, Result<(), StoreError>>;
}
