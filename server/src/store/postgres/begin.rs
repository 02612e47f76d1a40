//! How a run begins: where the journal stands then, and what it forgets of the history there is.

use sqlx::{Connection as _, PgConnection};

use super::signed;
use crate::store::{JournalMeta, StoreError};

/// Most events that one step of forgetting all removes.
const FORGET_STEP: i64 = 20_000;

/// A table that somebody reads, as a backup does, is not waited for to be had alone.
const SOON: &str = "SET LOCAL lock_timeout = '200ms'";

/// What a start may do with the history there is.
#[derive(Clone, Copy)]
pub(super) enum Forget {
    Nothing,
    /// All of it, at once: if nobody else so much as reads.
    All,
    /// What is left where there are no events any more.
    Topics,
}

/// Writes where the journal stands.
pub(super) async fn write_meta(
    on: &mut PgConnection,
    meta: JournalMeta,
    forget: Forget,
) -> Result<(), StoreError> {
    let mut transaction = on.begin().await?;
    match forget {
        Forget::Nothing => {}
        Forget::All => {
            sqlx::query(SOON).execute(&mut *transaction).await?;
            sqlx::query("TRUNCATE journal_events, journal_topics")
                .execute(&mut *transaction)
                .await?;
        }
        Forget::Topics => {
            sqlx::query("DELETE FROM journal_topics").execute(&mut *transaction).await?;
        }
    }
    sqlx::query(
        "INSERT INTO journal_meta (id, epoch, head, reserved, clean) VALUES (1, $1, $2, $3, false) \
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, head = excluded.head, \
             reserved = excluded.reserved, clean = excluded.clean",
    )
    .bind(i64::from(meta.epoch))
    .bind(signed(meta.head))
    .bind(signed(meta.reserved))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// Removes the oldest events behind `after`, at most [`FORGET_STEP`]; the last of them, or null if there was none.
pub(super) async fn forget_step(
    on: &mut PgConnection,
    after: i64,
) -> Result<Option<i64>, StoreError> {
    // By its bounds: who looks for the oldest each time wades through all that is gone already.
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT max(seq) FROM ( \
             SELECT seq FROM journal_events WHERE seq > $1 ORDER BY seq LIMIT $2 \
         ) AS step",
    )
    .bind(after)
    .bind(FORGET_STEP)
    .fetch_one(&mut *on)
    .await?;
    if let Some(last) = last {
        sqlx::query("DELETE FROM journal_events WHERE seq > $1 AND seq <= $2")
            .bind(after)
            .bind(last)
            .execute(on)
            .await?;
    }
    Ok(last)
}
