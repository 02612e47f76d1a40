//! Jobs as SQL has them, for every backend that speaks it: each compiles this file for its own kind of connection.
//!
//! Several servers of one database do all of this at once. So each statement finds for itself whether what it is to change is still
//! as it must be; and what changes several rows locks them in the order of their ids, or passes over those
//! that others have.

use std::collections::HashMap;
use std::time::Duration;

use super::{Connection, signed, unsigned};
use crate::store::inbox::milliseconds;
use crate::store::{JobBounds, JobLeft, JobQuery, JobRow, LEAP, Renewed, StoreError};

type Result<T> = std::result::Result<T, StoreError>;

/// Most jobs that are taken or removed at once.
const LISTED: i64 = 100;

/// Most jobs that are written at once: nobody else writes meanwhile.
pub(super) const SAVED: usize = 100;

/// How far ahead of the clock a renewal may lie, in ms: it was set back then. One that lies further was made by a clock that was
/// wrong, and would hold its job for ever.
const AHEAD: i64 = 60 * 60 * 1_000;

macro_rules! columns {
    () => {
        "id, user_id, version, is_active, is_reported, holder, lease, cancel_requested, created_at, \
         ended_at, record"
    };
}

/// A job as it is read.
type Columns = (String, String, i64, bool, bool, String, i64, bool, i64, Option<i64>, String);

fn row(columns: Columns) -> JobRow {
    let (id, user_id, version, is_active, is_reported, holder, lease, cancel, at, ended, record) =
        columns;
    JobRow {
        id,
        user_id,
        version: unsigned(version),
        is_active,
        is_reported,
        holder,
        lease: Duration::from_millis(unsigned(lease)),
        cancel_requested: cancel,
        created_at: unsigned(at),
        ended_at: ended.map(unsigned),
        record,
    }
}

pub(super) async fn add(on: &mut Connection, row: &JobRow) -> Result<()> {
    sqlx::query(concat!(
        "INSERT INTO jobs (",
        columns!(),
        ", renewed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ",
        now!(),
        ")"
    ))
    .bind(&row.id)
    .bind(&row.user_id)
    .bind(signed(row.version))
    .bind(row.is_active)
    .bind(row.is_reported)
    .bind(&row.holder)
    .bind(milliseconds(row.lease))
    .bind(row.cancel_requested)
    .bind(signed(row.created_at))
    .bind(row.ended_at.map(signed))
    .bind(&row.record)
    .execute(on)
    .await?;
    Ok(())
}

pub(super) async fn save(on: &mut Connection, row: &JobRow, left: &JobLeft) -> Result<bool> {
    macro_rules! save {
        ($returning:expr) => {
            concat!(
                "UPDATE jobs SET version = $3, is_active = $4, lease = $5, ended_at = $6, \
                 record = $7, result = $8, log = $9, renewed_at = ",
                now!(),
                // One that has ended so may be saved again: nobody may have heard of the first time.
                " WHERE id = $1 AND holder = $2 AND (is_active OR (NOT $4 AND version = $3))",
                " RETURNING ",
                $returning
            )
        };
    }
    let saved: Option<(String,)> =
        sqlx::query_as(if row.is_active { save!(unflushed!()) } else { save!("id") })
            .bind(&row.id)
            .bind(&row.holder)
            .bind(signed(row.version))
            .bind(row.is_active)
            .bind(milliseconds(row.lease))
            .bind(row.ended_at.map(signed))
            .bind(&row.record)
            .bind(&left.result)
            .bind(&left.log)
            .fetch_optional(on)
            .await?;
    Ok(saved.is_some())
}

