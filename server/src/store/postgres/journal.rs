//! The journal's tables.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection};

use super::error::within;
use super::reader::READ;
use super::topics::Topics;
use super::writer::CHANGE;
use super::{PostgresStore, page, signed, unsigned};
use crate::store::{
    JournalBoundary, JournalCut, JournalMeta, JournalRow, JournalStore, JournalTopic, PageLimits,
    Retain, StoreError,
};

/// Most events that one step of a trim removes; other writers wait for that long.
const TRIM_STEP: i64 = 5_000;

/// How long everything that is held may be counted, at the start.
const COUNT: Duration = Duration::from_secs(120);

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

/// Where a step of a trim ends. By pairs, as a page's searches.
pub(super) const STEP: &str = "SELECT seq FROM journal_events \
     WHERE (topic_id, seq) >= ($1, 0) AND (topic_id, seq) <= ($1, $2) \
     ORDER BY topic_id, seq LIMIT 1 OFFSET $3";

/// The topics whose oldest event is older.
pub(super) const AGED: &str = "SELECT name FROM journal_topics AS topic WHERE ( \
         SELECT at FROM journal_events \
         WHERE (topic_id, seq) >= (topic.id, 0) AND (topic_id, seq) < (topic.id + 1, 0) \
         ORDER BY topic_id, seq LIMIT 1 \
     ) < $1";

/// From the newest backwards; ends at the first that must go.
pub(super) const BOUNDARY: &str = "SELECT seq, events - 1, total - bytes FROM ( \
         SELECT seq, at, bytes, count(*) OVER newest AS events, \
                (sum(bytes) OVER newest)::bigint AS total \
         FROM journal_events WHERE (topic_id, seq) >= ($1, 0) AND (topic_id, seq) <= ($1, $5) \
         WINDOW newest AS (ORDER BY topic_id DESC, seq DESC ROWS UNBOUNDED PRECEDING) \
     ) AS held WHERE events > $2 OR (total > $3 AND events > 1) OR at < $4 LIMIT 1";

/// Where the journal stands.
pub(super) async fn load(on: &mut PgConnection) -> Result<Option<JournalMeta>, StoreError> {
    let meta: Option<(i64, i64, i64, bool)> =
        sqlx::query_as("SELECT epoch, head, reserved, clean FROM journal_meta")
            .fetch_optional(on)
            .await?;
    Ok(meta.map(|(epoch, head, reserved, clean)| JournalMeta {
        epoch: u32::try_from(epoch).unwrap_or_default(),
        head: unsigned(head),
        reserved: unsigned(reserved),
        clean,
    }))
}

