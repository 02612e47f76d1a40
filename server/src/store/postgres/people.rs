//! Users, tokens and sessions.

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection};

use super::error::within;
use super::reader::READ;
use super::{PostgresStore, people_change, people_read};
use crate::store::{People, PeopleChange, PeopleStore, Refused, StoreError};

impl PeopleStore for PostgresStore {
    /// A database server is there for many.
    fn is_shared(&self) -> bool {
        true
    }

    fn people(&self, since: Option<u64>) -> BoxFuture<'_, Result<People, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let read = within(READ, people_read::read(&mut reading.on, since)).await;
            reading.end(read).await
        })
    }

    fn change_people<'a>(
        &'a self,
        change: &'a PeopleChange,
        since: u64,
    ) -> BoxFuture<'a, Result<Result<People, Refused>, StoreError>> {
        let change = change.clone();
        Box::pin(self.writer.run(move |writing| {
            Box::pin(async move { changed(writing.on(), &change, since).await })
        }))
    }
}

async fn changed(
    on: &mut PgConnection,
    change: &PeopleChange,
    since: u64,
) -> Result<Result<People, Refused>, StoreError> {
    let mut transaction = on.begin().await?;
    if let Err(refused) = people_change::change(&mut transaction, change).await? {
        transaction.rollback().await?;
        return Ok(Err(refused));
    }
    let people = people_read::read(&mut transaction, Some(since)).await?;
    transaction.commit().await?;
    Ok(Ok(people))
}
