//! Adding events.

use std::collections::HashMap;

use sqlx::{Connection as _, PgConnection};

use super::known::Known;
use super::signed;
use crate::store::{JournalRow, StoreError};

/// One statement, one round trip, all or nothing. Whether it waits for the disk is its own affair: the setting ends
/// with it.
const ADD: &str = "WITH moved AS ( \
         UPDATE journal_meta SET head = $1, reserved = $2 \
         RETURNING set_config('synchronous_commit', $3, true) \
     ), added AS ( \
         INSERT INTO journal_events (seq, topic_id, bytes, at, kind, data) \
         SELECT seq, topic_id, octet_length(data), at, kind, data \
         FROM unnest($4::bigint[], $5::bigint[], $6::bigint[], $7::text[], $8::bytea[]) \
             AS new (seq, topic_id, at, kind, data) \
     ) SELECT count(*) FROM moved";

/// Adds events and moves the head. Returns the numbers of topics that are new.
pub(super) async fn add(
    on: &mut PgConnection,
    known: &Known,
    rows: &[JournalRow],
    head: u64,
    reserved: u64,
    flush: bool,
) -> Result<HashMap<String, i64>, StoreError> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.topic.as_str()).collect();
    names.retain(|name| known.topic(name).is_none());
    if names.is_empty() {
        add_known(on, rows, |name| known.topic(name), head, reserved, flush).await?;
        return Ok(HashMap::new());
    }
    names.sort_unstable();
    names.dedup();
    let mut transaction = on.begin().await?;
    // One may be there all the same, if an append made it and was not heard of.
    let new: Vec<(String, i64)> = sqlx::query_as(
        "INSERT INTO journal_topics (name) SELECT unnest($1::text[]) \
         ON CONFLICT (name) DO UPDATE SET name = excluded.name RETURNING name, id",
    )
    .bind(&names)
    .fetch_all(&mut *transaction)
    .await?;
    let new: HashMap<String, i64> = new.into_iter().collect();
    let number = |name: &str| new.get(name).copied().or_else(|| known.topic(name));
    add_known(&mut transaction, rows, number, head, reserved, flush).await?;
    transaction.commit().await?;
    Ok(new)
}

async fn add_known(
    on: &mut PgConnection,
    rows: &[JournalRow],
    number: impl Fn(&str) -> Option<i64>,
    head: u64,
    reserved: u64,
    flush: bool,
) -> Result<(), StoreError> {
    let seqs: Vec<i64> = rows.iter().map(|row| signed(row.seq)).collect();
    let ids: Vec<Option<i64>> = rows.iter().map(|row| number(&row.topic)).collect();
    let times: Vec<i64> = rows.iter().map(|row| signed(row.at)).collect();
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    let data: Vec<&[u8]> = rows.iter().map(|row| row.data.as_ref()).collect();
    sqlx::query(ADD)
        .bind(signed(head))
        .bind(signed(reserved))
        .bind(if flush { "on" } else { "off" })
        .bind(seqs)
        .bind(ids)
        .bind(times)
        .bind(kinds)
        .bind(data)
        .execute(on)
        .await?;
    Ok(())
}