/// Adds events and moves the head. Returns the numbers of topics that are new.
pub(super) async fn add(
    on: &mut PgConnection,
    topics: &Topics,
    rows: &[JournalRow],
    head: u64,
    reserved: u64,
    flush: bool,
) -> Result<HashMap<String, i64>, StoreError> {
    let mut names: Vec<&str> = rows.iter().map(|row| row.topic.as_str()).collect();
    names.retain(|name| topics.get(name).is_none());
    if names.is_empty() {
        add_known(on, rows, |name| topics.get(name), head, reserved, flush).await?;
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
    let number = |name: &str| new.get(name).copied().or_else(|| topics.get(name));
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

async fn write_meta(
    on: &mut PgConnection,
    meta: JournalMeta,
    forget: bool,
) -> Result<(), StoreError> {
    let mut transaction = on.begin().await?;
    if forget {
        sqlx::query("TRUNCATE journal_events, journal_topics").execute(&mut *transaction).await?;
    }
    sqlx::query(
        "INSERT INTO journal_meta (id, epoch, head, reserved, clean) VALUES (1, $1, $2, $3, false) \
         ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, head = excluded.head, \
             reserved = excluded.reserved, clean = excluded.clean",
    )
    .bind(i64::from(meta.epoch))
    .bind(signed(meta.head))
    .bind(signed(meta.reserved))
    .execute(&mut *transaction)
    .await?;
    Ok(transaction.commit().await?)
}

/// Removes the oldest events of the last topics, at most [`TRIM_STEP`] in all, and takes the topics off the
/// list that are done.
async fn trim_step(on: &mut PgConnection, cuts: &mut Vec<(i64, i64)>) -> Result<(), StoreError> {
    let mut transaction = on.begin().await?;
    let mut left = TRIM_STEP;
    while left > 0 {
        let Some((id, evicted)) = cuts.pop() else { break };
        // Where this step ends, if not at the end.
        let step: Option<i64> = sqlx::query_scalar(STEP)
            .bind(id)
            .bind(evicted)
            .bind(left - 1)
            .fetch_optional(&mut *transaction)
            .await?;
        let end = step.unwrap_or(evicted);
        let gone = sqlx::query("DELETE FROM journal_events WHERE topic_id = $1 AND seq <= $2")
            .bind(id)
            .bind(end)
            .execute(&mut *transaction)
            .await?;
        sqlx::query("UPDATE journal_topics SET evicted = greatest(evicted, $1) WHERE id = $2")
            .bind(end)
            .bind(id)
            .execute(&mut *transaction)
            .await?;
        // A topic is some work even if nothing is left of it.
        left -= signed(gone.rows_affected()).max(1);
        if end < evicted {
            cuts.push((id, evicted));
        }
    }
    Ok(transaction.commit().await?)
}

async fn count(on: &mut PgConnection) -> Result<Vec<JournalTopic>, StoreError> {
    let mut transaction = on.begin().await?;
    sqlx::query("SET LOCAL statement_timeout = '110s'").execute(&mut *transaction).await?;
    let topics: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT name, evicted, greatest(evicted, newest), coalesce(events, 0), coalesce(total, 0) \
         FROM journal_topics LEFT JOIN ( \
             SELECT topic_id, max(seq) AS newest, count(*) AS events, sum(bytes)::bigint AS total \
             FROM journal_events GROUP BY topic_id \
         ) AS held ON topic_id = id",
    )
    .fetch_all(&mut *transaction)
    .await?;
    transaction.commit().await?;
    let topic = |(topic, evicted, newest, events, bytes)| JournalTopic {
        topic,
        evicted: unsigned(evicted),
        newest: unsigned(newest),
        events: unsigned(events),
        bytes: unsigned(bytes),
    };
    Ok(topics.into_iter().map(topic).collect())
}

async fn aged(on: &mut PgConnection, oldest_at: u64) -> Result<Vec<String>, StoreError> {
    let aged = sqlx::query_scalar(AGED);
    Ok(aged.bind(signed(oldest_at)).fetch_all(on).await?)
}

async fn boundary(
    on: &mut PgConnection,
    id: i64,
    upto: u64,
    retain: Retain,
) -> Result<JournalBoundary, StoreError> {
    let boundary: Option<(i64, i64, i64)> = sqlx::query_as(BOUNDARY)
        .bind(id)
        .bind(signed(retain.events))
        .bind(signed(retain.bytes))
        .bind(signed(retain.oldest_at))
        .bind(signed(upto))
        .fetch_optional(&mut *on)
        .await?;
    let (seq, events, bytes) = match boundary {
        Some(boundary) => boundary,
        None => {
            let all = "SELECT 0::bigint, count(*), coalesce(sum(bytes), 0)::bigint \
                       FROM journal_events WHERE topic_id = $1 AND seq <= $2";
            sqlx::query_as(all).bind(id).bind(signed(upto)).fetch_one(on).await?
        }
    };
    Ok(JournalBoundary { seq: unsigned(seq), events: unsigned(events), bytes: unsigned(bytes) })
}

impl PostgresStore {
    /// Writes `meta`; `forget` removes every event and topic with it.
    async fn set(&self, meta: JournalMeta, forget: bool) -> Result<(), StoreError> {
        let mut writing = self.writer.begin().await?;
        let written = within(CHANGE, write_meta(writing.on(), meta, forget)).await;
        if written.is_ok() {
            writing.note_flushed(meta.head, meta.reserved);
            if forget {
                self.topics.clear();
            }
        }
        writing.end(written)
    }

    async fn insert(
        &self,
        rows: &[JournalRow],
        head: u64,
        reserved: u64,
    ) -> Result<(), StoreError> {
        let mut writing = self.writer.begin().await?;
        let flush = self.durable || writing.must_flush();
        let adding = add(writing.on(), &self.topics, rows, head, reserved, flush);
        let added = within(CHANGE, adding).await.map(|new| {
            // The next writer knows them: this one is not given back yet.
            self.topics.extend(new);
            if flush {
                writing.note_flushed(head, reserved);
            } else {
                writing.note_taken(rows, head, reserved);
            }
        });
        writing.end(added)
    }
}

impl JournalStore for PostgresStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<JournalMeta>, StoreError>> {
        Box::pin(async move {
            // Where it is known what became of the last append: the lock is there once its connection is gone.
            let mut writing = self.writer.begin().await?;
            let loaded = within(READ, load(writing.on())).await;
            writing.end(loaded)
        })
    }

    fn begin(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.set(meta, false))
    }

    fn reset(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.set(meta, true))
    }

    fn topics(&self) -> BoxFuture<'_, Result<Vec<JournalTopic>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let counted = within(COUNT, count(&mut reading.on)).await;
            reading.end(counted)
        })
    }

    fn append<'a>(
        &'a self,
        rows: &'a [JournalRow],
        head: u64,
        reserved: u64,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.insert(rows, head, reserved))
    }

    fn page<'a>(
        &'a self,
        topics: &'a [&'a str],
        after: u64,
        upto: u64,
        limits: PageLimits,
    ) -> BoxFuture<'a, Result<Vec<JournalRow>, StoreError>> {
        Box::pin(async move {
            if limits.events == 0 || after >= upto {
                return Ok(Vec::new());
            }
            let mut reading = self.read().await?;
            // Behind the connection: its numbers are those of the database that it is to.
            let wanted = self.topics.known(topics);
            if wanted.is_empty() {
                return reading.end(Ok(Vec::new()));
            }
            let read = page::read(&mut reading.on, &wanted, signed(after), signed(upto), limits);
            let read = within(READ, read).await;
            reading.end(read)
        })
    }

    fn trim<'a>(&'a self, cuts: &'a [JournalCut]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let known =
                |cut: &JournalCut| Some((self.topics.get(&cut.topic)?, signed(cut.evicted)));
            let mut cuts: Vec<_> = cuts.iter().filter_map(known).collect();
            while !cuts.is_empty() {
                let mut writing = self.writer.begin().await?;
                let trimmed = within(CHANGE, trim_step(writing.on(), &mut cuts)).await;
                writing.end(trimmed)?;
            }
            Ok(())
        })
    }

    fn aged(&self, oldest_at: u64) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let aged = within(READ, aged(&mut reading.on, oldest_at)).await;
            reading.end(aged)
        })
    }

    fn boundary<'a>(
        &'a self,
        topic: &'a str,
        upto: u64,
        retain: Retain,
    ) -> BoxFuture<'a, Result<JournalBoundary, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            // Of a topic that is not known nothing is found.
            let id = self.topics.get(topic).unwrap_or_default();
            let found = within(READ, boundary(&mut reading.on, id, upto, retain)).await;
            reading.end(found)
        })
    }

    fn end(&self, head: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            let mut writing = self.writer.begin().await?;
            let noting = async {
                let end = sqlx::query("UPDATE journal_meta SET head = $1, clean = true");
                end.bind(signed(head)).execute(writing.on()).await?;
                Ok(())
            };
            let noted = within(CHANGE, noting).await;
            writing.end(noted)
        })
    }
}
