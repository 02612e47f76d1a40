//! A page of the journal: the events of some topics, in the order of all.
//!
//! First the numbers are found, by the columns that are small, then the events are read. One topic is read
//! along its index. Several are first looked for among all events in order, which is best where they are
//! many; where they turn out to be rare, by the index within a window that grows as fast as they are rare.

use std::collections::HashMap;

use futures_util::TryStreamExt as _;
use sqlx::SqliteConnection;

use super::{signed, unsigned};
use crate::store::found::{Found, GROWTH, LEAST_SCAN, RARE};
use crate::store::{JournalRow, PageLimits, StoreError};

/// Events of one topic, and how large they are.
pub(super) const OF_ONE: &str = "SELECT seq, bytes FROM journal_events WHERE topic_id = ? AND seq > ? AND seq <= ? \
     ORDER BY seq LIMIT ?";

/// The next event of any that are wanted.
pub(super) const NEXT: &str = "SELECT min((SELECT seq FROM journal_events \
                 WHERE topic_id = wanted.value AND seq > ?2 ORDER BY seq LIMIT 1)) \
     FROM json_each(?1) AS wanted";

/// Those that are wanted within a window.
pub(super) const OF_SEVERAL: &str = "SELECT seq, bytes FROM journal_events INDEXED BY journal_events_of_topic \
     WHERE topic_id IN (SELECT value FROM json_each(?1)) AND seq > ?2 AND seq <= ?3 \
     ORDER BY seq LIMIT ?4";

/// Those that were found, whole.
pub(super) const FOUND: &str = "SELECT seq, topic_id, at, kind, data FROM json_each(?) AS found \
     CROSS JOIN journal_events ON seq = found.value";

/// Reads a page. `topics` holds the names of the numbers wanted and is not empty.
pub(super) async fn read(
    connection: &mut SqliteConnection,
    topics: &HashMap<i64, &str>,
    after: i64,
    upto: i64,
    limits: PageLimits,
) -> Result<Vec<JournalRow>, StoreError> {
    let mut found = Found::new(limits);
    let mut ids = topics.keys();
    match (ids.next(), ids.next()) {
        (Some(id), None) => one_topic(connection, &mut found, *id, after, upto).await?,
        _ => {
            let rest = among_all(connection, &mut found, topics, after, upto).await?;
            if let Some(after) = rest {
                by_index(connection, &mut found, topics, after, upto).await?;
            }
        }
    }
    events(connection, topics, found).await
}

async fn one_topic(
    connection: &mut SqliteConnection,
    found: &mut Found,
    id: i64,
    after: i64,
    upto: i64,
) -> Result<(), StoreError> {
    let mut rows = sqlx::query_as::<_, (i64, i64)>(OF_ONE)
        .bind(id)
        .bind(after)
        .bind(upto)
        .bind(signed(found.room() as u64))
        .fetch(connection);
    while let Some((seq, bytes)) = rows.try_next().await? {
        found.push(seq, bytes);
        if found.is_full() {
            break;
        }
    }
    Ok(())
}

/// Returns where to go on if the page is not full, events remain, and those wanted are rare among them.
async fn among_all(
    connection: &mut SqliteConnection,
    found: &mut Found,
    topics: &HashMap<i64, &str>,
    mut after: i64,
    upto: i64,
) -> Result<Option<i64>, StoreError> {
    loop {
        let scan = found.room().saturating_mul(2).max(LEAST_SCAN);
        let (mut seen, before) = (0, found.numbers().len());
        let mut rows = sqlx::query_as::<_, (i64, i64, i64)>(
            "SELECT seq, topic_id, bytes FROM journal_events NOT INDEXED \
             WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
        )
        .bind(after)
        .bind(upto)
        .bind(signed(scan as u64))
        .fetch(&mut *connection);
        while let Some((seq, id, bytes)) = rows.try_next().await? {
            seen += 1;
            after = seq;
            if topics.contains_key(&id) {
                found.push(seq, bytes);
                if found.is_full() {
                    return Ok(None);
                }
            }
        }
        drop(rows);
        if seen < scan {
            return Ok(None);
        }
        if (found.numbers().len() - before) * RARE < seen {
            return Ok(Some(after));
        }
    }
}

async fn by_index(
    connection: &mut SqliteConnection,
    found: &mut Found,
    topics: &HashMap<i64, &str>,
    mut after: i64,
    upto: i64,
) -> Result<(), StoreError> {
    let ids = json(topics.keys());
    let mut window = 0;
    while after < upto {
        if window == 0 {
            // Over what is not wanted in one step, however long it is.
            let next = sqlx::query_scalar(NEXT).bind(&ids).bind(after);
            let next: Option<i64> = next.fetch_one(&mut *connection).await?;
            let Some(next) = next else { return Ok(()) };
            after = next - 1;
            window = signed(found.room() as u64).max(LEAST_SCAN as i64);
        }
        let end = after.saturating_add(window).min(upto);
        let (mut new, room) = (0, signed(found.room() as u64));
        let mut rows = sqlx::query_as::<_, (i64, i64)>(OF_SEVERAL)
            .bind(&ids)
            .bind(after)
            .bind(end)
            .bind(room)
            .fetch(&mut *connection);
        while let Some((seq, bytes)) = rows.try_next().await? {
            new += 1;
            found.push(seq, bytes);
            if found.is_full() {
                return Ok(());
            }
        }
        drop(rows);
        after = end;
        let growth = if new == 0 { 0 } else { (room / new).clamp(2, GROWTH) };
        window = window.saturating_mul(growth);
    }
    Ok(())
}

async fn events(
    connection: &mut SqliteConnection,
    topics: &HashMap<i64, &str>,
    found: Found,
) -> Result<Vec<JournalRow>, StoreError> {
    let mut events = Vec::with_capacity(found.numbers().len());
    let mut rows = sqlx::query_as::<_, (i64, i64, i64, String, Vec<u8>)>(FOUND)
        .bind(json(found.numbers().iter()))
        .fetch(connection);
    while let Some((seq, id, at, kind, data)) = rows.try_next().await? {
        let topic = topics.get(&id).copied().unwrap_or_default().to_owned();
        let (seq, at) = (unsigned(seq), unsigned(at));
        events.push(JournalRow { seq, topic, kind, at, data: data.into() });
    }
    drop(rows);
    // In order already; SQLite promises it only to who lets it sort, data and all.
    events.sort_by_key(|event| event.seq);
    Ok(events)
}

/// The numbers as a JSON list, which SQLite reads as a table.
fn json<'a>(numbers: impl Iterator<Item = &'a i64>) -> String {
    let mut text = String::from("[");
    for (index, number) in numbers.enumerate() {
        if index > 0 {
            text.push(',');
        }
        text.push_str(&number.to_string());
    }
    text.push(']');
    text
}