pub(super) async fn renew(on: &mut Connection, holder: &str, ids: &[String]) -> Result<Renewed> {
    let listed = serde_json::to_string(ids).map_err(|error| StoreError::Database(error.into()))?;
    let mut found: Vec<(String, bool, String)> = sqlx::query_as(concat!(
        "WITH own AS ( \
             SELECT id FROM jobs WHERE holder = $1 AND is_active AND NOT is_reported \
                 AND id IN (SELECT value FROM ",
        elements!("$2"),
        ") ORDER BY id ",
        locked!(),
        ") UPDATE jobs SET renewed_at = ",
        now!(),
        " WHERE id IN (SELECT id FROM own) RETURNING id, cancel_requested, ",
        unflushed!()
    ))
    .bind(holder)
    .bind(&listed)
    .fetch_all(&mut *on)
    .await?;
    // They are not written: only who reports them does that.
    let reported: Vec<(String, bool, String)> = sqlx::query_as(concat!(
        "SELECT id, cancel_requested, '' FROM jobs \
         WHERE holder = $1 AND is_active AND is_reported AND id IN (SELECT value FROM ",
        elements!("$2"),
        ")"
    ))
    .bind(holder)
    .bind(&listed)
    .fetch_all(on)
    .await?;
    found.extend(reported);
    let found = found.into_iter().map(|(id, cancel, _)| (id, cancel));
    Ok(renewed(ids.iter().map(String::as_str), found))
}

/// What was `found` of these jobs, in their order.
pub(super) fn renewed<'a>(
    ids: impl Iterator<Item = &'a str>,
    found: impl Iterator<Item = (String, bool)>,
) -> Renewed {
    let found: HashMap<String, bool> = found.collect();
    let mut renewed = Renewed::default();
    for id in ids {
        match found.get(id) {
            None => renewed.gone.push(id.to_owned()),
            Some(true) => renewed.to_cancel.push(id.to_owned()),
            Some(false) => {}
        }
    }
    renewed
}

pub(super) async fn find(on: &mut Connection, id: &str) -> Result<Option<JobRow>> {
    let found: Option<Columns> =
        sqlx::query_as(concat!("SELECT ", columns!(), " FROM jobs WHERE id = $1"))
            .bind(id)
            .fetch_optional(on)
            .await?;
    Ok(found.map(row))
}

pub(super) async fn list(on: &mut Connection, query: &JobQuery) -> Result<Vec<JobRow>> {
    let (at, id) = query.before.as_ref().map_or((i64::MAX, ""), |(at, id)| (signed(*at), id));
    let select = sqlx::query_as(page_sql(query)).bind(at).bind(id).bind(signed(query.limit as u64));
    let select = match &query.user_id {
        Some(user_id) => select.bind(user_id),
        None => select,
    };
    let found: Vec<Columns> = select.fetch_all(on).await?;
    Ok(found.into_iter().map(row).collect())
}

/// One text for each kind of page: a condition that may hold for all would keep a database from its indexes.
pub(super) fn page_sql(query: &JobQuery) -> &'static str {
    macro_rules! page {
        ($by:literal, $only:literal) => {
            concat!(
                "SELECT ",
                columns!(),
                " FROM jobs WHERE (",
                $by,
                ", id) < ($1, $2)",
                $only,
                " ORDER BY ",
                $by,
                " DESC, id DESC LIMIT $3"
            )
        };
    }
    match (query.user_id.is_some(), query.is_active) {
        (false, None) => page!("created_at", ""),
        (false, Some(true)) => page!("created_at", " AND is_active"),
        (false, Some(false)) => page!("ended_at", " AND NOT is_active"),
        (true, None) => page!("created_at", " AND user_id = $4"),
        (true, Some(true)) => page!("created_at", " AND user_id = $4 AND is_active"),
        (true, Some(false)) => page!("ended_at", " AND user_id = $4 AND NOT is_active"),
    }
}

pub(super) async fn left(on: &mut Connection, id: &str) -> Result<Option<JobLeft>> {
    let left: Option<(Option<String>, Option<String>)> =
        sqlx::query_as("SELECT result, log FROM jobs WHERE id = $1")
            .bind(id)
            .fetch_optional(on)
            .await?;
    Ok(left.map(|(result, log)| JobLeft { result, log }))
}

