//! The tables of alerts.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection};

use super::error::within;
use super::reader::READ;
use super::{PostgresStore, alert_sql, speaker};
use crate::store::{AlertRuleRow, AlertStateRow, AlertStore, Saved, Speaks, StoreError};

impl AlertStore for PostgresStore {
    fn alert_rules(&self) -> BoxFuture<'_, Result<Vec<AlertRuleRow>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let read = within(READ, alert_sql::rules(&mut reading.on)).await;
            reading.end(read).await
        })
    }

    fn save_alert_rule<'a>(
        &'a self,
        row: &'a AlertRuleRow,
        was: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Saved, StoreError>> {
        let (row, was) = (row.clone(), was.map(str::to_owned));
        Box::pin(in_transaction(self, move |on| Box::pin(alert_sql::save(on, row, was))))
    }

    fn remove_alert_rule<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, StoreError>> {
        let id = id.to_owned();
        Box::pin(in_transaction(self, move |on| {
            Box::pin(async move { alert_sql::remove(on, &id).await })
        }))
    }

    fn alert_states<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Vec<AlertStateRow>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let read = within(READ, alert_sql::states(&mut reading.on, host)).await;
            reading.end(read).await
        })
    }

    fn speak_for<'a>(
        &'a self,
        host: &'a str,
        server: &'a str,
        time: Duration,
    ) -> BoxFuture<'a, Result<Speaks, StoreError>> {
        let (host, server) = (host.to_owned(), server.to_owned());
        Box::pin(in_transaction(self, move |on| {
            Box::pin(async move { speaker::claim(on, &host, &server, time).await })
        }))
    }

    fn fall_silent<'a>(
        &'a self,
        host: &'a str,
        server: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (host, server) = (host.to_owned(), server.to_owned());
        Box::pin(in_transaction(self, move |on| {
            Box::pin(async move { speaker::leave(on, &host, &server).await })
        }))
    }

    fn keep_alert_states<'a>(
        &'a self,
        host: &'a str,
        server: &'a str,
        kept: &'a [AlertStateRow],
        gone: &'a [(String, String)],
    ) -> BoxFuture<'a, Result<bool, StoreError>> {
        let (host, server) = (host.to_owned(), server.to_owned());
        let (kept, gone) = (kept.to_vec(), gone.to_vec());
        Box::pin(in_transaction(self, move |on| {
            Box::pin(async move {
                if !speaker::hold(on, &host, &server).await? {
                    return Ok(false);
                }
                alert_sql::keep(on, &host, &kept, &gone).await?;
                Ok(true)
            })
        }))
    }
}

/// Runs `change` in a transaction of its own, to its end.
async fn in_transaction<T: Send + 'static>(
    store: &PostgresStore,
    change: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, StoreError>>
    + Send
    + 'static,
) -> Result<T, StoreError> {
    let run = store.writer.run(|writing| {
        Box::pin(async move {
            let mut transaction = writing.on().begin().await?;
            let changed = change(&mut transaction).await?;
            transaction.commit().await?;
            Ok(changed)
        })
    });
    run.await
}
