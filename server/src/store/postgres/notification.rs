//! The tables of notifications.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection};

use super::error::within;
use super::reader::READ;
use super::{Claim, PostgresStore, inbox_change, inbox_read};
use crate::store::{
    Changed, InboxBounds, InboxChange, InboxPage, InboxQuery, InboxState, NotificationRow,
    NotificationStore, Posting, StoreError,
};

impl PostgresStore {
    /// Runs `change` in a transaction of its own.
    pub(super) async fn change<T: Send + 'static>(
        &self,
        change: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, StoreError>>
        + Send
        + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(|writing| Box::pin(in_transaction(writing.on(), change))).await
    }

    /// Reads by `look` what is there at one moment.
    pub(super) async fn look<T: Send>(
        &self,
        look: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let mut reading = self.read_aside().await?;
        let seen = within(READ, look(&mut reading.on)).await;
        reading.end(seen).await
    }
}

async fn in_transaction<T>(
    on: &mut PgConnection,
    change: impl for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, StoreError>> + Send,
) -> Result<T, StoreError> {
    let mut transaction = on.begin().await?;
    let changed = change(&mut transaction).await?;
    transaction.commit().await?;
    Ok(changed)
}

impl NotificationStore for PostgresStore {
    fn is_alone(&self) -> bool {
        self.claim == Claim::Alone
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
        let user_id = user_id.to_owned();
        Box::pin(
            self.look(move |on| {
                Box::pin(async move { inbox_read::state(on, &user_id, now).await })
            }),
        )
    }

    fn notifications<'a>(
        &'a self,
        user_id: &'a str,
        query: &'a InboxQuery,
        now: u64,
    ) -> BoxFuture<'a, Result<InboxPage, StoreError>> {
        let (user_id, query) = (user_id.to_owned(), query.clone());
        Box::pin(self.look(move |on| {
            Box::pin(async move { inbox_read::page(on, &user_id, &query, now).await })
        }))
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
        Box::pin(self.look(move |on| Box::pin(inbox_read::to_trim(on, bounds))))
    }

    fn unannounced_users(
        &self,
        age: Option<Duration>,
    ) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.look(move |on| Box::pin(inbox_read::unannounced_users(on, age))))
    }

    fn take_unannounced<'a>(
        &'a self,
        user_id: &'a str,
        after: u64,
        age: Option<Duration>,
    ) -> BoxFuture<'a, Result<Vec<InboxChange>, StoreError>> {
        let server = Arc::clone(&self.server);
        let user_id = user_id.to_owned();
        Box::pin(self.change(move |on| {
            Box::pin(async move {
                inbox_change::take_unannounced(on, &server, &user_id, after, age).await
            })
        }))
    }

    fn announced<'a>(
        &'a self,
        changes: &'a [(String, u64)],
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        let announced = changes.to_vec();
        Box::pin(self.change(move |on| {
            Box::pin(async move { inbox_change::announced(on, &announced).await })
        }))
    }

    fn inboxes_of_nobody(&self) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(self.look(move |on| Box::pin(inbox_read::of_nobody(on))))
    }

    fn remove_inbox<'a>(&'a self, user_id: &'a str) -> BoxFuture<'a, Result<(), StoreError>> {
        let user_id = user_id.to_owned();
        Box::pin(self.change(move |on| {
            Box::pin(async move { inbox_change::remove_inbox(on, &user_id).await })
        }))
    }
}
