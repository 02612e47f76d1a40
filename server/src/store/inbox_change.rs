//! Inboxes as SQL changes them, for every backend that speaks it: each compiles this file for its own kind of connection. Each
//! function runs in a transaction of its caller's.

use std::time::Duration;

use super::{Connection, signed, unsigned};
use crate::store::StoreError;
use crate::store::inbox::{
    Columns, LISTED, Locked, change, columns, milliseconds, noted, row, says_the_same,
};
use crate::store::notification::{
    Change, Changed, InboxBounds, InboxChange, InboxState, NotificationRow, Posting,
};

type Result<T> = std::result::Result<T, StoreError>;

/// Waits for whoever else changes this inbox, and lets go of what has expired.
async fn lock(on: &mut Connection, user_id: &str, now: u64) -> Result<Locked> {
    let (version, unread, total) = sqlx::query_as(
        "INSERT INTO inboxes (user_id, version, unread, total) VALUES ($1, 0, 0, 0) \
         ON CONFLICT (user_id) DO UPDATE SET version = inboxes.version \
         RETURNING version, unread, total",
    )
    .bind(user_id)
    .fetch_one(&mut *on)
    .await?;
    let (user_id, changes) = (user_id.to_owned(), Vec::new());
    let mut inbox = Locked { user_id, version, unread, total, changes };
    // In one statement: the next of several would walk past all that the ones before removed.
    let removed = sqlx::query_as(
        "DELETE FROM notifications WHERE user_id = $1 AND expires_at <= $2 RETURNING id, read_at",
    )
    .bind(&inbox.user_id)
    .bind(signed(now))
    .fetch_all(&mut *on)
    .await?;
    inbox.note_removed(removed);
    Ok(inbox)
}

/// Lets go of the oldest until `most` are left.
async fn shorten(on: &mut Connection, inbox: &mut Locked, most: i64) -> Result<()> {
    if inbox.total <= most {
        return Ok(());
    }
    let removed = sqlx::query_as(
        "DELETE FROM notifications WHERE id IN ( \
             SELECT id FROM notifications WHERE user_id = $1 ORDER BY version LIMIT $2 \
         ) RETURNING id, read_at",
    )
    .bind(&inbox.user_id)
    .bind(inbox.total - most)
    .fetch_all(&mut *on)
    .await?;
    inbox.note_removed(removed);
    Ok(())
}

/// Leaves the inbox as it is now, with what is to be announced.
async fn leave<T>(
    on: &mut Connection,
    server: &str,
    inbox: Locked,
    result: T,
) -> Result<Changed<T>> {
    let (state, user_id) = (inbox.state(), &inbox.user_id);
    if !inbox.changes.is_empty() {
        sqlx::query("UPDATE inboxes SET version = $2, unread = $3, total = $4 WHERE user_id = $1")
            .bind(user_id)
            .bind(inbox.version)
            .bind(inbox.unread)
            .bind(inbox.total)
            .execute(&mut *on)
            .await?;
    }
    for InboxChange { state, what, .. } in &inbox.changes {
        let (kind, what) = noted(what);
        // By the clock that all servers of the database share.
        sqlx::query(concat!(
            "INSERT INTO inbox_changes (user_id, version, unread, kind, what, server, at) \
             VALUES ($1, $2, $3, $4, $5, $6, ",
            now!(),
            ")"
        ))
        .bind(user_id)
        .bind(signed(state.version))
        .bind(signed(state.unread))
        .bind(kind)
        .bind(what)
        .bind(server)
        .execute(&mut *on)
        .await?;
    }
    Ok(Changed { result, state, changes: inbox.changes })
}

