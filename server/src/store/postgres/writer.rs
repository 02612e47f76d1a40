//! Who changes the database: each change is a task of its own, and another task watches the connection while there is
//! none.
//!
//! The lock is the connection's, and the connection must outlive whoever asks for something: a client that hangs up
//! would take it with it, and let another server in.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::runtime::Handle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::connector::Connector;
use super::error::within;
use super::fence::Fence;
use super::known::Known;
use super::session::{Claim, Session};
use super::turns::{Turns, Writing};
use crate::store::StoreError;

/// How long one change may take, and the way to a new connection before it.
pub(super) const CHANGE: Duration = Duration::from_secs(12);

/// How long others are waited for.
pub(super) const TURN: Duration = Duration::from_secs(10);

/// Time between two looks at the connection: for so long a lock may be gone and nobody knows.
const WATCH_EVERY: Duration = Duration::from_secs(1);

/// Changes the database, by the connection that has the lock. Its tasks end soon after it is dropped, or with
/// [`close`](Self::close).
pub(super) struct Writer {
    turns: Arc<Turns>,
    tasks: TaskTracker,
    /// Where they run: a connection is of use only for as long as the runtime it was made in.
    runtime: Handle,
    stop: CancellationToken,
    _stops: DropGuard,
}

impl Writer {
    /// Takes the database that `session` has the lock of; what is known of it then. Must be called where a runtime
    /// is that outlives it.
    pub(super) async fn new(
        connector: Arc<Connector>,
        session: Session,
        claim: Claim,
    ) -> Result<(Self, Arc<Known>), StoreError> {
        let stop = CancellationToken::new();
        let (turns, known) = Turns::new(connector, session, claim, stop.clone()).await?;
        let (turns, tasks, runtime) = (Arc::new(turns), TaskTracker::new(), Handle::current());
        tasks.spawn(watch(Arc::clone(&turns), stop.clone()));
        let _stops = stop.clone().drop_guard();
        Ok((Self { turns, tasks, runtime, stop, _stops }, known))
    }

    /// Runs `change` once it is its turn, to its end though its caller may go away.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        change: impl for<'w> FnOnce(&'w mut Writing) -> BoxFuture<'w, Result<T, StoreError>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        let turns = Arc::clone(&self.turns);
        self.spawn(async move {
            let mut writing = turns.begin().await?;
            let done = within(CHANGE, change(&mut writing)).await;
            writing.end(done).await
        })
        .await
    }

    /// Whether the connection is there and has the lock; makes a new one if it was lost. Null while others use it, who find
    /// out.
    pub(super) async fn try_confirm(&self) -> Result<Option<()>, StoreError> {
        let Some(turn) = self.turns.try_turn() else { return Ok(None) };
        let turns = Arc::clone(&self.turns);
        self.spawn(async move { turns.confirm(turn).await.map(Some) }).await
    }

    /// Confirms it once it is its turn, unless it has been made anew since the database was as `seen`.
    pub(super) async fn confirm_if(&self, seen: Fence) -> Result<(), StoreError> {
        let turns = Arc::clone(&self.turns);
        self.spawn(async move { turns.confirm_if(seen).await }).await
    }

    /// Lets go of the lock once the change that is under way is done; nothing is written from then on.
    pub(super) async fn close(&self) {
        self.stop.cancel();
        self.turns.close().await;
        self.tasks.close();
        self.tasks.wait().await;
    }

    async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.tasks.spawn_on(work, &self.runtime).await?
    }
}

/// Finds out that the connection is lost though nobody uses it, and gets it back: another server may take the database
/// meanwhile.
async fn watch(turns: Arc<Turns>, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(WATCH_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        if let Some(turn) = turns.try_turn() {
            // What goes wrong is told where it is found.
            let _ = turns.confirm(turn).await;
        }
    }
}
