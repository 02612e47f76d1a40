//! The part of the store that no journal uses: metrics, of which the model has none.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::disk::FaultyStore;
use crate::store::{MetricStore, MinuteFigures, MinuteRow, StoreError};

type Never<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

fn never<'a, T: Send + 'a>() -> Never<'a, T> {
    async { Err(StoreError::Closed) }.boxed()
}

impl MetricStore for FaultyStore {
    fn metric_names<'a>(&'a self, _: &'a str) -> Never<'a, Vec<String>> {
        never()
    }

    fn save_minute<'a>(&'a self, _: &'a str, _: &'a MinuteRow) -> Never<'a, ()> {
        never()
    }

    fn minutes<'a>(
        &'a self,
        _: &'a str,
        _: &'a [Arc<str>],
        _: u64,
        _: u64,
    ) -> Never<'a, Vec<MinuteFigures>> {
        never()
    }

    fn trim_minutes(&self, _: u64, _: u64) -> Never<'_, ()> {
        never()
    }
}