pub(super) async fn ask_to_cancel(on: &mut Connection, id: &str) -> Result<Option<JobRow>> {
    let asked: Option<Columns> = sqlx::query_as(concat!(
        "UPDATE jobs SET cancel_requested = (cancel_requested OR is_active) WHERE id = $1 RETURNING ",
        columns!()
    ))
    .bind(id)
    .fetch_optional(on)
    .await?;
    Ok(asked.map(row))
}

pub(super) async fn take(on: &mut Connection, id: &str, holder: &str) -> Result<Option<JobRow>> {
    let taken: Option<Columns> = sqlx::query_as(concat!(
        "UPDATE jobs SET holder = $2, version = version + $3, renewed_at = ",
        now!(),
        " WHERE id = $1 AND is_active AND is_reported RETURNING ",
        columns!()
    ))
    .bind(id)
    .bind(holder)
    .bind(signed(LEAP))
    .fetch_optional(on)
    .await?;
    Ok(taken.map(row))
}

pub(super) async fn take_orphans(
    on: &mut Connection,
    holder: &str,
    alone: bool,
) -> Result<Vec<JobRow>> {
    let taken: Vec<Columns> = sqlx::query_as(concat!(
        "WITH free AS ( \
             SELECT id FROM jobs WHERE is_active AND (",
        now!(),
        " - renewed_at >= lease OR renewed_at - ",
        now!(),
        " > $3 OR ($2 AND NOT is_reported AND holder <> $1)) ORDER BY id LIMIT $4 ",
        skip_locked!(),
        ") UPDATE jobs SET holder = $1, version = version + $5, renewed_at = ",
        now!(),
        " WHERE id IN (SELECT id FROM free) RETURNING ",
        columns!()
    ))
    .bind(holder)
    .bind(alone)
    .bind(AHEAD)
    .bind(LISTED)
    .bind(signed(LEAP))
    .fetch_all(on)
    .await?;
    let mut taken: Vec<_> = taken.into_iter().map(row).collect();
    taken.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    Ok(taken)
}

pub(super) async fn remove(on: &mut Connection, id: &str) -> Result<bool> {
    let removed = sqlx::query("DELETE FROM jobs WHERE id = $1 AND NOT is_active")
        .bind(id)
        .execute(on)
        .await?;
    Ok(removed.rows_affected() > 0)
}

/// Removes what a user has, ended or not: who does one finds it gone.
pub(super) async fn remove_of_user(on: &mut Connection, user_id: &str) -> Result<()> {
    sqlx::query(concat!(
        "WITH own AS (SELECT id FROM jobs WHERE user_id = $1 ORDER BY id ",
        locked!(),
        ") DELETE FROM jobs WHERE id IN (SELECT id FROM own)"
    ))
    .bind(user_id)
    .execute(on)
    .await?;
    Ok(())
}

pub(super) async fn trim(on: &mut Connection, bounds: JobBounds) -> Result<Vec<String>> {
    let mut removed: Vec<String> = sqlx::query_scalar(concat!(
        "WITH old AS ( \
             SELECT id FROM jobs WHERE NOT is_active AND ended_at < $1 \
             ORDER BY ended_at, id LIMIT $3 \
         ), surplus AS ( \
             SELECT id FROM jobs WHERE NOT is_active \
             ORDER BY ended_at DESC, id DESC LIMIT $3 OFFSET $2 \
         ), of_nobody AS ( \
             SELECT id FROM jobs WHERE NOT EXISTS ( \
                 SELECT 1 FROM users WHERE users.id = jobs.user_id AND removed_at IS NULL \
             ) LIMIT $3 \
         ), free AS ( \
             SELECT id FROM jobs WHERE id IN (SELECT id FROM old) OR id IN (SELECT id FROM surplus) \
                 OR id IN (SELECT id FROM of_nobody) ORDER BY id LIMIT $3 ",
        skip_locked!(),
        ") DELETE FROM jobs WHERE id IN (SELECT id FROM free) RETURNING id"
    ))
    .bind(signed(bounds.oldest))
    .bind(signed(bounds.most))
    .bind(LISTED)
    .fetch_all(on)
    .await?;
    removed.sort_unstable();
    Ok(removed)
}
