//! The one connection that writes, and the lock it holds.
//!
//! The lock is the connection's: with it goes the lock, and nothing is written without it. A connection that comes
//! in its place looks whether another server had the database in between. Servers that share the database hold it
//! together, and so still keep out one that wants it for itself.

use std::time::Duration;

use sqlx::PgConnection;
use tokio::time::Instant;

use super::connector::Connector;
use super::error::of_connecting;
use crate::store::StoreError;

/// Names the lock: `tidings` in ASCII.
pub(super) const LOCK: i64 = 0x0074_6964_696e_6773;

/// How a server has its database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Everything, and no other server uses it.
    Alone,
    /// Change people, as others do at the same time. The journal is nobody's.
    Shared,
}

/// How long a lock is waited for whose owner may just be going.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// Time between two looks at it.
const LOCK_LOOK: Duration = Duration::from_millis(50);

/// Ends a connection of ours that is still there, with what it may be doing: nobody hears of it any more.
const END_FORMER: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                          WHERE pid = $1 AND backend_start::text = $2";

/// What is said of a server that takes no writes.
const REPLICA: &str = "it is a replica, which cannot be written to; name its primary";

/// A connection, as the database server knows it.
#[derive(Clone)]
pub(super) struct Identity {
    pid: i32,
    began: String,
}

/// A connection that has the lock.
pub(super) struct Session {
    pub(super) on: PgConnection,
    pub(super) identity: Identity,
}

impl Session {
    /// Connects to a primary and takes the lock; from `former`, the connection that was lost, if need be.
    pub(super) async fn open(
        connector: &Connector,
        former: Option<&Identity>,
        claim: Claim,
    ) -> Result<Self, StoreError> {
        let mut on = connector.connect().await?;
        let locked = async {
            let (pid, began, is_replica): (_, _, bool) = sqlx::query_as(
                "SELECT pid, backend_start::text, pg_is_in_recovery() FROM pg_stat_activity \
                 WHERE pid = pg_backend_pid()",
            )
            .fetch_one(&mut on)
            .await?;
            if is_replica {
                // It may lag behind: what it lacks is not lost.
                return Err(StoreError::Unreachable(REPLICA.into()));
            }
            lock(&mut on, former, claim).await?;
            Ok(Identity { pid, began })
        };
        let identity = locked.await.map_err(of_connecting)?;
        Ok(Self { on, identity })
    }
}

async fn lock(
    on: &mut PgConnection,
    former: Option<&Identity>,
    claim: Claim,
) -> Result<(), StoreError> {
    let take = match claim {
        Claim::Alone => "SELECT pg_try_advisory_lock($1)",
        Claim::Shared => "SELECT pg_try_advisory_lock_shared($1)",
    };
    let began = Instant::now();
    let mut former = former;
    loop {
        let is_ours: bool = sqlx::query_scalar(take).bind(LOCK).fetch_one(&mut *on).await?;
        if is_ours {
            return Ok(());
        }
        if let Some(Identity { pid, began }) = former.take() {
            sqlx::query(END_FORMER).bind(pid).bind(began).execute(&mut *on).await?;
        } else if began.elapsed() >= LOCK_PATIENCE {
            return Err(StoreError::Taken);
        }
        tokio::time::sleep(LOCK_LOOK).await;
    }
}
