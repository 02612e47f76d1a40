//! Connections that read, a few at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::sync::{Semaphore, SemaphorePermit};

use super::connector::Connector;
use super::error::{of_connecting, within};
use super::unsigned;
use crate::store::StoreError;

/// How long one page or question may take.
pub(super) const READ: Duration = Duration::from_secs(12);

/// How long an idle connection may take to show that it is there.
const PING: Duration = Duration::from_secs(2);

/// Connections that read; who waits for one waits as long as it takes, as each is done in a bounded time.
pub(super) struct Readers {
    connector: Arc<Connector>,
    turns: Semaphore,
    idle: Mutex<Vec<PgConnection>>,
}

/// A connection for one reader. Dropped before [`end`](Self::end), it is closed.
pub(super) struct Reading<'a> {
    pub(super) on: PgConnection,
    /// Whether it was made just now.
    pub(super) is_new: bool,
    readers: &'a Readers,
    /// Given back behind the connection.
    _turn: SemaphorePermit<'a>,
}

impl Readers {
    /// So many connections at most, made as they are needed.
    pub(super) fn new(connector: Arc<Connector>, connections: usize) -> Self {
        Self { connector, turns: Semaphore::new(connections), idle: Mutex::default() }
    }

    /// A connection, once it is its turn.
    pub(super) async fn take(&self) -> Result<Reading<'_>, StoreError> {
        let turn = self.turns.acquire().await.map_err(|_| StoreError::Closed)?;
        // Each may have been lost since it was used last.
        while let Some(mut on) = self.pop() {
            if within(PING, async { Ok(on.ping().await?) }).await.is_ok() {
                return Ok(Reading { on, is_new: false, readers: self, _turn: turn });
            }
        }
        let on = self.connector.connect().await?;
        Ok(Reading { on, is_new: true, readers: self, _turn: turn })
    }

    /// Ends what waits and what comes later, and every idle connection.
    pub(super) async fn close(&self) {
        self.turns.close();
        while let Some(on) = self.pop() {
            // It ends either way.
            let _ = tokio::time::timeout(PING, on.close()).await;
        }
    }

    fn pop(&self) -> Option<PgConnection> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }
}

impl Reading<'_> {
    /// The head as this connection sees it.
    pub(super) async fn head(&mut self) -> Result<u64, StoreError> {
        let head = async {
            let head = sqlx::query_scalar("SELECT head FROM journal_meta");
            Ok(head.fetch_optional(&mut self.on).await?.map_or(0, unsigned))
        };
        within(PING, head).await.map_err(of_connecting)
    }

    /// Gives the connection back unless what was `done` has ended it.
    pub(super) fn end<T>(self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let is_usable = !done.as_ref().is_err_and(StoreError::ends_connection);
        if is_usable && !self.readers.turns.is_closed() {
            self.readers.idle.lock().unwrap_or_else(PoisonError::into_inner).push(self.on);
        }
        done
    }
}