pub(super) async fn post(
    on: &mut Connection,
    server: &str,
    mut new: NotificationRow,
    bounds: InboxBounds,
) -> Result<Changed<(NotificationRow, Posting)>> {
    let mut inbox = lock(on, &new.user_id, bounds.now).await?;
    let there: Option<Columns> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM notifications WHERE user_id = $1 AND dedupe_key = $2"
    ))
    .bind(&new.user_id)
    .bind(&new.dedupe_key)
    .fetch_optional(&mut *on)
    .await?;
    let posting = match there.map(row) {
        Some(old) if says_the_same(&old, &new) && old.created_at >= bounds.oldest => {
            return leave(on, server, inbox, (old, Posting::Same)).await;
        }
        Some(old) => {
            new.id = old.id;
            sqlx::query("DELETE FROM notifications WHERE id = $1")
                .bind(&new.id)
                .execute(&mut *on)
                .await?;
            inbox.total -= 1;
            inbox.unread -= i64::from(old.read_at.is_none());
            new.read_at = old.read_at.filter(|_| new.is_update);
            // Whoever was away then is still to be told.
            new.news_version = match (new.is_update, old.is_update) {
                (true, true) => old.news_version,
                (true, false) => old.version,
                (false, _) => 0,
            };
            Posting::Replaced
        }
        None if new.is_update => {
            return leave(on, server, inbox, (new, Posting::Absent)).await;
        }
        None => {
            shorten(on, &mut inbox, signed(bounds.most).max(1) - 1).await?;
            Posting::New
        }
    };
    inbox.total += 1;
    inbox.unread += i64::from(new.read_at.is_none());
    new.version = unsigned(inbox.version + 1);
    sqlx::query(concat!(
        "INSERT INTO notifications (",
        columns!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    ))
    .bind(&new.id)
    .bind(&new.user_id)
    .bind(signed(new.version))
    .bind(&new.title)
    .bind(&new.message)
    .bind(&new.level)
    .bind(&new.link)
    .bind(&new.source)
    .bind(&new.dedupe_key)
    .bind(signed(new.created_at))
    .bind(new.expires_at.map(signed))
    .bind(new.read_at.map(signed))
    .bind(i64::from(new.is_update))
    .bind(signed(new.news_version))
    .execute(&mut *on)
    .await?;
    inbox.note(Change::Posted(Box::new(new.clone())));
    leave(on, server, inbox, (new, posting)).await
}

pub(super) async fn mark_read(
    on: &mut Connection,
    server: &str,
    user_id: &str,
    id: &str,
    at: u64,
) -> Result<Changed<Option<NotificationRow>>> {
    let mut inbox = lock(on, user_id, at).await?;
    let found: Option<Columns> = sqlx::query_as(concat!(
        "SELECT ",
        columns!(),
        " FROM notifications WHERE user_id = $1 AND id = $2"
    ))
    .bind(user_id)
    .bind(id)
    .fetch_optional(&mut *on)
    .await?;
    let mut found = found.map(row);
    if let Some(row) = found.as_mut().filter(|row| row.read_at.is_none()) {
        sqlx::query("UPDATE notifications SET read_at = $2 WHERE id = $1")
            .bind(id)
            .bind(signed(at))
            .execute(&mut *on)
            .await?;
        row.read_at = Some(at);
        inbox.unread -= 1;
        inbox.note(Change::Read(vec![id.to_owned()]));
    }
    leave(on, server, inbox, found).await
}

pub(super) async fn mark_all_read(
    on: &mut Connection,
    server: &str,
    user_id: &str,
    upto: Option<u64>,
    at: u64,
) -> Result<Changed<()>> {
    let mut inbox = lock(on, user_id, at).await?;
    // What is yet to come is not read.
    let upto = upto.map_or(inbox.version, |upto| signed(upto).min(inbox.version));
    let read = sqlx::query(
        "UPDATE notifications SET read_at = $3 \
         WHERE user_id = $1 AND version <= $2 AND read_at IS NULL",
    )
    .bind(user_id)
    .bind(upto)
    .bind(signed(at))
    .execute(&mut *on)
    .await?
    .rows_affected();
    if read > 0 {
        inbox.unread -= signed(read);
        inbox.note(Change::ReadUpTo(unsigned(upto)));
    }
    leave(on, server, inbox, ()).await
}

