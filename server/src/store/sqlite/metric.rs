//! The tables of metrics.

use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::{IMMEDIATE, SqliteStore, metric_sql};
use crate::store::{MetricStore, MinuteFigures, MinuteRow, StoreError};

impl MetricStore for SqliteStore {
    fn metric_names<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Vec<String>, StoreError>> {
        Box::pin(async move { metric_sql::names(&mut self.read().await?.on, host).await })
    }

    fn save_minute<'a>(
        &'a self,
        host: &'a str,
        row: &'a MinuteRow,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let mut transaction = self.writer.begin_with(IMMEDIATE).await?;
            metric_sql::save(&mut transaction, host, row).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn minutes<'a>(
        &'a self,
        host: &'a str,
        names: &'a [Arc<str>],
        from: u64,
        until: u64,
    ) -> BoxFuture<'a, Result<Vec<MinuteFigures>, StoreError>> {
        Box::pin(async move {
            metric_sql::minutes(&mut self.read().await?.on, host, names, from, until).await
        })
    }

    fn trim_minutes(&self, from: u64, until: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let parts = metric_sql::parts(&mut *self.read_aside().await?).await?;
            // One at a time, so that events need not wait for long.
            for part in parts {
                let mut transaction = self.writer.begin_with(IMMEDIATE).await?;
                metric_sql::trim_part(&mut transaction, part, from, until).await?;
                transaction.commit().await?;
            }
            let mut transaction = self.writer.begin_with(IMMEDIATE).await?;
            metric_sql::trim_names(&mut transaction, from).await?;
            Ok(transaction.commit().await?)
        })
    }
}
