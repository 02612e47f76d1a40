//! The store in one SQLite file.
//!
//! One connection writes, a few read beside it (write-ahead log). Each works on a thread of its own, so
//! that no disk holds up the runtime.

mod alert;
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../alert_sql.rs"]
mod alert_sql;
mod error;
/// The time of the database, in ms since the epoch.
macro_rules! now {
    () => {
        "CAST(unixepoch('subsec') * 1000 AS INTEGER)"
    };
}
/// How rows are read to be changed that nobody else is about to change: there is one writer.
macro_rules! skip_locked {
    () => {
        ""
    };
}
/// How rows are read that are to be changed: there is one writer.
macro_rules! locked {
    () => {
        ""
    };
}
/// The texts of a list in JSON, each as `value`.
macro_rules! elements {
    ($list:literal) => {
        concat!("json_each(", $list, ")")
    };
}
/// What a statement returns that need not wait for the disk: none does but in a store that is durable.
macro_rules! unflushed {
    () => {
        "''"
    };
}
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../inbox_change.rs"]
mod inbox_change;
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../inbox_read.rs"]
mod inbox_read;
mod job;
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../job_sql.rs"]
mod job_sql;
mod journal;
mod metric;
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../metric_sql.rs"]
mod metric_sql;
mod notification;
mod page;
mod people;
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../people_change.rs"]
mod people_change;
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../people_read.rs"]
mod people_read;
#[cfg(test)]
mod tests;
mod token;

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::migrate::Migrator;
use sqlx::pool::PoolConnection;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{ConnectOptions, Connection as _, Sqlite, SqliteConnection, Transaction};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::inbox::server_name;
use super::number::{signed, unsigned};
use super::{Store, StoreError};

pub(super) use error::meaning;

/// Name of the file in the data folder.
pub const FILE_NAME: &str = "tidings.db";

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/sqlite");

/// How a change begins: at once as a writer, as a reader that becomes one later can find that it may not.
const IMMEDIATE: &str = "BEGIN IMMEDIATE";

/// How a probe takes room: 256 KiB, as the largest event has by default. Less could fit where no event does.
const FILL: &str = "INSERT OR REPLACE INTO probe VALUES (1, zeroblob(262144))";

/// How it gives it back.
const EMPTY: &str = "DELETE FROM probe";

/// Connections that read; each has a thread and a cache.
const READERS: u32 = 4;

/// Connections that read for the server itself: for its health, and for what is to be trimmed.
const ASIDES: u32 = 2;

/// Page cache of a connection that reads, in KiB: a page of history is read once.
const READER_CACHE_KIB: i64 = 256;

/// How long a foreign lock is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(1);

/// The write-ahead log is copied back at this many pages of 4 KiB.
const CHECKPOINT_PAGES: i64 = 4_000;

/// What the write-ahead log is cut back to once it was larger, in bytes.
const LOG_BYTES: i64 = 32 << 20;

/// What statements run on.
type Connection = SqliteConnection;

/// A page that is being read.
struct Reading<'a> {
    on: Transaction<'static, Sqlite>,
    /// Given back behind the connection.
    _turn: SemaphorePermit<'a>,
}

/// The store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: SqlitePool,
    readers: SqlitePool,
    /// Places in line for those: who waits for one waits as long as it takes, while a pool would fail.
    turns: Semaphore,
    /// Read for the server itself, however many subscribers go back in history.
    asides: SqlitePool,
    /// Numbers of the journal's topics, as the file has them. Changed by who holds the writer.
    topics: RwLock<HashMap<String, i64>>,
    durable: bool,
    /// What it is called in notes of what is to be announced.
    server: Arc<str>,
}

impl SqliteStore {
    /// Opens the file at `path`, for its owner alone, and brings its tables up to date. `durable` makes
    /// every commit wait for the disk.
    ///
    /// # Errors
    ///
    /// If the file cannot be used, is no database of Tidings, or was written by a newer one.
    pub async fn open(path: &Path, durable: bool) -> Result<Self, StoreError> {
        create_private(path)
            .map_err(|source| StoreError::Unusable { path: path.to_owned(), source })?;
        let synchronous = if durable { SqliteSynchronous::Full } else { SqliteSynchronous::Normal };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
            .synchronous(synchronous)
            // What a statement may have to take back fits there, and no file is made for it.
            .pragma("temp_store", "MEMORY")
            // Statements hold what users send.
            .disable_statement_logging();
        let writer = pool(1)
            .connect_with(
                options
                    .clone()
                    .journal_mode(SqliteJournalMode::Wal)
                    .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
                    .pragma("journal_size_limit", LOG_BYTES.to_string()),
            )
            .await
            .map_err(|error| error::of_open(error, path))?;
        MIGRATIONS.run(&writer).await.map_err(|error| error::of_migration(error, path))?;
        let reading = options.read_only(true).pragma("cache_size", (-READER_CACHE_KIB).to_string());
        let readers = pool(READERS).connect_lazy_with(reading.clone());
        let asides = pool(ASIDES).connect_lazy_with(reading);
        let turns = Semaphore::new(READERS as usize);
        let topics = RwLock::new(journal::load_topics(&writer).await?);
        Ok(Self { writer, readers, turns, asides, topics, durable, server: server_name() })
    }

