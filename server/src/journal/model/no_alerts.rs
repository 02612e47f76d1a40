//! The part of the store that no journal uses: alerts, of which the model has none.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::disk::FaultyStore;
use crate::store::{AlertRuleRow, AlertStateRow, AlertStore, Saved, StoreError};

type Never<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

fn never<'a, T: Send + 'a>() -> Never<'a, T> {
    async { Err(StoreError::Closed) }.boxed()
}

impl AlertStore for FaultyStore {
    fn alert_rules(&self) -> Never<'_, Vec<AlertRuleRow>> {
        never()
    }

    fn save_alert_rule<'a>(&'a self, _: &'a AlertRuleRow, _: Option<&'a str>) -> Never<'a, Saved> {
        never()
    }

    fn remove_alert_rule<'a>(&'a self, _: &'a str) -> Never<'a, bool> {
        never()
    }

    fn alert_states<'a>(&'a self, _: &'a str) -> Never<'a, Vec<AlertStateRow>> {
        never()
    }

    fn keep_alert_states<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: &'a [AlertStateRow],
        _: &'a [(String, String)],
    ) -> Never<'a, bool> {
        never()
    }
}
