//! The part of the store that no journal uses: notifications, of which the model has none.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::disk::FaultyStore;
use crate::store::{
    Changed, InboxBounds, InboxChange, InboxPage, InboxQuery, InboxState, NotificationRow,
    NotificationStore, Posting, StoreError,
};

type Never<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

fn never<'a, T: Send + 'a>() -> Never<'a, T> {
    async { Err(StoreError::Closed) }.boxed()
}

impl NotificationStore for FaultyStore {
    fn is_alone(&self) -> bool {
        true
    }

    fn post<'a>(
        &'a self,
        _: &'a NotificationRow,
        _: InboxBounds,
    ) -> Never<'a, Changed<(NotificationRow, Posting)>> {
        never()
    }

    fn inbox<'a>(&'a self, _: &'a str, _: u64) -> Never<'a, (InboxState, bool)> {
        never()
    }

    fn notifications<'a>(&'a self, _: &'a str, _: &'a InboxQuery, _: u64) -> Never<'a, InboxPage> {
        never()
    }

    fn mark_read<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: u64,
    ) -> Never<'a, Changed<Option<NotificationRow>>> {
        never()
    }

    fn mark_all_read<'a>(&'a self, _: &'a str, _: Option<u64>, _: u64) -> Never<'a, Changed<()>> {
        never()
    }

    fn remove_notification<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: u64,
    ) -> Never<'a, Changed<bool>> {
        never()
    }

    fn trim_inbox<'a>(&'a self, _: &'a str, _: InboxBounds) -> Never<'a, Changed<()>> {
        never()
    }

    fn inboxes_to_trim(&self, _: InboxBounds) -> Never<'_, Vec<String>> {
        never()
    }

    fn unannounced_users(&self, _: Option<Duration>) -> Never<'_, Vec<String>> {
        never()
    }

    fn take_unannounced<'a>(
        &'a self,
        _: &'a str,
        _: u64,
        _: Option<Duration>,
    ) -> Never<'a, Vec<InboxChange>> {
        never()
    }

    fn announced<'a>(&'a self, _: &'a [(String, u64)]) -> Never<'a, ()> {
        never()
    }

    fn inboxes_of_nobody(&self) -> Never<'_, Vec<String>> {
        never()
    }

    fn remove_inbox<'a>(&'a self, _: &'a str) -> Never<'a, ()> {
        never()
    }
}