    /// The connection that writes; nobody else does until it is dropped.
    async fn writer(&self) -> Result<PoolConnection<Sqlite>, StoreError> {
        Ok(self.writer.acquire().await?)
    }

    /// Runs `change` so that what it commits is on the disk when this returns, durable or not. Whoever asked
    /// may go away: it runs to its end, and the connection is not left as it needs it.
    async fn through<T: Send + 'static>(
        &self,
        change: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        let (writer, durable) = (self.writer.clone(), self.durable);
        let task = tokio::spawn(async move {
            let mut writer = writer.acquire().await?;
            sqlx::query("PRAGMA synchronous = FULL").execute(&mut *writer).await?;
            let changed = change(&mut writer).await;
            if !durable {
                sqlx::query("PRAGMA synchronous = NORMAL").execute(&mut *writer).await?;
            }
            changed
        });
        task.await?
    }

    /// Begins to read a page, once it is its turn; what is seen does not change until it ends.
    async fn read(&self) -> Result<Reading<'_>, StoreError> {
        let turn = self.turns.acquire().await.map_err(|_| StoreError::Closed)?;
        Ok(Reading { on: self.readers.begin().await?, _turn: turn })
    }

    /// Begins to read for the server itself.
    async fn read_aside(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.asides.begin().await?)
    }

    fn ids(&self) -> RwLockReadGuard<'_, HashMap<String, i64>> {
        self.topics.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn ids_mut(&self) -> RwLockWriteGuard<'_, HashMap<String, i64>> {
        self.topics.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SqliteStore {
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            sqlx::query("SELECT 1 FROM journal_meta").fetch_optional(&mut *reading).await?;
            Ok(())
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            // Committed in between: what a transaction writes and takes back itself never comes to the disk.
            for change in [FILL, EMPTY] {
                let mut transaction = self.writer.begin_with(IMMEDIATE).await?;
                sqlx::query(change).execute(&mut *transaction).await?;
                transaction.commit().await?;
            }
            Ok(())
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            // The last to go copies the log back and removes it.
            self.turns.close();
            self.readers.close().await;
            self.asides.close().await;
            self.writer.close().await;
        })
    }
}

#[cfg(test)]
impl SqliteStore {
    /// Keeps everybody else from writing, as another program may, for as long as what it returns is held.
    pub(crate) async fn lock(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        Ok(self.writer.begin_with(IMMEDIATE).await?)
    }

    /// Has all that waits to be announced wait for so many ms more than it does.
    pub(crate) async fn age_changes(&self, ms: i64) -> Result<(), StoreError> {
        let aged = sqlx::query("UPDATE inbox_changes SET at = at - ?").bind(ms);
        Ok(aged.execute(&self.writer).await.map(drop)?)
    }

    /// Versions of what waits to be announced.
    pub(crate) async fn noted_changes(&self) -> Result<Vec<i64>, StoreError> {
        let noted = sqlx::query_scalar("SELECT version FROM inbox_changes ORDER BY version");
        Ok(noted.fetch_all(&self.writer).await?)
    }
}

/// A pool that keeps its connections for as long as they are of use, and asks the database nothing before each.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        // Where a disk is full or fails, SQLite may end a transaction by itself. sqlx holds it for open, and would
        // begin no other for as long as the connection lasts.
        .before_acquire(|connection, _| {
            let is_usable = !connection.is_in_transaction();
            Box::pin(std::future::ready(Ok(is_usable)))
        })
}

/// Makes the file where there is none, readable by its owner alone; its log inherits that.
fn create_private(path: &Path) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mut permissions = file.metadata()?.permissions();
        if permissions.mode() & 0o077 != 0 {
            permissions.set_mode(0o600);
            file.set_permissions(permissions)?;
        }
    }
    drop(file);
    Ok(())
}
