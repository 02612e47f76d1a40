//! Whose turn it is to write: one after the other gets the connection that has the lock, and another if it is lost.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio_util::sync::CancellationToken;

use super::append;
use super::connector::Connector;
use super::error::within;
use super::fence::{Fence, Stand};
use super::known::Known;
use super::session::{Claim, Identity, Session};
use super::tail::Tail;
use super::writer::{CHANGE, TURN};
use crate::store::{JournalRow, StoreError};

/// How long the answer to a mere question may take.
const PING: Duration = Duration::from_secs(2);

/// Who may write, and with what.
pub(super) struct Turns {
    connector: Arc<Connector>,
    known: Arc<Known>,
    state: Arc<Mutex<State>>,
    claim: Claim,
    /// Nobody waits for the database from then on.
    stop: CancellationToken,
}

/// What the one whose turn it is may change.
pub(super) struct State {
    /// Null while it is in use, lost or closed.
    session: Option<Session>,
    /// The last connection there was.
    former: Identity,
    fence: Fence,
    tail: Tail,
    is_closed: bool,
    /// The database went on without us: nothing more is written.
    has_diverged: bool,
    /// Whether it was told that the connection is lost.
    is_told: bool,
}

/// The connection, for one change. Dropped before [`end`](Self::end), it is closed: nobody knows what it is doing.
pub(super) struct Writing {
    session: Session,
    state: OwnedMutexGuard<State>,
    known: Arc<Known>,
}

impl Turns {
    /// Takes the database that `session` has the lock of; what is known of it then.
    pub(super) async fn new(
        connector: Arc<Connector>,
        mut session: Session,
        claim: Claim,
        stop: CancellationToken,
    ) -> Result<(Self, Arc<Known>), StoreError> {
        let fence = match claim {
            Claim::Alone => Fence::take(&mut session.on).await?,
            Claim::Shared => Fence::join(&mut session.on).await?,
        };
        let known = Arc::new(Known::load(fence, &mut session.on).await?);
        let state = State {
            former: session.identity.clone(),
            session: Some(session),
            fence,
            tail: Tail::default(),
            is_closed: false,
            has_diverged: false,
            is_told: false,
        };
        let state = Arc::new(Mutex::new(state));
        Ok((Self { connector, known: Arc::clone(&known), state, claim, stop }, known))
    }

    /// The connection, once it is its turn; a new one if it was lost.
    pub(super) async fn begin(&self) -> Result<Writing, StoreError> {
        self.begin_with(self.turn().await?).await
    }

    /// The turn, if it is nobody's.
    pub(super) fn try_turn(&self) -> Option<OwnedMutexGuard<State>> {
        Arc::clone(&self.state).try_lock_owned().ok()
    }

    /// Looks whether the connection is there and has the lock; makes a new one if it was lost.
    pub(super) async fn confirm(&self, turn: OwnedMutexGuard<State>) -> Result<(), StoreError> {
        let mut writing = self.begin_with(turn).await?;
        let pinged = within(PING, async { Ok(writing.on().ping().await?) }).await;
        if pinged.is_ok() {
            return writing.end(Ok(())).await;
        }
        // Lost while nobody used it: what counts is whether there can be another.
        let turn = writing.drop_session();
        self.begin_with(turn).await?.end(Ok(())).await
    }

