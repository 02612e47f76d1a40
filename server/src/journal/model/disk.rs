//! The store under the model: rows in memory or the real SQLite, slow and failing as chance will have it.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::Poll;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use super::rng::Rng;
use crate::store::{
    FILE_NAME, JournalBoundary, JournalCut, JournalMeta, JournalRow, JournalStore, JournalTopic,
    PageLimits, People, PeopleChange, PeopleStore, Refused, Retain, SqliteStore, Store, StoreError,
};

/// What survives a restart.
#[derive(Debug)]
pub(super) enum Disk {
    Memory(Arc<Mutex<Rows>>),
    /// Its operations run to their end on a runtime of their own, so that the model stays in step.
    Sqlite(TempDir, Arc<Runtime>),
}

#[derive(Debug, Default)]
pub(super) struct Rows {
    meta: Option<JournalMeta>,
    /// Topics, with the newest number that was trimmed.
    topics: BTreeMap<String, u64>,
    rows: Vec<JournalRow>,
}

/// How the store behaves, and what it did.
#[derive(Debug)]
pub(super) struct Nature {
    pub(super) rng: Rng,
    /// Chance in percent that an operation takes one more turn.
    pub(super) slow: usize,
    /// Chance in percent that it fails.
    pub(super) failing: usize,
    /// Whether what was written can be read though nothing can be written.
    pub(super) can_be_read: bool,
    /// Whether no page is answered.
    pub(super) is_away: bool,
    /// Turns that operations have taken.
    pub(super) waited: u64,
    /// Pages that were asked for and not answered, though nothing is wrong with them.
    pub(super) unanswered: u64,
    /// Operations that failed; appends and ends among them.
    pub(super) failed: u64,
    pub(super) failed_writes: u64,
    pub(super) ended: bool,
    /// Whether the run came to its end, which may have failed.
    pub(super) was_to_end: bool,
    /// Whether nothing comes to its end any more.
    pub(super) hangs: bool,
}

#[derive(Debug)]
pub(super) struct FaultyStore {
    base: Base,
    nature: Arc<Mutex<Nature>>,
}

#[derive(Debug)]
enum Base {
    Memory(Arc<Mutex<Rows>>),
    Sqlite(SqliteStore, Arc<Runtime>),
}

enum Outcome {
    Done,
    Failed,
    /// Failed, and happened all the same.
    Unclear,
}

impl Disk {
    pub(super) fn open(&self, durable: bool, nature: Arc<Mutex<Nature>>) -> FaultyStore {
        let base = match self {
            Self::Memory(rows) => Base::Memory(Arc::clone(rows)),
            Self::Sqlite(dir, runtime) => {
                let path = dir.path().join(FILE_NAME);
                let store = runtime.block_on(SqliteStore::open(&path, durable)).unwrap();
                Base::Sqlite(store, Arc::clone(runtime))
            }
        };
        FaultyStore { base, nature }
    }
}

impl FaultyStore {
    fn nature(&self) -> MutexGuard<'_, Nature> {
        self.nature.lock().unwrap()
    }

    /// Waits for some turns. Whoever is dropped meanwhile has done nothing, or has not heard of it.
    async fn turns(&self) {
        poll_fn(|cx| {
            let mut nature = self.nature();
            if nature.hangs {
                return Poll::Pending;
            }
            let slow = nature.slow;
            if nature.rng.percent(slow) {
                nature.waited += 1;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Poll::Ready(())
        })
        .await;
    }

    fn outcome(&self) -> Outcome {
        let mut nature = self.nature();
        let failing = nature.failing;
        if !nature.rng.percent(failing) {
            return Outcome::Done;
        }
        nature.failed += 1;
        if nature.rng.percent(30) { Outcome::Unclear } else { Outcome::Failed }
    }

    async fn run<T>(
        &self,
        operation: impl FnOnce(&Base) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.turns().await;
        match self.outcome() {
            Outcome::Done => {
                let done = operation(&self.base);
                self.turns().await;
                done
            }
            Outcome::Failed => Err(StoreError::Full),
            Outcome::Unclear => {
                operation(&self.base)?;
                Err(StoreError::Full)
            }
        }
    }

    fn note_write<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if done.is_err() {
            self.nature().failed_writes += 1;
        }
        done
    }
}

