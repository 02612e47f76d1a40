//! The tables of metrics.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection};

use super::error::within;
use super::reader::READ;
use super::{PostgresStore, metric_sql};
use crate::store::{MetricStore, MinuteFigures, MinuteRow, StoreError};

/// A minute that a crash takes is a gap in a chart, and not worth a wait.
const NO_WAIT: &str = "SELECT set_config('synchronous_commit', 'off', true)";

impl MetricStore for PostgresStore {
    fn metric_names<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_by(&self.readers).await?;
            let read = within(READ, metric_sql::names(&mut reading.on, host)).await;
            reading.end(read).await
        })
    }

    fn save_minute<'a>(
        &'a self,
        host: &'a str,
        row: &'a MinuteRow,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let (host, row) = (host.to_owned(), row.clone());
        Box::pin(in_transaction(self, move |on| {
            Box::pin(async move { metric_sql::save(on, &host, &row).await })
        }))
    }

    fn minutes<'a>(
        &'a self,
        host: &'a str,
        names: &'a [Arc<str>],
        from: u64,
        until: u64,
    ) -> BoxFuture<'a, Result<Vec<MinuteFigures>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_by(&self.readers).await?;
            let read = metric_sql::minutes(&mut reading.on, host, names, from, until);
            let read = within(READ, read).await;
            reading.end(read).await
        })
    }

    fn trim_minutes(&self, from: u64, until: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let parts = within(READ, metric_sql::parts(&mut reading.on)).await;
            // One at a time, so that events need not wait for long.
            for part in reading.end(parts).await? {
                in_transaction(self, move |on| {
                    Box::pin(async move { metric_sql::trim_part(on, part, from, until).await })
                })
                .await?;
            }
            in_transaction(self, move |on| Box::pin(metric_sql::trim_names(on, from))).await
        })
    }
}

/// Runs `change` in a transaction of its own, to its end.
async fn in_transaction(
    store: &PostgresStore,
    change: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<(), StoreError>>
    + Send
    + 'static,
) -> Result<(), StoreError> {
    let run = store.writer.run(|writing| {
        Box::pin(async move {
            let mut transaction = writing.on().begin().await?;
            sqlx::query(NO_WAIT).execute(&mut *transaction).await?;
            change(&mut transaction).await?;
            Ok(transaction.commit().await?)
        })
    });
    run.await
}
