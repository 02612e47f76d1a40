//! Which store a server keeps its things in.

use std::sync::Arc;

use super::{Claim, FILE_NAME, PostgresStore, SqliteStore, Store, StoreError};
use crate::clock;
use crate::config::Config;

/// The database that the configuration names, or the file in the data folder.
pub(crate) async fn open(config: &Config) -> Result<Arc<dyn Store>, StoreError> {
    let durable = config.hub.durable;
    let file = config.server.data_dir.join(FILE_NAME);
    let Some(url) = &config.server.database else {
        return Ok(Arc::new(SqliteStore::open(&file, durable).await?));
    };
    // With Redis history lies there, and the database has but people and their inboxes, whom instances have in common.
    let claim = if config.server.redis.is_some() { Claim::Shared } else { Claim::Alone };
    let store = PostgresStore::open(url, durable, claim).await?;
    if SqliteStore::has_tokens(&file, clock::now_ms()).await {
        let file = file.display();
        tracing::warn!(%file, "tokens and history that were kept in a file stay there, and are not used");
    }
    Ok(Arc::new(store))
}
