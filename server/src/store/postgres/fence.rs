//! What tells a server whether the database is still as it left it.

use sqlx::PgConnection;

use super::unsigned;
use crate::store::StoreError;

/// Drawn anew by each server that takes the database, or by the first of those that share it, and counted on by its server whenever that comes back to it: what
/// is read elsewhere, or of a time before, does not have it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Fence {
    token: i64,
    generation: i64,
}

/// The generation of a fence that several servers share: none of them counts on.
const SHARED: i64 = -1;

/// Where a database stands, as one snapshot shows it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stand {
    pub(super) fence: Fence,
    /// The journal's head; 0 where there is none.
    pub(super) head: u64,
}

impl Fence {
    /// Takes the database: whoever had it before must not write on, nor believe what it reads.
    pub(super) async fn take(on: &mut PgConnection) -> Result<Self, StoreError> {
        let fence = Self { token: rand::random(), generation: 0 };
        sqlx::query(
            "INSERT INTO fence (id, token, generation) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE \
             SET token = excluded.token, generation = excluded.generation",
        )
        .bind(fence.token)
        .bind(fence.generation)
        .execute(on)
        .await?;
        Ok(fence)
    }

    /// Takes the database with others: the first of them draws what all have.
    pub(super) async fn join(on: &mut PgConnection) -> Result<Self, StoreError> {
        let token: i64 = sqlx::query_scalar(
            "INSERT INTO fence (id, token, generation) VALUES (1, $1, $2) ON CONFLICT (id) DO UPDATE \
             SET token = CASE WHEN fence.generation = $2 THEN fence.token ELSE excluded.token END, \
                 generation = excluded.generation \
             RETURNING token",
        )
        .bind(rand::random::<i64>())
        .bind(SHARED)
        .fetch_one(on)
        .await?;
        Ok(Self { token, generation: SHARED })
    }

    /// Whether `found` was left by the same server, whenever that was.
    pub(super) fn is_of_same_server(self, found: Self) -> bool {
        self.token == found.token
    }

    /// Counts on, past what was `found`: nobody may have heard of that.
    pub(super) async fn renew(
        self,
        found: Self,
        on: &mut PgConnection,
    ) -> Result<Self, StoreError> {
        if self.generation == SHARED {
            return Ok(self);
        }
        let generation = self.generation.max(found.generation) + 1;
        sqlx::query("UPDATE fence SET generation = $1").bind(generation).execute(on).await?;
        Ok(Self { generation, ..self })
    }
}

impl Stand {
    /// Where the database stands; as one that nobody has taken if it is not known there.
    pub(super) async fn read(on: &mut PgConnection) -> Result<Self, StoreError> {
        let found: Option<(i64, i64, i64)> = sqlx::query_as(
            "SELECT token, generation, coalesce((SELECT head FROM journal_meta), 0) FROM fence",
        )
        .fetch_optional(on)
        .await?;
        let stand = |(token, generation, head)| Self {
            fence: Fence { token, generation },
            head: unsigned(head),
        };
        Ok(found.map(stand).unwrap_or_default())
    }
}
