//! The journal's tables.

use std::collections::HashMap;
use std::sync::LazyLock;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, SqliteConnection, SqlitePool};

use super::{IMMEDIATE, SqliteStore, page, signed, unsigned};
use crate::store::{
    JournalBoundary, JournalCut, JournalMeta, JournalRow, JournalStore, JournalTopic, PageLimits,
    Retain, StoreError,
};

/// Most rows of one statement, as a power of two: 2^8.
const LARGEST_INSERT: usize = 8;

/// Most events that one step of a trim removes; other writers wait for that long.
const TRIM_STEP: i64 = 5_000;

/// Statements that insert 1, 2, 4 … rows: any number of rows takes few statements, all of them prepared.
static INSERTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let columns = "INSERT INTO journal_events (seq, topic_id, bytes, at, kind, data) VALUES ";
    let rows = |count: usize| vec!["(?, ?, ?, ?, ?, ?)"; count].join(", ");
    (0..=LARGEST_INSERT).map(|power| format!("{columns}{}", rows(1 << power))).collect()
});

const WRITE_META: &str = "INSERT OR REPLACE INTO journal_meta (id, epoch, head, reserved, clean) \
                          VALUES (1, ?, ?, ?, 0)";

/// The last event that a step of a trim removes.
pub(super) const STEP_END: &str = "SELECT seq FROM journal_events WHERE topic_id = ? AND seq <= ? \
                                   ORDER BY seq LIMIT 1 OFFSET ?";

/// Each topic, with what it holds.
pub(super) const TOPICS: &str = "SELECT name, evicted, max(evicted, coalesce(newest, 0)), coalesce(events, 0), \
            coalesce(total, 0) \
     FROM journal_topics LEFT JOIN ( \
         SELECT topic_id, max(seq) AS newest, count(*) AS events, sum(bytes) AS total \
         FROM journal_events INDEXED BY journal_events_of_topic GROUP BY topic_id \
     ) ON topic_id = id";

/// Topics whose oldest event was taken before a time.
pub(super) const AGED: &str = "SELECT name FROM journal_topics WHERE ( \
         SELECT at FROM journal_events WHERE topic_id = journal_topics.id ORDER BY seq LIMIT 1 \
     ) < ?";

/// The newest event of a topic that is too much: found from the newest backwards.
pub(super) const BOUNDARY: &str = "SELECT seq, events - 1, total - bytes FROM ( \
         SELECT seq, at, bytes, count(*) OVER newest AS events, sum(bytes) OVER newest AS total \
         FROM journal_events WHERE topic_id = ?1 AND seq <= ?5 \
         WINDOW newest AS (ORDER BY seq DESC ROWS UNBOUNDED PRECEDING) \
     ) WHERE events > ?2 OR (total > ?3 AND events > 1) OR at < ?4 LIMIT 1";

/// What a topic holds where nothing is too much.
pub(super) const WHOLE: &str = "SELECT 0, count(*), coalesce(sum(bytes), 0) FROM journal_events \
                                WHERE topic_id = ? AND seq <= ?";

/// Numbers of all topics.
pub(super) async fn load_topics(pool: &SqlitePool) -> Result<HashMap<String, i64>, StoreError> {
    let topics: Vec<(String, i64)> =
        sqlx::query_as("SELECT name, id FROM journal_topics").fetch_all(pool).await?;
    Ok(topics.into_iter().collect())
}

impl SqliteStore {
    /// Writes `meta` so that it is on the disk when this returns, also in a store that is not durable; `forget`
    /// removes every event and topic with it.
    async fn write_through(&self, meta: JournalMeta, forget: bool) -> Result<(), StoreError> {
        self.through(move |writer| Box::pin(write_meta(writer, meta, forget))).await?;
        if forget {
            self.ids_mut().clear();
        }
        Ok(())
    }