pub(super) async fn remove(
    on: &mut Connection,
    server: &str,
    user_id: &str,
    id: &str,
    now: u64,
) -> Result<Changed<bool>> {
    let mut inbox = lock(on, user_id, now).await?;
    let removed: Vec<(String, Option<i64>)> = sqlx::query_as(
        "DELETE FROM notifications WHERE user_id = $1 AND id = $2 RETURNING id, read_at",
    )
    .bind(user_id)
    .bind(id)
    .fetch_all(&mut *on)
    .await?;
    let was_there = !removed.is_empty();
    inbox.note_removed(removed);
    leave(on, server, inbox, was_there).await
}

pub(super) async fn trim(
    on: &mut Connection,
    server: &str,
    user_id: &str,
    bounds: InboxBounds,
) -> Result<Changed<()>> {
    let mut inbox = lock(on, user_id, bounds.now).await?;
    let removed = sqlx::query_as(
        "DELETE FROM notifications WHERE user_id = $1 AND created_at < $2 RETURNING id, read_at",
    )
    .bind(user_id)
    .bind(signed(bounds.oldest))
    .fetch_all(&mut *on)
    .await?;
    inbox.note_removed(removed);
    shorten(on, &mut inbox, signed(bounds.most)).await?;
    leave(on, server, inbox, ()).await
}

pub(super) async fn take_unannounced(
    on: &mut Connection,
    server: &str,
    user_id: &str,
    after: u64,
    age: Option<Duration>,
) -> Result<Vec<InboxChange>> {
    let mut taken: Vec<(i64, i64, String, String)> = sqlx::query_as(concat!(
        "WITH free AS ( \
             SELECT version FROM inbox_changes WHERE user_id = $2 AND version > $3 \
                 AND (server = $1 OR abs(",
        now!(),
        " - at) >= $4) ORDER BY version LIMIT $5 ",
        skip_locked!(),
        ") UPDATE inbox_changes SET server = $1, at = ",
        now!(),
        " WHERE user_id = $2 AND version IN (SELECT version FROM free) \
         RETURNING version, unread, kind, what"
    ))
    .bind(server)
    .bind(user_id)
    .bind(signed(after))
    .bind(age.map_or(0, milliseconds))
    .bind(LISTED)
    .fetch_all(&mut *on)
    .await?;
    taken.sort_unstable_by_key(|(version, ..)| *version);
    let mut changes = Vec::with_capacity(taken.len());
    for (version, unread, kind, what) in taken {
        let posted: Option<Columns> = sqlx::query_as(concat!(
            "SELECT ",
            columns!(),
            " FROM notifications WHERE user_id = $1 AND version = $2"
        ))
        .bind(user_id)
        .bind(version)
        .fetch_optional(&mut *on)
        .await?;
        let state = InboxState { version: unsigned(version), unread: unsigned(unread) };
        let what = change(&kind, &what, posted.map(row));
        changes.push(InboxChange { user_id: user_id.to_owned(), state, what });
    }
    Ok(changes)
}

pub(super) async fn announced(on: &mut Connection, changes: &[(String, u64)]) -> Result<()> {
    let mut sorted = changes.to_vec();
    // In one order, or two servers could wait for each other.
    sorted.sort_unstable();
    for run in sorted.chunk_by(|a, b| a.0 == b.0 && b.1 <= a.1.saturating_add(1)) {
        let [(user_id, first), ..] = run else { continue };
        let last = run.last().map_or(*first, |(_, version)| *version);
        sqlx::query("DELETE FROM inbox_changes WHERE user_id = $1 AND version BETWEEN $2 AND $3")
            .bind(user_id)
            .bind(signed(*first))
            .bind(signed(last))
            .execute(&mut *on)
            .await?;
    }
    Ok(())
}

pub(super) async fn remove_inbox(on: &mut Connection, user_id: &str) -> Result<()> {
    for statement in [
        // Whoever is about to add to it is waited for.
        "UPDATE inboxes SET version = version WHERE user_id = $1",
        "DELETE FROM inbox_changes WHERE user_id = $1",
        "DELETE FROM notifications WHERE user_id = $1",
        "DELETE FROM inboxes WHERE user_id = $1",
    ] {
        sqlx::query(statement).bind(user_id).execute(&mut *on).await?;
    }
    Ok(())
}
