//! The tables of alerts.

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, SqliteConnection};

use super::{IMMEDIATE, SqliteStore, alert_sql};
use crate::store::{AlertRuleRow, AlertStateRow, AlertStore, Saved, StoreError};

impl AlertStore for SqliteStore {
    fn alert_rules(&self) -> BoxFuture<'_, Result<Vec<AlertRuleRow>, StoreError>> {
        Box::pin(async move { alert_sql::rules(&mut *self.read_aside().await?).await })
    }

    fn save_alert_rule<'a>(
        &'a self,
        row: &'a AlertRuleRow,
        was: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Saved, StoreError>> {
        let (row, was) = (row.clone(), was.map(str::to_owned));
        Box::pin(self.through(move |writer| {
            Box::pin(in_transaction(writer, move |on| Box::pin(alert_sql::save(on, row, was))))
        }))
    }

    fn remove_alert_rule<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        let id = id.to_owned();
        Box::pin(self.through(move |writer| {
            Box::pin(in_transaction(writer, move |on| {
                Box::pin(async move { alert_sql::remove(on, &id).await })
            }))
        }))
    }

    fn alert_states<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Vec<AlertStateRow>, StoreError>> {
        Box::pin(async move { alert_sql::states(&mut *self.read_aside().await?, host).await })
    }

    fn keep_alert_states<'a>(
        &'a self,
        host: &'a str,
        _: &'a str,
        kept: &'a [AlertStateRow],
        gone: &'a [(String, String)],
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (host, kept, gone) = (host.to_owned(), kept.to_vec(), gone.to_vec());
        Box::pin(self.through(move |writer| {
            Box::pin(in_transaction(writer, move |on| {
                Box::pin(
                    async move { alert_sql::keep(on, &host, &kept, &gone).await.map(|()| true) },
                )
            }))
        }))
    }
}

async fn in_transaction<T>(
    writer: &mut SqliteConnection,
    change: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send,
) -> Result<T, StoreError> {
    let mut transaction = writer.begin_with(IMMEDIATE).await?;
    let changed = change(&mut transaction).await?;
    transaction.commit().await?;
    Ok(changed)
}
