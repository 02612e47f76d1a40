//! The store in a database of a Postgres server, for one Tidings server at a time, or for several that have their
//! history elsewhere.
//!
//! One connection writes, and holds the lock that keeps other servers away (`session.rs`, `turns.rs`); each change is a task
//! of its own, and one watches the connection while there is none (`writer.rs`). A few connections read beside it, each time
//! from a snapshot that says whether the database is as this server left it (`reader.rs`, `fence.rs`). Whatever is asked ends
//! in a bounded time, also where the network swallows everything.

mod alert;
#[allow(clippy::duplicate_mod, reason = "once for the connections of each database")]
#[path = "../alert_sql.rs"]
mod alert_sql;
mod append;
mod begin;
mod connector;
mod error;
mod fence;
/// The time of the database, in ms since the epoch.
macro_rules! now {
    () => {
        "(extract(epoch FROM clock_timestamp()) * 1000)::bigint"
    };
}
/// How rows are read to be changed that nobody else is about to change.
macro_rules! skip_locked {
    () => {
        "FOR UPDATE SKIP LOCKED"
    };
}
/// How rows are read that are to be changed.
macro_rules! locked {
    () => {
        "FOR UPDATE"
    };
}
/// The texts of a list in JSON, each as `value`.
macro_rules! elements {
    ($list:literal) => {
        concat!("json_array_elements_text(", $list, "::json)")
    };
}
/// What a statement returns that need not wait for the disk; the setting ends with it.
macro_rules! unflushed {
    () => {
        "set_config('synchronous_commit', 'off', true)"
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
mod known;
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
mod reader;
mod session;
mod speaker;
mod tables;
mod tail;
// With the means of Linux a Postgres is sure to end with its tests.
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
mod turns;
mod writer;

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::PgConnection;

use super::inbox::server_name;
use super::number::{signed, unsigned};
use super::{Store, StoreError};
use crate::config::{DatabaseUrl, InvalidDatabaseUrl};
use connector::Connector;
use error::within;
use known::Known;
use reader::{Readers, Reading};
use session::Session;
use writer::{CHANGE, Writer};

pub(super) use error::meaning;
pub use session::Claim;

/// Connections that read pages.
const READERS: usize = 4;

/// Connections that read for the server itself: for its health, and for what is to be trimmed.
const ASIDES: usize = 2;

/// How often a snapshot is taken that the writer may overtake: it comes back to a database that was away.
const ATTEMPTS: usize = 3;

/// How a probe takes room: 256 KiB, as the largest event has by default. Less could fit where no event does.
const FILL: &str = "INSERT INTO probe VALUES (1, decode(repeat('00', 262144), 'hex')) \
                    ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";

/// How it gives it back.
const EMPTY: &str = "DELETE FROM probe";

/// What statements run on.
type Connection = PgConnection;

/// The store in one Postgres database.
pub struct PostgresStore {
    writer: Writer,
    readers: Readers,
    /// Read for the server itself, however many subscribers go back in history.
    asides: Readers,
    known: Arc<Known>,
    durable: bool,
    claim: Claim,
    /// What it is called among those that share the database.
    server: Arc<str>,
}

impl PostgresStore {
    /// Opens the database at `url`, which must be there, and brings its tables up to date. `durable` makes every commit
    /// wait for the disk. In one that is [shared](Claim::Shared) there must be no journal.
    ///
    /// # Errors
    ///
    /// If it cannot be reached or written to, another server uses it for itself, or its tables are of something else.
    pub async fn open(url: &DatabaseUrl, durable: bool, claim: Claim) -> Result<Self, StoreError> {
        let connector = connector(url)?;
        let database = connector.database.clone();
        let opened = async {
            let mut session = within(CHANGE, Session::open(&connector, None, claim)).await?;
            tables::prepare(&mut session.on, &database).await?;
            Self::with(connector, session, durable, claim).await
        };
        opened.await.map_err(|error| error::of_open(error, &database))
    }

    async fn with(
        connector: Arc<Connector>,
        session: Session,
        durable: bool,
        claim: Claim,
    ) -> Result<Self, StoreError> {
        let writer = Writer::new(Arc::clone(&connector), session, claim);
        let (writer, known) = within(CHANGE, writer).await?;
        let readers = Readers::new(Arc::clone(&connector), READERS);
        let asides = Readers::new(connector, ASIDES);
        Ok(Self { writer, readers, asides, known, durable, claim, server: server_name() })
    }

    /// Begins to read for the server itself.
    async fn read_aside(&self) -> Result<Reading<'_>, StoreError> {
        self.read_by(&self.asides).await
    }

    /// As [`read_by`](Self::read_by), with the numbers of these topics in that snapshot.
    async fn read_topics<'a, 'n>(
        &self,
        readers: &'a Readers,
        topics: &[&'n str],
    ) -> Result<(Reading<'a>, HashMap<i64, &'n str>), StoreError> {
        for _ in 0..ATTEMPTS {
            let reading = self.read_by(readers).await?;
            if let Some(numbers) = self.known.topics(reading.stand.fence, topics) {
                return Ok((reading, numbers));
            }
            // The writer has just come back to the database: they may be others there than in the snapshot.
        }
        Err(changed())
    }

    /// A snapshot that has all that was acknowledged, of the database that this server has. One that crashed may have lost
    /// the last events, and the writer gets them back; a reader may be on what another server has taken, or on a server
    /// that lags behind, and would not find what is there.
    async fn read_by<'a>(&self, readers: &'a Readers) -> Result<Reading<'a>, StoreError> {
        for attempt in 1..=ATTEMPTS {
            let known = self.known.stand();
            let reading = readers.begin(known.fence).await?;
            if reading.stand.fence == known.fence && reading.stand.head >= known.head {
                return Ok(reading);
            }
            // Not to be used again.
            drop(reading);
            if attempt < ATTEMPTS {
                self.writer.confirm_if(known.fence).await?;
            }
        }
        Err(changed())
    }
}

/// The database is not, or not yet again, as this server left it.
fn changed() -> StoreError {
    StoreError::Unreachable("it is not as it was left".into())
}

fn connector(url: &DatabaseUrl) -> Result<Arc<Connector>, StoreError> {
    let unusable = |error: InvalidDatabaseUrl| StoreError::Unopened {
        database: "the database of the configuration".to_owned(),
        source: error.into(),
    };
    Ok(Arc::new(Connector::new(url).map_err(unusable)?))
}

/// What there is to tell holds a password.
impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").field("durable", &self.durable).finish_non_exhaustive()
    }
}

impl Store for PostgresStore {
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if self.writer.try_confirm().await?.is_none() {
                let reading = self.asides.begin(self.known.stand().fence).await?;
                reading.end(Ok(())).await?;
            }
            Ok(())
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.run(|writing| {
            Box::pin(async move {
                // Committed in between: what a transaction writes and takes back itself need never come to the disk.
                for change in [FILL, EMPTY] {
                    sqlx::query(change).execute(writing.on()).await?;
                }
                Ok(())
            })
        }))
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close().await;
            self.asides.close().await;
            self.writer.close().await;
        })
    }
}
