//! The numbers of the journal's topics, as the database has them.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sqlx::PgConnection;

use crate::store::StoreError;

/// Changed by who holds the writer.
#[derive(Default)]
pub(super) struct Topics(RwLock<HashMap<String, i64>>);

impl Topics {
    /// All that there are.
    pub(super) async fn load(&self, connection: &mut PgConnection) -> Result<(), StoreError> {
        let topics: Vec<(String, i64)> =
            sqlx::query_as("SELECT name, id FROM journal_topics").fetch_all(connection).await?;
        *self.write() = topics.into_iter().collect();
        Ok(())
    }

    /// The topic's number.
    pub(super) fn get(&self, topic: &str) -> Option<i64> {
        self.read().get(topic).copied()
    }

    /// Those of `topics` that have a number, by it.
    pub(super) fn known<'a>(&self, topics: &[&'a str]) -> HashMap<i64, &'a str> {
        let known = self.read();
        topics.iter().filter_map(|topic| Some((*known.get(*topic)?, *topic))).collect()
    }

    /// Adds topics whose numbers are committed.
    pub(super) fn extend(&self, new: HashMap<String, i64>) {
        if !new.is_empty() {
            self.write().extend(new);
        }
    }

    /// Forgets all.
    pub(super) fn clear(&self) {
        self.write().clear();
    }

    fn read(&self) -> RwLockReadGuard<'_, HashMap<String, i64>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<String, i64>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