    /// The topic's number, given to it now if it has none; `new` holds those given in this transaction.
    async fn topic_id(
        &self,
        writer: &mut SqliteConnection,
        topic: &str,
        new: &mut HashMap<String, i64>,
    ) -> Result<i64, StoreError> {
        let known = self.known(topic).or_else(|| new.get(topic).copied());
        if let Some(id) = known {
            return Ok(id);
        }
        // It has one all the same if an append gave it and was not heard of.
        let id = sqlx::query_scalar(
            "INSERT INTO journal_topics (name) VALUES (?) \
             ON CONFLICT (name) DO UPDATE SET name = name RETURNING id",
        )
        .bind(topic)
        .fetch_one(writer)
        .await?;
        new.insert(topic.to_owned(), id);
        Ok(id)
    }

    async fn insert(
        &self,
        rows: &[JournalRow],
        head: u64,
        reserved: u64,
    ) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let mut transaction = writer.begin_with(IMMEDIATE).await?;
        let mut new = HashMap::new();
        let mut ids = Vec::with_capacity(rows.len());
        for row in rows {
            ids.push(self.topic_id(&mut transaction, &row.topic, &mut new).await?);
        }
        let (mut rows, mut ids) = (rows, ids.as_slice());
        while !rows.is_empty() {
            let power = (rows.len().ilog2() as usize).min(LARGEST_INSERT);
            let (now, later) = rows.split_at(1 << power);
            let (now_ids, later_ids) = ids.split_at(1 << power);
            let mut insert = sqlx::query(INSERTS[power].as_str());
            for (row, id) in now.iter().zip(now_ids) {
                insert = insert
                    .bind(signed(row.seq))
                    .bind(*id)
                    .bind(signed(row.data.len() as u64))
                    .bind(signed(row.at))
                    .bind(row.kind.as_str())
                    .bind(row.data.as_ref());
            }
            insert.execute(&mut *transaction).await?;
            (rows, ids) = (later, later_ids);
        }
        sqlx::query("UPDATE journal_meta SET head = ?, reserved = ?")
            .bind(signed(head))
            .bind(signed(reserved))
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
        // The next writer knows them: this one is not given back yet.
        self.ids_mut().extend(new);
        Ok(())
    }

    /// Removes the oldest events of the last topics, at most [`TRIM_STEP`] in all, and takes the topics off the
    /// list that are done.
    async fn trim_step(&self, cuts: &mut Vec<(i64, i64)>) -> Result<(), StoreError> {
        let mut writer = self.writer().await?;
        let mut transaction = writer.begin_with(IMMEDIATE).await?;
        let mut left = TRIM_STEP;
        while left > 0 {
            let Some((id, evicted)) = cuts.pop() else { break };
            // Where this step ends, if not at the end.
            let step = sqlx::query_scalar(STEP_END).bind(id).bind(evicted).bind(left - 1);
            let step: Option<i64> = step.fetch_optional(&mut *transaction).await?;
            let end = step.unwrap_or(evicted);
            let gone = sqlx::query("DELETE FROM journal_events WHERE topic_id = ? AND seq <= ?")
                .bind(id)
                .bind(end)
                .execute(&mut *transaction)
                .await?;
            sqlx::query("UPDATE journal_topics SET evicted = max(evicted, ?) WHERE id = ?")
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

    fn known(&self, topic: &str) -> Option<i64> {
        self.ids().get(topic).copied()
    }
}

async fn write_meta(
    writer: &mut SqliteConnection,
    meta: JournalMeta,
    forget: bool,
) -> Result<(), StoreError> {
    let mut transaction = writer.begin_with(IMMEDIATE).await?;
    if forget {
        for table in ["DELETE FROM journal_events", "DELETE FROM journal_topics"] {
            sqlx::query(table).execute(&mut *transaction).await?;
        }
    }
    sqlx::query(WRITE_META)
        .bind(i64::from(meta.epoch))
        .bind(signed(meta.head))
        .bind(signed(meta.reserved))
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

async fn note_end(writer: &mut SqliteConnection, head: u64) -> Result<(), StoreError> {
    sqlx::query("UPDATE journal_meta SET head = ?, clean = 1")
        .bind(signed(head))
        .execute(&mut *writer)
        .await?;
    // It is on the disk. Leaves no log for the next start to read, unless somebody else reads it.
    let checkpoint = sqlx::query_scalar("PRAGMA wal_checkpoint(TRUNCATE)");
    match checkpoint.fetch_one(&mut *writer).await {
        Ok(0_i64) => {}
        Ok(_) => tracing::debug!("the log is in use, and is left to the next start"),
        Err(error) => tracing::debug!(%error, "the log is left to the next start"),
    }
    Ok(())
}

impl JournalStore for SqliteStore {
    fn load(&self) -> BoxFuture<'_, Result<Option<JournalMeta>, StoreError>> {
        Box::pin(async move {
            let meta: Option<(u32, i64, i64, bool)> =
                sqlx::query_as("SELECT epoch, head, reserved, clean FROM journal_meta")
                    .fetch_optional(&mut *self.read_aside().await?)
                    .await?;
            Ok(meta.map(|(epoch, head, reserved, clean)| JournalMeta {
                epoch,
                head: unsigned(head),
                reserved: unsigned(reserved),
                clean,
            }))
        })
    }

    fn begin(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.write_through(meta, false))
    }

    fn reset(&self, meta: JournalMeta) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.write_through(meta, true))
    }

    fn topics(&self) -> BoxFuture<'_, Result<Vec<JournalTopic>, StoreError>> {
        Box::pin(async move {
            let topics: Vec<(String, i64, i64, i64, i64)> =
                sqlx::query_as(TOPICS).fetch_all(&mut *self.read_aside().await?).await?;
            let topic = |(topic, evicted, newest, events, bytes)| JournalTopic {
                topic,
                evicted: unsigned(evicted),
                newest: unsigned(newest),
                events: unsigned(events),
                bytes: unsigned(bytes),
            };
            Ok(topics.into_iter().map(topic).collect())
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
            let wanted: HashMap<i64, &str> = {
                let known = self.ids();
                let id = |topic: &&'a str| Some((*known.get(*topic)?, *topic));
                topics.iter().filter_map(id).collect()
            };
            if wanted.is_empty() || limits.events == 0 || after >= upto {
                return Ok(Vec::new());
            }
            let mut reading = self.read().await?;
            page::read(&mut reading.on, &wanted, signed(after), signed(upto), limits).await
        })
    }

    fn trim<'a>(&'a self, cuts: &'a [JournalCut]) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let known = |cut: &JournalCut| Some((self.known(&cut.topic)?, signed(cut.evicted)));
            let mut cuts: Vec<_> = cuts.iter().filter_map(known).collect();
            while !cuts.is_empty() {
                self.trim_step(&mut cuts).await?;
            }
            Ok(())
        })
    }

    fn aged(&self, oldest_at: u64) -> BoxFuture<'_, Result<Vec<String>, StoreError>> {
        Box::pin(async move {
            let topics = sqlx::query_scalar(AGED).bind(signed(oldest_at));
            Ok(topics.fetch_all(&mut *self.read_aside().await?).await?)
        })
    }

    fn boundary<'a>(
        &'a self,
        topic: &'a str,
        upto: u64,
        retain: Retain,
    ) -> BoxFuture<'a, Result<JournalBoundary, StoreError>> {
        Box::pin(async move {
            // Of a topic that is not known nothing is found.
            let id = self.known(topic).unwrap_or_default();
            let mut reading = self.read_aside().await?;
            let boundary: Option<(i64, i64, i64)> = sqlx::query_as(BOUNDARY)
                .bind(id)
                .bind(signed(retain.events))
                .bind(signed(retain.bytes))
                .bind(signed(retain.oldest_at))
                .bind(signed(upto))
                .fetch_optional(&mut *reading)
                .await?;
            let (seq, events, bytes) = match boundary {
                Some(boundary) => boundary,
                None => {
                    let whole = sqlx::query_as(WHOLE).bind(id).bind(signed(upto));
                    whole.fetch_one(&mut *reading).await?
                }
            };
            Ok(JournalBoundary {
                seq: unsigned(seq),
                events: unsigned(events),
                bytes: unsigned(bytes),
            })
        })
    }

    fn end(&self, head: u64) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(self.through(move |writer| Box::pin(note_end(writer, head))))
    }
}