impl Base {
    fn with<'a, T>(
        &'a self,
        memory: impl FnOnce(&mut Rows) -> T,
        sqlite: impl FnOnce(&'a SqliteStore) -> BoxFuture<'a, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        match self {
            Self::Memory(rows) => Ok(memory(&mut rows.lock().unwrap())),
            Self::Sqlite(store, runtime) => runtime.block_on(sqlite(store)),
        }
    }
}

impl JournalStore for FaultyStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<JournalMeta>, StoreError>> {
        let load = |base: &Base| base.with(|rows| rows.meta, SqliteStore::load);
        async move {
            if self.nature().can_be_read {
                return load(&self.base);
            }
            self.run(load).await
        }
        .boxed()
    }

    fn begin(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        self.run(move |base| base.with(|rows| rows.meta = Some(meta), move |s| s.begin(meta)))
            .boxed()
    }

    fn reset(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        let forget = move |rows: &mut Rows| {
            *rows = Rows { meta: Some(meta), ..Rows::default() };
        };
        self.run(move |base| base.with(forget, move |s| s.reset(meta))).boxed()
    }

    fn topics(&self) -> BoxFuture<'_, Result<Vec<JournalTopic>, StoreError>> {
        self.run(|base| base.with(|rows| rows.topics(), SqliteStore::topics)).boxed()
    }

    fn append<'a>(
        &'a self,
        rows: &'a [JournalRow],
        head: u64,
        reserved: u64,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        async move {
            let append = |base: &Base| match base {
                Base::Memory(disk) => {
                    disk.lock().unwrap().append(rows, head, reserved);
                    Ok(())
                }
                Base::Sqlite(store, runtime) => {
                    runtime.block_on(store.append(rows, head, reserved))
                }
            };
            let done = self.run(append).await;
            self.note_write(done)
        }
        .boxed()
    }

    fn page<'a>(
        &'a self,
        topics: &'a [&'a str],
        after: u64,
        upto: u64,
        limits: PageLimits,
    ) -> BoxFuture<'a, Result<Vec<JournalRow>, StoreError>> {
        // Small pages: a replay is to take several.
        let limits = PageLimits { events: limits.events.min(3), ..limits };
        let page = move |base: &Base| match base {
            Base::Memory(rows) => Ok(rows.lock().unwrap().page(topics, after, upto, limits)),
            Base::Sqlite(store, runtime) => {
                runtime.block_on(store.page(topics, after, upto, limits))
            }
        };
        async move {
            let is_unanswered = {
                let mut nature = self.nature();
                let failing = nature.failing;
                nature.is_away || (nature.rng.percent(failing) && nature.rng.percent(50))
            };
            if is_unanswered {
                self.turns().await;
                self.nature().unanswered += 1;
                return Err(StoreError::Unreachable("away".into()));
            }
            self.run(page).await
        }
        .boxed()
    }

    fn trim<'a>(&'a self, cuts: &'a [JournalCut]) -> BoxFuture<'a, Result<(), StoreError>> {
        let trim = move |base: &Base| match base {
            Base::Memory(rows) => {
                cuts.iter().for_each(|cut| rows.lock().unwrap().trim(&cut.topic, cut.evicted));
                Ok(())
            }
            Base::Sqlite(store, runtime) => runtime.block_on(store.trim(cuts)),
        };
        self.run(trim).boxed()
    }

    fn aged(&self, oldest_at: u64) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        let aged = move |rows: &mut Rows| rows.aged(oldest_at);
        self.run(move |base| base.with(aged, move |s| s.aged(oldest_at))).boxed()
    }

    fn boundary<'a>(
        &'a self,
        topic: &'a str,
        upto: u64,
        retain: Retain,
    ) -> BoxFuture<'a, Result<JournalBoundary, StoreError>> {
        let boundary = move |base: &Base| match base {
            Base::Memory(rows) => Ok(rows.lock().unwrap().boundary(topic, upto, retain)),
            Base::Sqlite(store, runtime) => runtime.block_on(store.boundary(topic, upto, retain)),
        };
        self.run(boundary).boxed()
    }

    fn end(&self, head: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        async move {
            let note = |rows: &mut Rows| {
                rows.meta = rows.meta.map(|meta| JournalMeta { head, clean: true, ..meta });
            };
            self.nature().was_to_end = true;
            let done = self.run(|base| base.with(note, |s| s.end(head))).await;
            self.nature().ended = done.is_ok();
            self.note_write(done)
        }
        .boxed()
    }
}

