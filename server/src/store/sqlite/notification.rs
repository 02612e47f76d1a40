//! The tables of notifications.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, SqliteConnection};

use super::{IMMEDIATE, SqliteStore, inbox_change, inbox_read};
use crate::store::{
    Changed, InboxBounds, InboxChange, InboxPage, InboxQuery, InboxState, NotificationRow,
    NotificationStore, Posting, StoreError,
};

impl SqliteStore {
    /// Runs `change` in a transaction of its own, and returns once it is on the disk.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl for<'c> FnOnce(&'c mut SqliteConnection) -> BoxFuture<'c, Result<T, StoreError>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        self.through(move |writer| {
            Box::pin(async move {
                let mut transaction = writer.begin_with(IMMEDIATE).await?;
                let changed = change(&mut transaction).await?;
                transaction.commit().await?;
                Ok(changed)
            })
        })
        .await
    }
}

impl NotificationStore for SqliteStore {
    fn is_alone(&self) -> bool {
        true
    }

    fn post<'a>(
        &'a self,
        row: &'a NotificationRow,
        bounds: InboxBounds,
    ) -> BoxFuture<'a, Result<Changed<(NotificationRow, Posting)>, StoreError>> {
        let server = Arc::clone(&self.server);
        let row = row.clone();
        Box::pin(self.change(move |on| {
            Box::pin(async move { inbox_change::post(on, &server, row, bounds).await })
        }))
    }

    fn inbox<'a>(
        &'a self,
        user_id: &'a str,
        now: u64,
    ) -> BoxFuture<'a, Result<(InboxState, bool), StoreError>> {
        Box::pin(
            async move { inbox_read::state(&mut *self.read_aside().await?, user_id, now).await },
        )
    }

    fn notifications<'a>(
        &'a self,
        user_id: &'a str,
        query: &'a InboxQuery,
        now: u64,
    ) -> BoxFuture<'a, Result<InboxPage, StoreError>> {
        Box::pin(async move {
            inbox_read::page(&mut *self.read_aside().await?, user_id, query, now).await
        })
    }

    fn mark_read<'a>(
        &'a self,
        user_id: &'a str,
        id: &'a str,
        at: u64,
    ) -> BoxFuture<'a, Result<Changed<Option<NotificationRow>>, StoreError>> {
        let server = Arc::clone(&self.server);
        let (user_id, id) = (user_id.to_owned(), id.to_owned());
        Box::pin(self.change(move |on| {
            Box::pin(async move { inbox_change::mark_read(on, &server, &user_id, &id, at).await })
        }))
    }

    fn mark_all_read<'a>(
        &'a self,
        user_id: &'a str,
        upto: Option<u64>,
        at: u64,
    ) -> BoxFuture<'a, Result<Changed<()>, StoreError>> {
        let server = Arc::clone(&self.server);
        let user_id = user_id.to_owned();
        Box::pin(self.change(move |on| {
            Box::pin(
                async move { inbox_change::mark_all_read(on, &server, &user_id, upto, at).await },
            )
        }))
    }

    fn remove_notification<'a>(
        &'a self,
        user_id: &'a str,
        id: &'a str,
        now: u64,
    ) -> BoxFuture<'a, Result<Changed<bool>, StoreError>> {
        let server = Arc::clone(&self.server);
        let (user_id, id) = (user_id.to_owned(), id.to_owned());
        Box::pin(self.change(move |on| {
            Box::pin(async move { inbox_change::remove(on, &server, &user_id, &id, now).await })
        }))
    }

    fn trim_inbox<'a>(
        &'a self,
        user_id: &'a str,
        bounds: InboxBounds,
    ) -> BoxFuture<'a, Result<Changed<()>, StoreError>> {
        let server = Arc::clone(&self.server);
        let user_id = user_id.to_owned();
        Box::pin(self.change(move |on| {
            Box::pin(async move { inbox_change::trim(on, &server, &user_id, bounds).await })
        }))
    }

    fn inboxes_to_trim(
        &self,
        bounds: InboxBounds,
    ) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(async move { inbox_read::to_trim(&mut *self.read_aside().await?, bounds).await })
    }

    fn unannounced_users(
        &self,
        age: Option<Duration>,
    ) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(
            async move { inbox_read::unannounced_users(&mut *self.read_aside().await?, age).await },
        )
    }

    fn take_unannounced<'a>(
        &'a self,
        user_id: &'a str,
        after: u64,
        age: Option<Duration>,
    ) -> BoxFuture<'a, Result<Vec<InboxChange>, StoreError>> {
        Box::pin(async move {
            // Not through to the disk: nobody else takes it.
            let mut on = self.writer.begin_with(IMMEDIATE).await?;
            let taken =
                inbox_change::take_unannounced(&mut on, &self.server, user_id, after, age).await?;
            on.commit().await?;
            Ok(taken)
        })
    }

    fn announced<'a>(
        &'a self,
        changes: &'a [(String, u64)],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            // Not through to the disk: what is announced twice is known by its version.
            let mut transaction = self.writer.begin_with(IMMEDIATE).await?;
            inbox_change::announced(&mut transaction, changes).await?;
            Ok(transaction.commit().await?)
        })
    }

    fn inboxes_of_nobody(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(async move { inbox_read::of_nobody(&mut *self.read_aside().await?).await })
    }

    fn remove_inbox<'a>(&'a self, user_id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let user_id = user_id.to_owned();
        Box::pin(self.change(move |on| {
            Box::pin(async move { inbox_change::remove_inbox(on, &user_id).await })
        }))
    }
}
