//! What this server knows of its database: where it left it, and the numbers of the journal's topics there.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sqlx::PgConnection;

use super::fence::{Fence, Stand};
use crate::store::StoreError;

/// Changed by who holds the writer.
#[derive(Default)]
pub(super) struct Known(RwLock<Facts>);

#[derive(Default)]
struct Facts {
    /// The fence as this server left it, and the head that was acknowledged last.
    stand: Stand,
    /// Numbers of topics by name, of the database with that fence.
    topics: HashMap<String, i64>,
}

impl Known {
    /// All topics of a database that has this fence.
    pub(super) async fn load(fence: Fence, on: &mut PgConnection) -> Result<Self, StoreError> {
        let topics: Vec<(String, i64)> =
            sqlx::query_as("SELECT name, id FROM journal_topics").fetch_all(on).await?;
        let stand = Stand { fence, head: 0 };
        Ok(Self(RwLock::new(Facts { stand, topics: topics.into_iter().collect() })))
    }

    /// Takes what was learned when the database was taken back. What was acknowledged stays so.
    pub(super) fn replace(&self, learned: Self) {
        let learned = learned.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut facts = self.write();
        facts.stand.fence = learned.stand.fence;
        facts.topics = learned.topics;
    }

    /// Where a database must stand at least.
    pub(super) fn stand(&self) -> Stand {
        self.read().stand
    }

    /// Notes the head that was acknowledged.
    pub(super) fn acknowledge(&self, head: u64) {
        self.write().stand.head = head;
    }

    /// The topic's number.
    pub(super) fn topic(&self, topic: &str) -> Option<i64> {
        self.read().topics.get(topic).copied()
    }

    /// Those of `topics` that have a number, by it; null if the numbers are of another database than the one with this
    /// fence.
    pub(super) fn topics<'a>(
        &self,
        fence: Fence,
        topics: &[&'a str],
    ) -> Option<HashMap<i64, &'a str>> {
        let facts = self.read();
        let number = |topic: &&'a str| Some((*facts.topics.get(*topic)?, *topic));
        (facts.stand.fence == fence).then(|| topics.iter().filter_map(number).collect())
    }

    /// Adds topics whose numbers are committed.
    pub(super) fn extend(&self, new: HashMap<String, i64>) {
        if !new.is_empty() {
            self.write().topics.extend(new);
        }
    }

    /// Forgets all topics.
    pub(super) fn forget_topics(&self) {
        self.write().topics.clear();
    }

    fn read(&self) -> RwLockReadGuard<'_, Facts> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Facts> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