    /// As [`confirm`](Self::confirm) once it is its turn, if by then it is still as it was `seen`.
    pub(super) async fn confirm_if(&self, seen: Fence) -> Result<(), StoreError> {
        let turn = self.turn().await?;
        if turn.fence == seen { self.confirm(turn).await } else { Ok(()) }
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

    async fn turn(&self) -> Result<OwnedMutexGuard<State>, StoreError> {
        let turn = tokio::time::timeout(TURN, Arc::clone(&self.state).lock_owned()).await;
        turn.map_err(|_| StoreError::Busy)
    }

    async fn begin_with(&self, mut state: OwnedMutexGuard<State>) -> Result<Writing, StoreError> {
        if state.is_closed {
            return Err(StoreError::Closed);
        }
        if state.has_diverged {
            return Err(StoreError::Diverged);
        }
        let session = match state.session.take() {
            Some(session) => session,
            None => self.regain_or_tell(&mut state).await?,
        };
        Ok(Writing { session, state, known: Arc::clone(&self.known) })
    }

    /// A new connection in the place of the one that was lost. What keeps it away is told once, and its end.
    async fn regain_or_tell(&self, state: &mut State) -> Result<Session, StoreError> {
        let regained = tokio::select! {
            regained = within(CHANGE, self.regain(state)) => regained,
            () = self.stop.cancelled() => return Err(StoreError::Closed),
        };
        match &regained {
            Ok(_) => {
                tracing::info!("connected to the database again");
                state.is_told = false;
            }
            Err(error) if !std::mem::replace(&mut state.is_told, true) => {
                let cause = std::error::Error::source(error);
                tracing::warn!(%error, cause, "the connection to the database is lost");
            }
            Err(_) => {}
        }
        regained
    }

    /// Connects anew, and goes on where the database is as it was left.
    async fn regain(&self, state: &mut State) -> Result<Session, StoreError> {
        let mut session = Session::open(&self.connector, Some(&state.former), self.claim).await?;
        state.former = session.identity.clone();
        let mut transaction = session.on.begin().await?;
        let found = Stand::read(&mut transaction).await?;
        let missing = state.tail.missing(found.head);
        let (true, Ok(missing)) = (state.fence.is_of_same_server(found.fence), missing) else {
            state.has_diverged = true;
            return Err(StoreError::Diverged);
        };
        // Whoever reads must not do so by what was known before: topics may have gone with what was lost, and their
        // numbers may be given again.
        let fence = state.fence.renew(found.fence, &mut transaction).await?;
        let learned = Known::load(fence, &mut transaction).await?;
        if let Some(missing) = &missing {
            let (rows, head, reserved) = (&missing.rows, missing.head, missing.reserved);
            tracing::warn!(events = rows.len(), "the database lost events; they are written again");
            let new = append::add(&mut transaction, &learned, rows, head, reserved, true).await?;
            learned.extend(new);
        }
        // It waits for the disk, and so does all that was found: an append that nobody had heard of, too.
        transaction.commit().await?;
        let (head, reserved) = state.tail.head();
        state.tail.flush(head.max(found.head), reserved);
        state.fence = fence;
        self.known.replace(learned);
        Ok(session)
    }
}

impl Writing {
    /// The connection.
    pub(super) fn on(&mut self) -> &mut PgConnection {
        &mut self.session.on
    }

    /// What is known of the database.
    pub(super) fn known(&self) -> Arc<Known> {
        Arc::clone(&self.known)
    }

    /// Whether the next append must wait for the disk.
    pub(super) fn must_flush(&self) -> bool {
        self.state.tail.is_due()
    }

    /// Notes an append that is on the disk.
    pub(super) fn note_flushed(&mut self, head: u64, reserved: u64) {
        self.state.tail.flush(head, reserved);
        self.known.acknowledge(head);
    }

    /// Notes an append that has yet to come to the disk.
    pub(super) fn note_taken(&mut self, rows: &[JournalRow], head: u64, reserved: u64) {
        self.state.tail.push(rows, head, reserved);
        self.known.acknowledge(head);
    }

    /// Closes the connection, and keeps the turn.
    fn drop_session(self) -> OwnedMutexGuard<State> {
        self.state
    }

    /// Gives the connection back unless what was `done` has ended it.
    pub(super) async fn end<T>(mut self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let is_usable = match &done {
            Ok(_) => true,
            Err(error) if error.ends_connection() => false,
            // A transaction that failed is rolled back by this, and not whenever the connection is needed again.
            Err(_) => within(PING, async { Ok(self.on().ping().await?) }).await.is_ok(),
        };
        if is_usable {
            self.state.session = Some(self.session);
        }
        done
    }
}
