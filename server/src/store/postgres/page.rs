//! A page of the journal: the events of some topics, in the order of all.
//!
//! First the numbers are found, by the columns that are small, then the events are read. One topic is read
//! along its index. Several are first looked for among all events in order, which is best where they are
//! many; where they turn out to be rare, by the index within a window that grows as fast as they are rare.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::{signed, unsigned};
use crate::store::found::{Found, GROWTH, LEAST_SCAN, RARE};
use crate::store::{JournalRow, PageLimits, StoreError};

/// The first event of some topics. Pairs are compared here and below so that only the index of the topics will do: by its
/// estimates Postgres may take all events in order for the shorter way, and look through a million for one.
pub(super) const NEXT: &str = "SELECT min(( \
         SELECT seq FROM journal_events \
         WHERE (topic_id, seq) > (wanted.id, $2) AND (topic_id, seq) <= (wanted.id, $3) \
         ORDER BY topic_id, seq LIMIT 1 \
     )) FROM unnest($1::bigint[]) AS wanted (id)";

/// The first events of some topics.
pub(super) const WANTED: &str = "SELECT event.seq, event.bytes \
     FROM unnest($1::bigint[]) AS wanted (id) CROSS JOIN LATERAL ( \
         SELECT seq, bytes FROM journal_events \
         WHERE (topic_id, seq) > (wanted.id, $2) AND (topic_id, seq) <= (wanted.id, $3) \
         ORDER BY topic_id, seq LIMIT $4 \
     ) AS event ORDER BY event.seq LIMIT $4";

/// Reads a page from one snapshot. `topics` holds the names of the numbers wanted and is not empty.
pub(super) async fn read(
    on: &mut PgConnection,
    topics: &HashMap<i64, &str>,
    after: i64,
    upto: i64,
    limits: PageLimits,
) -> Result<Vec<JournalRow>, StoreError> {
    let mut found = Found::new(limits);
    let ids: Vec<i64> = topics.keys().copied().collect();
    if let [_] = *ids {
        by_index(on, &mut found, &ids, after, upto, true).await?;
    } else if let Some(after) = among_all(on, &mut found, topics, after, upto).await? {
        by_index(on, &mut found, &ids, after, upto, false).await?;
    }
    events(on, topics, &found).await
}

/// Returns where to go on if the page is not full, events remain, and those wanted are rare among them.
async fn among_all(
    on: &mut PgConnection,
    found: &mut Found,
    topics: &HashMap<i64, &str>,
    mut after: i64,
    upto: i64,
) -> Result<Option<i64>, StoreError> {
    loop {
        let scan = found.room().saturating_mul(2).max(LEAST_SCAN);
        let before = found.numbers().len();
        let rows: Vec<(i64, i64, i64)> = sqlx::query_as(
            "SELECT seq, topic_id, bytes FROM journal_events \
             WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3",
        )
        .bind(after)
        .bind(upto)
        .bind(signed(scan as u64))
        .fetch_all(&mut *on)
        .await?;
        for (seq, id, bytes) in &rows {
            after = *seq;
            if topics.contains_key(id) {
                found.push(*seq, *bytes);
                if found.is_full() {
                    return Ok(None);
                }
            }
        }
        if rows.len() < scan {
            return Ok(None);
        }
        if (found.numbers().len() - before) * RARE < rows.len() {
            return Ok(Some(after));
        }
    }
}

/// Each topic along its index, within windows unless it is `whole`.
async fn by_index(
    on: &mut PgConnection,
    found: &mut Found,
    ids: &[i64],
    mut after: i64,
    upto: i64,
    whole: bool,
) -> Result<(), StoreError> {
    let mut window = 0;
    while after < upto {
        if window == 0 && !whole {
            // Over what is not wanted in one step, however long it is.
            let next: Option<i64> = sqlx::query_scalar(NEXT)
                .bind(ids)
                .bind(after)
                .bind(upto)
                .fetch_one(&mut *on)
                .await?;
            let Some(next) = next else { return Ok(()) };
            after = next - 1;
            window = signed(found.room() as u64).max(LEAST_SCAN as i64);
        }
        let end = if whole { upto } else { after.saturating_add(window).min(upto) };
        let room = signed(found.room() as u64);
        let rows: Vec<(i64, i64)> = sqlx::query_as(WANTED)
            .bind(ids)
            .bind(after)
            .bind(end)
            .bind(room)
            .fetch_all(&mut *on)
            .await?;
        for (seq, bytes) in &rows {
            found.push(*seq, *bytes);
            if found.is_full() {
                return Ok(());
            }
        }
        after = end;
        let new = signed(rows.len() as u64);
        let growth = if new == 0 { 0 } else { (room / new).clamp(2, GROWTH) };
        window = window.saturating_mul(growth);
    }
    Ok(())
}

async fn events(
    on: &mut PgConnection,
    topics: &HashMap<i64, &str>,
    found: &Found,
) -> Result<Vec<JournalRow>, StoreError> {
    let rows: Vec<(i64, i64, i64, String, Vec<u8>)> = sqlx::query_as(
        "SELECT seq, topic_id, at, kind, data FROM journal_events \
         WHERE seq = ANY ($1) ORDER BY seq",
    )
    .bind(found.numbers())
    .fetch_all(on)
    .await?;
    let event = |(seq, id, at, kind, data): (_, _, _, _, Vec<u8>)| {
        let topic = topics.get(&id).copied().unwrap_or_default().to_owned();
        JournalRow { seq: unsigned(seq), topic, kind, at: unsigned(at), data: data.into() }
    };
    Ok(rows.into_iter().map(event).collect())
}
