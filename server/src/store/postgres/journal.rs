//! The journal's tables.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection};

use super::append::add;
use super::begin::{Forget, forget_step, write_meta};
use super::error::within;
use super::known::Known;
use super::reader::READ;
use super::{PostgresStore, page, signed, unsigned};
use crate::store::{
    JournalBoundary, JournalCut, JournalMeta, JournalRow, JournalStore, JournalTopic, PageLimits,
    Retain, StoreError,
};

/// Most events that one step of a trim removes; other writers wait for that long.
const TRIM_STEP: i64 = 5_000;

/// How long everything that is held may be counted, at the start.
const COUNT: Duration = Duration::from_secs(120);

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

/// Removes the oldest events of the last topics, at most [`TRIM_STEP`] in all; what is left to do.
async fn trim_step(
    on: &mut PgConnection,
    known: &Known,
    mut cuts: Vec<(String, i64)>,
) -> Result<Vec<(String, i64)>, StoreError> {
    let mut transaction = on.begin().await?;
    let mut left = TRIM_STEP;
    while left > 0 {
        let Some((topic, evicted)) = cuts.pop() else { break };
        let Some(id) = known.topic(&topic) else { continue };
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
            cuts.push((topic, evicted));
        }
    }
    transaction.commit().await?;
    Ok(cuts)
}

async fn count(on: &mut PgConnection) -> Result<Vec<JournalTopic>, StoreError> {
    // Until the snapshot ends.
    sqlx::query("SET LOCAL statement_timeout = '110s'").execute(&mut *on).await?;
    let topics: Vec<(String, i64, i64, i64, i64)> = sqlx::query_as(
        "SELECT name, evicted, greatest(evicted, newest), coalesce(events, 0), coalesce(total, 0) \
         FROM journal_topics LEFT JOIN ( \
             SELECT topic_id, max(seq) AS newest, count(*) AS events, sum(bytes)::bigint AS total \
             FROM journal_events GROUP BY topic_id \
         ) AS held ON topic_id = id",
    )
    .fetch_all(on)
    .await?;
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
    async fn set(&self, meta: JournalMeta, forget: Forget) -> Result<(), StoreError> {
        self.writer
            .run(move |writing| {
                Box::pin(async move {
                    write_meta(writing.on(), meta, forget).await?;
                    writing.note_flushed(meta.head, meta.reserved);
                    if !matches!(forget, Forget::Nothing) {
                        writing.known().forget_topics();
                    }
                    Ok(())
                })
            })
            .await
    }

    /// Forgets all history. In steps where somebody reads it, as a backup does for as long as it takes: what is cut short
    /// is not trusted, and forgotten by the next start.
    async fn forget(&self, meta: JournalMeta) -> Result<(), StoreError> {
        match self.set(meta, Forget::All).await {
            Err(StoreError::Busy) => {}
            done => return done,
        }
        let mut after = -1;
        let step = async |after| {
            self.writer.run(move |writing| Box::pin(forget_step(writing.on(), after))).await
        };
        while let Some(last) = step(after).await? {
            after = last;
        }
        self.set(meta, Forget::Topics).await
    }

    async fn insert(
        &self,
        rows: Vec<JournalRow>,
        head: u64,
        reserved: u64,
    ) -> Result<(), StoreError> {
        let durable = self.durable;
        self.writer
            .run(move |writing| {
                Box::pin(async move {
                    let flush = durable || writing.must_flush();
                    let known = writing.known();
                    let new = add(writing.on(), &known, &rows, head, reserved, flush).await?;
                    // The next writer knows them: this one is not given back yet.
                    known.extend(new);
                    if flush {
                        writing.note_flushed(head, reserved);
                    } else {
                        writing.note_taken(&rows, head, reserved);
                    }
                    Ok(())
                })
            })
            .await
    }
}

impl JournalStore for PostgresStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<JournalMeta>, StoreError>> {
        // Where it is known what became of the last append: the lock is there once its connection is gone.
        Box::pin(self.writer.run(|writing| Box::pin(load(writing.on()))))
    }

    fn begin(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.set(meta, Forget::Nothing))
    }

    fn reset(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.forget(meta))
    }

    fn topics(&self) -> BoxFuture<'_, Result<Vec<JournalTopic>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let counted = within(COUNT, count(&mut reading.on)).await;
            reading.end(counted).await
        })
    }

    fn append<'a>(
        &'a self,
        rows: &'a [JournalRow],
        head: u64,
        reserved: u64,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.insert(rows.to_vec(), head, reserved))
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
            let (mut reading, wanted) = self.read_topics(&self.readers, topics).await?;
            if wanted.is_empty() {
                return reading.end(Ok(Vec::new())).await;
            }
            let read = page::read(&mut reading.on, &wanted, signed(after), signed(upto), limits);
            let read = within(READ, read).await;
            reading.end(read).await
        })
    }

    fn trim<'a>(&'a self, cuts: &'a [JournalCut]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            // By name: what became of the numbers is known to who writes.
            let mut cuts: Vec<_> =
                cuts.iter().map(|cut| (cut.topic.clone(), signed(cut.evicted))).collect();
            while !cuts.is_empty() {
                let left = std::mem::take(&mut cuts);
                cuts = self
                    .writer
                    .run(|writing| {
                        Box::pin(async move {
                            let known = writing.known();
                            trim_step(writing.on(), &known, left).await
                        })
                    })
                    .await?;
            }
            Ok(())
        })
    }

    fn aged(&self, oldest_at: u64) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let mut reading = self.read_aside().await?;
            let aged = within(READ, aged(&mut reading.on, oldest_at)).await;
            reading.end(aged).await
        })
    }

    fn boundary<'a>(
        &'a self,
        topic: &'a str,
        upto: u64,
        retain: Retain,
    ) -> BoxFuture<'a, Result<JournalBoundary, StoreError>> {
        Box::pin(async move {
            let (mut reading, numbers) = self.read_topics(&self.asides, &[topic]).await?;
            // Of a topic that is not known nothing is found.
            let id = numbers.into_keys().next().unwrap_or_default();
            let found = within(READ, boundary(&mut reading.on, id, upto, retain)).await;
            reading.end(found).await
        })
    }

    fn end(&self, head: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.writer.run(move |writing| {
            Box::pin(async move {
                let end = sqlx::query("UPDATE journal_meta SET head = $1, clean = true");
                end.bind(signed(head)).execute(writing.on()).await?;
                Ok(())
            })
        }))
    }
}
