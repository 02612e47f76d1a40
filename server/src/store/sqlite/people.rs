//! Users, tokens and sessions.

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, SqliteConnection};

use super::{IMMEDIATE, SqliteStore, people_change, people_read};
use crate::store::{People, PeopleChange, PeopleStore, Refused, StoreError};

impl PeopleStore for SqliteStore {
    /// One process at a time has the data folder.
    fn is_shared(&self) -> bool {
        false
    }

    fn people(&self, since: Option<u64>) -> BoxFuture<'_, Result<People, StoreError>> {
        Box::pin(async move { people_read::read(&mut *self.read_aside().await?, since).await })
    }

    fn change_people<'a>(
        &'a self,
        change: &'a PeopleChange,
        since: u64,
    ) -> BoxFuture<'a, Result<Result<People, Refused>, StoreError>> {
        let change = change.clone();
        Box::pin(self.through(move |writer| Box::pin(changed(writer, change, since))))
    }
}

async fn changed(
    writer: &mut SqliteConnection,
    change: PeopleChange,
    since: u64,
) -> Result<Result<People, Refused>, StoreError> {
    let mut transaction = writer.begin_with(IMMEDIATE).await?;
    if let Err(refused) = people_change::change(&mut transaction, &change).await? {
        return Ok(Err(refused));
    }
    let people = people_read::read(&mut transaction, Some(since)).await?;
    transaction.commit().await?;
    Ok(Ok(people))
}
