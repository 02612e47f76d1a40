//! The store in a database of a Postgres server, for one Tidings server at a time.
//!
//! One connection writes, and holds the lock that keeps other servers away (`session.rs`, `writer.rs`); a few read
//! beside it (`reader.rs`). Whatever is asked ends in a bounded time, also where the network swallows everything; a
//! connection that is lost is made anew by whoever needs it next.

mod connector;
mod error;
mod journal;
mod page;
mod reader;
mod session;
mod tail;
// With the means of Linux a Postgres is sure to end with its tests.
#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests;
mod token;
mod topics;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::PgConnection;
use sqlx::migrate::Migrator;

use super::number::{signed, unsigned};
use super::{Store, StoreError};
use crate::config::{DatabaseUrl, InvalidDatabaseUrl};
use connector::Connector;
use error::within;
use reader::{Readers, Reading};
use session::Session;
use topics::Topics;
use writer::{CHANGE, Writer};

pub(super) use error::meaning;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations/postgres");

/// Oldest Postgres that has all that is used here.
const OLDEST: u32 = 12_00_00;

/// How long tables may take to be brought up to date.
const PREPARE: Duration = Duration::from_secs(120);

/// Connections that read pages.
const READERS: usize = 4;

/// Connections that read for the server itself: for its health, and for what is to be trimmed.
const ASIDES: usize = 2;

/// How a probe takes room: 256 KiB, as the largest event has by default. Less could fit where no event does.
const FILL: &str = "INSERT INTO probe VALUES (1, decode(repeat('00', 262144), 'hex')) \
                    ON CONFLICT (id) DO UPDATE SET filler = excluded.filler";

/// How it gives it back.
const EMPTY: &str = "DELETE FROM probe";

/// The store in one Postgres database.
pub struct PostgresStore {
    writer: Writer,
    readers: Readers,
    /// Read for the server itself, however many subscribers go back in history.
    asides: Readers,
    topics: Arc<Topics>,
    durable: bool,
}

impl PostgresStore {
    /// Opens the database at `url`, which must be there, and brings its tables up to date. `durable` makes every commit
    /// wait for the disk.
    ///
    /// # Errors
    ///
    /// If it cannot be reached or written to, another server uses it, or its tables are of something else.
    pub async fn open(url: &DatabaseUrl, durable: bool) -> Result<Self, StoreError> {
        let connector = connector(url)?;
        let database = connector.database.clone();
        let opened = async {
            let mut session = within(CHANGE, Session::open(&connector, None)).await?;
            within(PREPARE, prepare(&mut session.on, &database)).await?;
            Self::with(connector, session, durable).await
        };
        opened.await.map_err(|error| error::of_open(error, &database))
    }

    async fn with(
        connector: Arc<Connector>,
        session: Session,
        durable: bool,
    ) -> Result<Self, StoreError> {
        let topics = Arc::new(Topics::default());
        let writer = Writer::new(Arc::clone(&connector), Arc::clone(&topics), session);
        let writer = within(CHANGE, writer).await?;
        let readers = Readers::new(Arc::clone(&connector), READERS);
        let asides = Readers::new(connector, ASIDES);
        Ok(Self { writer, readers, asides, topics, durable })
    }

    /// Begins to read a page, once it is its turn.
    async fn read(&self) -> Result<Reading<'_>, StoreError> {
        self.whole(self.readers.take().await?).await
    }

    /// Begins to read for the server itself.
    async fn read_aside(&self) -> Result<Reading<'_>, StoreError> {
        self.whole(self.asides.take().await?).await
    }

    /// A database that crashed may have lost the last events. Before anything is read that could miss them, the writer
    /// gets them back.
    async fn whole<'a>(&self, mut reading: Reading<'a>) -> Result<Reading<'a>, StoreError> {
        if reading.is_new {
            let acknowledged = self.writer.acknowledged();
            if reading.head().await? < acknowledged {
                self.writer.confirm().await?;
            }
        }
        Ok(reading)
    }
}

fn connector(url: &DatabaseUrl) -> Result<Arc<Connector>, StoreError> {
    let unusable = |error: InvalidDatabaseUrl| StoreError::Unopened {
        database: "the database of the configuration".to_owned(),
        source: error.into(),
    };
    Ok(Arc::new(Connector::new(url).map_err(unusable)?))
}

/// Looks whether the database can be used, and brings its tables up to date.
async fn prepare(on: &mut PgConnection, database: &str) -> Result<(), StoreError> {
    let unsuitable = |reason| Err(StoreError::Unsuitable { database: database.to_owned(), reason });
    if on.server_version_num().is_some_and(|version| version < OLDEST) {
        return unsuitable("its Postgres is older than 12");
    }
    let (encoding, is_replica): (String, bool) =
        sqlx::query_as("SELECT current_setting('server_encoding'), pg_is_in_recovery()")
            .fetch_one(&mut *on)
            .await?;
    if is_replica {
        return unsuitable("it is a replica, which cannot be written to; name its primary");
    }
    if encoding != "UTF8" {
        return unsuitable("its encoding is not UTF8; make one with `createdb --encoding=UTF8`");
    }
    MIGRATIONS.run(on).await.map_err(|error| error::of_migration(error, database))
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
                let mut reading = self.asides.take().await?;
                let head = reading.head().await.map(drop);
                reading.end(head)?;
            }
            Ok(())
        })
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut writing = self.writer.begin().await?;
            let on = writing.on();
            let probed = async {
                // Committed in between: what a transaction writes and takes back itself need never come to the disk.
                for change in [FILL, EMPTY] {
                    sqlx::query(change).execute(&mut *on).await?;
                }
                Ok(())
            };
            let probed = within(CHANGE, probed).await;
            writing.end(probed)
        })
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            self.readers.close().await;
            self.asides.close().await;
            self.writer.close().await;
        })
    }
}
