//! Who writes, one after the other: hands out the connection that has the lock, and makes another if it is lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::sync::{Mutex, MutexGuard};

use super::connector::Connector;
use super::error::within;
use super::journal;
use super::session::{Identity, Session};
use super::tail::Tail;
use super::topics::Topics;
use crate::store::{JournalRow, StoreError};

/// How long one change may take, the way to a new connection included.
pub(super) const CHANGE: Duration = Duration::from_secs(12);

/// How long others are waited for.
const TURN: Duration = Duration::from_secs(30);

/// How long the answer to a mere question may take.
const PING: Duration = Duration::from_secs(2);

/// The connection that writes.
pub(super) struct Writer {
    connector: Arc<Connector>,
    topics: Arc<Topics>,
    state: Mutex<State>,
    /// The head that was acknowledged last.
    acknowledged: AtomicU64,
}

struct State {
    /// Null while it is in use, lost or closed.
    session: Option<Session>,
    /// The last connection there was.
    former: Identity,
    token: i64,
    tail: Tail,
    is_closed: bool,
    /// The database went on without us: nothing more is written.
    has_diverged: bool,
}

/// The connection, for one change. Dropped before [`end`](Self::end), it is closed: nobody knows what it is doing.
pub(super) struct Writing<'a> {
    session: Session,
    state: MutexGuard<'a, State>,
    acknowledged: &'a AtomicU64,
}

impl Writer {
    /// Takes the database that `session` has the lock of.
    pub(super) async fn new(
        connector: Arc<Connector>,
        topics: Arc<Topics>,
        mut session: Session,
    ) -> Result<Self, StoreError> {
        let token = session.fence().await?;
        topics.load(&mut session.on).await?;
        let state = State {
            former: session.identity.clone(),
            session: Some(session),
            token,
            tail: Tail::default(),
            is_closed: false,
            has_diverged: false,
        };
        let (state, acknowledged) = (Mutex::new(state), AtomicU64::new(0));
        Ok(Self { connector, topics, state, acknowledged })
    }

    /// The connection, once it is its turn; a new one if it was lost.
    pub(super) async fn begin(&self) -> Result<Writing<'_>, StoreError> {
        self.begin_with(self.turn().await?).await
    }

    /// Whether the connection is there and has the lock; makes a new one if it was lost. Null while others write, who find out.
    pub(super) async fn try_confirm(&self) -> Result<Option<()>, StoreError> {
        match self.state.try_lock() {
            Ok(state) => self.confirm_with(state).await.map(Some),
            Err(_) => Ok(None),
        }
    }

    /// As [`try_confirm`](Self::try_confirm), once it is its turn.
    pub(super) async fn confirm(&self) -> Result<(), StoreError> {
        self.confirm_with(self.turn().await?).await
    }

    async fn confirm_with(&self, state: MutexGuard<'_, State>) -> Result<(), StoreError> {
        let mut writing = self.begin_with(state).await?;
        let pinged = async { Ok(writing.on().ping().await?) };
        match within(PING, pinged).await {
            // Lost while nobody used it: what counts is whether there can be another.
            Err(StoreError::Lost(_)) => self.begin_with(writing.drop_session()).await?.end(Ok(())),
            pinged => writing.end(pinged),
        }
    }

    /// The head that was acknowledged last: a database that has less has lost something.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Acquire)
    }

    /// Lets go of the lock; nothing is written from then on.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        state.is_closed = true;
        if let Some(session) = state.session.take() {
            // It ends either way.
            let _ = tokio::time::timeout(PING, session.on.close()).await;
        }
    }

    async fn turn(&self) -> Result<MutexGuard<'_, State>, StoreError> {
        let turn = tokio::time::timeout(TURN, self.state.lock()).await;
        turn.map_err(|_| StoreError::Busy)
    }

    async fn begin_with<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
    ) -> Result<Writing<'a>, StoreError> {
        if state.is_closed {
            return Err(StoreError::Closed);
        }
        if state.has_diverged {
            return Err(StoreError::Diverged);
        }
        let session = match state.session.take() {
            Some(session) => session,
            None => within(CHANGE, self.regain(&mut state)).await?,
        };
        Ok(Writing { session, state, acknowledged: &self.acknowledged })
    }

    /// Connects anew, and goes on where the database is as it was left.
    async fn regain(&self, state: &mut State) -> Result<Session, StoreError> {
        let mut session = Session::open(&self.connector, Some(&state.former)).await?;
        state.former = session.identity.clone();
        let is_ours = session.is_fenced_by(state.token).await?;
        let found = journal::load(&mut session.on).await?.map_or(0, |meta| meta.head);
        let missing = state.tail.missing(found);
        let (true, Ok(missing)) = (is_ours, missing) else {
            state.has_diverged = true;
            return Err(StoreError::Diverged);
        };
        // What was lost may have made topics, and their numbers may be given again.
        self.topics.load(&mut session.on).await?;
        if let Some(missing) = missing {
            let (rows, head, reserved) = (&missing.rows, missing.head, missing.reserved);
            tracing::warn!(events = rows.len(), "the database lost events; they are written again");
            let new =
                journal::add(&mut session.on, &self.topics, rows, head, reserved, true).await?;
            self.topics.extend(new);
            state.tail.flush(head, reserved);
        }
        tracing::info!("connected to the database again");
        Ok(session)
    }
}

impl<'a> Writing<'a> {
    /// The connection.
    pub(super) fn on(&mut self) -> &mut PgConnection {
        &mut self.session.on
    }

    /// Whether the next append must wait for the disk.
    pub(super) fn must_flush(&self) -> bool {
        self.state.tail.is_due()
    }

    /// Notes an append that is on the disk.
    pub(super) fn note_flushed(&mut self, head: u64, reserved: u64) {
        self.state.tail.flush(head, reserved);
        self.acknowledged.store(head, Ordering::Release);
    }

    /// Notes an append that has yet to come to the disk.
    pub(super) fn note_taken(&mut self, rows: &[JournalRow], head: u64, reserved: u64) {
        self.state.tail.push(rows, head, reserved);
        self.acknowledged.store(head, Ordering::Release);
    }

    /// Closes the connection, and keeps the turn.
    fn drop_session(self) -> MutexGuard<'a, State> {
        self.state
    }

    /// Gives the connection back unless what was `done` has ended it.
    pub(super) fn end<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        if !done.as_ref().is_err_and(StoreError::ends_connection) {
            self.state.session = Some(self.session);
        }
        done
    }
}
