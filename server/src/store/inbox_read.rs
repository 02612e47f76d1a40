//! Inboxes as SQL reads them, for every backend that speaks it: each compiles this file for its own kind of connection.

use std::time::Duration;

use super::{Connection, signed, unsigned};
use crate::store::StoreError;
use crate::store::inbox::{Columns, LISTED, columns, milliseconds, row};
use crate::store::notification::{InboxBounds, InboxPage, InboxQuery, InboxState};

type Result<T> = std::result::Result<T, StoreError>;

pub(super) async fn state(
    on: &mut Connection,
    user_id: &str,
    now: u64,
) -> Result<(InboxState, bool)> {
    let found: Option<(i64, i64, Option<i64>)> = sqlx::query_as(
        "SELECT version, unread, ( \
             SELECT min(expires_at) FROM notifications WHERE user_id = $1 \
                 AND expires_at IS NOT NULL \
         ) FROM inboxes WHERE user_id = $1",
    )
    .bind(user_id)
    .fetch_optional(on)
    .await?;
    let (version, unread, expires) = found.unwrap_or_default();
    let state = InboxState { version: unsigned(version), unread: unsigned(unread) };
    Ok((state, expires.is_some_and(|at| at <= signed(now))))
}

pub(super) async fn page(
    on: &mut Connection,
    user_id: &str,
    query: &InboxQuery,
    now: u64,
) -> Result<InboxPage> {
    let (state, has_expired) = state(on, user_id, now).await?;
    let found: Vec<Columns> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM notifications WHERE user_id = $1 AND version < $2 \
         AND (expires_at IS NULL OR expires_at > $3) \
         AND ($4 = 0 OR ($4 = 1) = (read_at IS NULL)) \
         ORDER BY version DESC LIMIT $5"
    ))
    .bind(user_id)
    .bind(query.before.map_or(i64::MAX, signed))
    .bind(signed(now))
    .bind(query.unread.map_or(0_i64, |unread| if unread { 1 } else { 2 }))
    .bind(signed(query.limit as u64).saturating_add(1))
    .fetch_all(&mut *on)
    .await?;
    let has_more = found.len() > query.limit;
    let rows = found.into_iter().take(query.limit).map(row).collect();
    Ok(InboxPage { rows, state, has_more, has_expired })
}

pub(super) async fn to_trim(on: &mut Connection, bounds: InboxBounds) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT user_id FROM inboxes WHERE total > $1 \
         OR EXISTS ( \
             SELECT 1 FROM notifications AS own \
             WHERE own.user_id = inboxes.user_id AND own.expires_at <= $2 \
         ) OR EXISTS ( \
             SELECT 1 FROM notifications AS own \
             WHERE own.user_id = inboxes.user_id AND own.created_at < $3 \
         ) \
         ORDER BY user_id LIMIT $4",
    )
    .bind(signed(bounds.most))
    .bind(signed(bounds.now))
    .bind(signed(bounds.oldest))
    .bind(LISTED)
    .fetch_all(on)
    .await?)
}

/// Users who were removed while somebody still wrote to them.
pub(super) async fn of_nobody(on: &mut Connection) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(
        "SELECT user_id FROM inboxes WHERE NOT EXISTS ( \
             SELECT 1 FROM users WHERE users.id = inboxes.user_id AND removed_at IS NULL \
         ) ORDER BY user_id LIMIT $1",
    )
    .bind(LISTED)
    .fetch_all(on)
    .await?)
}

pub(super) async fn unannounced_users(
    on: &mut Connection,
    age: Option<Duration>,
) -> Result<Vec<String>> {
    // A clock that was set back leaves notes of a time to come, which are as old as any.
    Ok(sqlx::query_scalar(concat!(
        "SELECT DISTINCT user_id FROM inbox_changes WHERE abs(",
        now!(),
        " - at) >= $1 ORDER BY user_id LIMIT $2"
    ))
    .bind(age.map_or(0, milliseconds))
    .bind(LISTED)
    .fetch_all(on)
    .await?)
}