impl Rows {
    fn of<'a>(&'a self, topic: &'a str) -> impl DoubleEndedIterator<Item = &'a JournalRow> {
        self.rows.iter().filter(move |row| row.topic == topic)
    }

    fn topics(&self) -> Vec<JournalTopic> {
        let topic = |(topic, evicted): (&String, &u64)| JournalTopic {
            topic: topic.clone(),
            evicted: *evicted,
            newest: self.of(topic).last().map_or(*evicted, |row| row.seq),
            events: self.of(topic).count() as u64,
            bytes: self.of(topic).map(|row| row.data.len() as u64).sum(),
        };
        self.topics.iter().map(topic).collect()
    }

    fn append(&mut self, rows: &[JournalRow], head: u64, reserved: u64) {
        for row in rows {
            let newest = self.rows.last().map_or(0, |row| row.seq);
            assert!(row.seq > newest, "{} is journalled after {newest}", row.seq);
            self.topics.entry(row.topic.clone()).or_default();
            self.rows.push(row.clone());
        }
        self.meta = self.meta.map(|meta| JournalMeta { head, reserved, ..meta });
    }

    fn page(&self, topics: &[&str], after: u64, upto: u64, limits: PageLimits) -> Vec<JournalRow> {
        let is_asked = |row: &JournalRow| topics.contains(&row.topic.as_str());
        let wanted = |row: &&JournalRow| row.seq > after && row.seq <= upto && is_asked(row);
        self.rows.iter().filter(wanted).take(limits.events).cloned().collect()
    }

    fn trim(&mut self, topic: &str, upto: u64) {
        if let Some(evicted) = self.topics.get_mut(topic) {
            *evicted = upto.max(*evicted);
            self.rows.retain(|row| row.topic != topic || row.seq > upto);
        }
    }

    fn aged(&self, oldest_at: u64) -> Vec<String> {
        let is_old = |topic: &&String| self.of(topic).next().is_some_and(|row| row.at < oldest_at);
        self.topics.keys().filter(is_old).cloned().collect()
    }

    fn boundary(&self, topic: &str, upto: u64, retain: Retain) -> JournalBoundary {
        let (mut events, mut bytes) = (0, 0);
        for row in self.of(topic).rev().filter(|row| row.seq <= upto) {
            let size = row.data.len() as u64;
            let is_over = events + 1 > retain.events
                || (bytes + size > retain.bytes && events > 0)
                || row.at < retain.oldest_at;
            if is_over {
                return JournalBoundary { seq: row.seq, events, bytes };
            }
            (events, bytes) = (events + 1, bytes + size);
        }
        JournalBoundary { seq: 0, events, bytes }
    }
}

impl PeopleStore for FaultyStore {
    fn is_shared(&self) -> bool {
        false
    }

    fn people(&self, _: Option<u64>) -> BoxFuture<'_, Result<People, StoreError>> {
        async { Err(StoreError::Closed) }.boxed()
    }

    fn change_people<'a>(
        &'a self,
        _: &'a PeopleChange,
        _: u64,
    ) -> BoxFuture<'a, Result<Result<People, Refused>, StoreError>> {
        async { Err(StoreError::Closed) }.boxed()
    }
}

impl Store for FaultyStore {
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        async { Ok(()) }.boxed()
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        self.run(|base| base.with(|_| (), SqliteStore::probe)).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        if let Base::Sqlite(store, runtime) = &self.base {
            runtime.block_on(store.close());
        }
        async {}.boxed()
    }
}
