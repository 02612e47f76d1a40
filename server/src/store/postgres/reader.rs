//! Connections that read, a few at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connector::Connector;
use super::error::{of_connecting, within};
use super::fence::{Fence, Stand};
use super::writer::TURN;
use crate::store::StoreError;

/// How long one page or question may take.
pub(super) const READ: Duration = Duration::from_secs(12);

/// How long an idle connection may take to show that it is there.
const PING: Duration = Duration::from_secs(2);

/// What is seen does not change until it ends.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Ends it, whatever went wrong.
const END: &str = "ROLLBACK";

/// Connections that read; whoever waits for one does so for a bounded time.
pub(super) struct Readers {
    connector: Arc<Connector>,
    turns: Semaphore,
    /// With the fence that each has seen.
    idle: Mutex<Vec<(Fence, PgConnection)>>,
}

/// A snapshot of the database for one reader. Dropped before [`end`](Self::end), its connection is closed.
pub(super) struct Reading<'a> {
    pub(super) on: PgConnection,
    /// Where the database stood.
    pub(super) stand: Stand,
    readers: &'a Readers,
    /// Given back behind the connection.
    _turn: SemaphorePermit<'a>,
}

impl Readers {
    /// So many connections at most, made as they are needed.
    pub(super) fn new(connector: Arc<Connector>, connections: usize) -> Self {
        Self { connector, turns: Semaphore::new(connections), idle: Mutex::default() }
    }

    /// A snapshot, once it is its turn. Connections that have seen another fence are not used again: they may be to a
    /// server that is not the primary any more.
    pub(super) async fn begin(&self, fence: Fence) -> Result<Reading<'_>, StoreError> {
        let turn = tokio::time::timeout(TURN, self.turns.acquire()).await;
        let turn = turn.map_err(|_| StoreError::Busy)?.map_err(|_| StoreError::Closed)?;
        while let Some((seen, mut on)) = self.pop() {
            // Each may have been lost since it was used last.
            if seen == fence
                && let Ok(stand) = within(PING, begin(&mut on)).await
            {
                return Ok(Reading { on, stand, readers: self, _turn: turn });
            }
        }
        let mut on = self.connector.connect().await?;
        let stand = within(PING, begin(&mut on)).await.map_err(of_connecting)?;
        Ok(Reading { on, stand, readers: self, _turn: turn })
    }

    /// Ends what waits and what comes later, and every idle connection.
    pub(super) async fn close(&self) {
        self.turns.close();
        while let Some((_, on)) = self.pop() {
            // It ends either way.
            let _ = tokio::time::timeout(PING, on.close()).await;
        }
    }

    fn pop(&self) -> Option<(Fence, PgConnection)> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

async fn begin(on: &mut PgConnection) -> Result<Stand, StoreError> {
    sqlx::raw_sql(SNAPSHOT).execute(&mut *on).await?;
    Stand::read(on).await
}

impl Reading<'_> {
    /// Gives the connection back unless what was `done` has ended it.
    pub(super) async fn end<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let is_usable = !done.as_ref().is_err_and(StoreError::ends_connection)
            && within(PING, async { Ok(sqlx::raw_sql(END).execute(&mut self.on).await?) })
                .await
                .is_ok();
        if is_usable && !self.readers.turns.is_closed() {
            let mut idle = self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.push((self.stand.fence, self.on));
        }
        done
    }
}
