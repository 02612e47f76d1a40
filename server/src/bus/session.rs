//! One session with Redis: a connection for scripts, and one that waits for events.

mod page;
mod served;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Value, cmd, pipe};
use tidings_protocol::event::EventId;
use tidings_protocol::topic::Topic;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::connect::{BLOCK_MS, RedisError};
use super::decode::{self, Entry, LogId};
use super::merge::{self, Found};
use super::{Inner, Keys};
use crate::hub::{Batch, BusError, Event, Outgoing, PublishError, Refusal};

/// Entries of the stream of metrics, roughly.
const METRICS: u64 = 4_096;

/// A read is to take so many bytes of each stream; it may take more when events are suddenly larger.
const READ_BYTES: usize = 16 << 20;

/// Most entries of a read of each stream. With fewer, whoever is far away would not keep up with many small events.
const MOST_READ: usize = 2_048;

/// Pages that are read at once: Redis reads one after the other, and has events to take as well.
const PAGES: usize = 2;

/// Entries that leave the log at once.
const TRIM_AT_ONCE: usize = 512;

/// Bytes of payloads that leave the log at once, roughly.
const TRIM_BYTES_AT_ONCE: usize = 1 << 20;

/// What tells where a stream begins.
const OLDEST: &str = include_str!("scripts/oldest.lua");

/// How long the log's end may be out of sight.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often the session is written down anew, so that it does not expire.
const RENEW_EVERY: Duration = Duration::from_secs(600);

/// How long it stays written down otherwise.
const SESSION_SECONDS: u64 = 3_600;

#[derive(Debug)]
pub(super) struct RedisSession {
    inner: Arc<Inner>,
    commands: MultiplexedConnection,
    reads: MultiplexedConnection,
    /// Publishers do not wait behind pages.
    pages: MultiplexedConnection,
    page_turns: Semaphore,
    /// Pages in a row that were not answered in time.
    silent_pages: AtomicUsize,
    epoch: u32,
    /// Entries up to here were of another epoch.
    base: u64,
    /// As it stands in Redis.
    epoch_text: String,
    number: String,
    /// Newest events of latest-wins topics, which may have left the stream of metrics.
    latest: Mutex<Vec<Arc<Event>>>,
    /// They were asked for when the log ended here: of what came since, the stream is to have all.
    asked: AtomicU64,
    /// Entries of the next read.
    count: AtomicUsize,
    /// When the log's end was last found. Where events come all the time, no read that waits finds it.
    looked: Mutex<Option<Instant>>,
    /// When it was last written down.
    renewed: Mutex<Instant>,
}

impl RedisSession {
    pub(super) fn new(
        inner: Arc<Inner>,
        [commands, reads, pages]: [MultiplexedConnection; 3],
        log: LogId,
        number: String,
        (latest, asked): (Vec<Arc<Event>>, u64),
    ) -> Self {
        let count = AtomicUsize::new(least_read(inner.most_bytes));
        Self {
            inner,
            commands,
            reads,
            pages,
            page_turns: Semaphore::new(PAGES),
            silent_pages: AtomicUsize::new(0),
            epoch: log.epoch,
            base: log.base,
            epoch_text: format!("{:08x}", log.epoch),
            number,
            latest: Mutex::new(latest),
            asked: AtomicU64::new(asked),
            count,
            looked: Mutex::default(),
            renewed: Mutex::new(Instant::now()),
        }
    }

    fn log(&self) -> LogId {
        LogId { epoch: self.epoch, base: self.base }
    }

    async fn add(&self, event: Outgoing) -> Result<EventId, Refusal> {
        let Inner { keys, scripts, limits, instance, .. } = &*self.inner;
        let is_latest = event.topic.is_latest_wins();
        let most_topics = if event.is_reserved { 0 } else { limits.topics };
        let mut commands = self.commands.clone();
        let answer: Result<Value, _> = scripts
            .publish
            .key(&keys.epoch)
            .key(&keys.seq)
            .key(if is_latest { &keys.metrics } else { &keys.events })
            .key(&keys.topics)
            .key(&keys.latest)
            .key(&keys.bytes)
            .key(&keys.session)
            .key(&keys.evicted)
            .arg(&self.epoch_text)
            .arg(&self.number)
            .arg(event.topic.as_str())
            .arg(event.kind.as_str())
            .arg(&event.data[..])
            .arg(format!("{instance}-{}", event.nonce))
            .arg(most_topics)
            .arg(if is_latest { METRICS.to_string() } else { String::new() })
            .arg(u8::from(event.topic.is_job()))
            .invoke_async(&mut commands)
            .await;
        match answer {
            Ok(Value::Int(seq)) => {
                let seq = u64::try_from(seq).map_err(|_| Refusal::Unclear)?;
                Ok(EventId { epoch: self.epoch, seq })
            }
            Ok(answer) => match String::from_redis_value(answer).as_deref() {
                Ok("ended") => Err(Refusal::Ended),
                Ok("topics") => Err(Refusal::Refused(PublishError::TooManyTopics(limits.topics))),
                _ => Err(Refusal::Unclear),
            },
            Err(error) => {
                let refusal = served::refusal(&error);
                match refusal {
                    Refusal::Refused(PublishError::Unavailable) => self.inner.note_refusing(&error),
                    Refusal::Refused(_) => self.inner.tell_failed(&error),
                    Refusal::Ended | Refusal::Unclear => self.inner.tell(&error.into()),
                }
                Err(refusal)
            }
        }
    }

    /// What comes, or where the log ends if that was not seen for a while.
    async fn next(&self, after: u64, is_look: bool) -> Result<Batch, RedisError> {
        if is_look || self.is_look_due() {
            return self.look(after).await;
        }
        let keys = &self.inner.keys;
        let count = self.count.load(Ordering::Relaxed);
        let mut reads = self.reads.clone();
        let mut all = pipe();
        all.cmd("XREAD")
            .arg("BLOCK")
            .arg(BLOCK_MS)
            .arg("COUNT")
            .arg(count)
            .arg("STREAMS")
            .arg(&keys.events)
            .arg(&keys.metrics)
            .arg(after)
            .arg(after)
            .get(&keys.trimmed);
        all.cmd("EVAL").arg(OLDEST).arg(1).arg(&keys.metrics);
        let (answer, trimmed, oldest): (Value, Option<u64>, u64) =
            all.query_async(&mut reads).await?;
        if answer == Value::Nil {
            self.count.store(least_read(self.inner.most_bytes), Ordering::Relaxed);
            return self.look(after).await;
        }
        if self.has_missed(after, oldest) {
            return self.look(after).await;
        }
        let mut found = decode::streams(answer, self.log());
        let mut take = |key: &str| {
            let at = found.iter().position(|(name, _)| name == key);
            at.map(|at| found.swap_remove(at).1).unwrap_or_default()
        };
        let (events, metrics) = (take(&keys.events), take(&keys.metrics));
        self.adapt(count, [&events, &metrics]);
        let batch = self.merge(Found { after, end: None, count, events, metrics })?;
        self.with_evicted(batch, after, trimmed).await
    }

    /// Whether something may have left the stream of metrics, which begins with `oldest`, before it was read.
    fn has_missed(&self, after: u64, oldest: u64) -> bool {
        oldest > after.max(self.asked.load(Ordering::Relaxed)) + 1
    }

    /// Asks once more for the newest events of latest-wins topics: what left the stream unread may have been the last of one.
    async fn ask_latest(&self, end: u64) -> Result<(), RedisError> {
        let newest = self.inner.latest(&mut self.reads.clone()).await?;
        *self.latest.lock().unwrap_or_else(PoisonError::into_inner) =
            decode::latest(self.epoch, end, newest);
        self.asked.store(end, Ordering::Relaxed);
        // They are handed out by looks alone: until one has found the end.
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = None;
        Ok(())
    }

    /// Lets go of the newest event of a latest-wins topic.
    async fn drop_latest(&self, topic: &Topic) -> Result<(), RedisError> {
        let Keys { latest, topics, .. } = &self.inner.keys;
        let mut all = pipe();
        for key in [latest, topics] {
            all.hdel(key, topic.as_str()).ignore();
        }
        Ok(all.query_async(&mut self.commands.clone()).await?)
    }

    /// Adds what is gone, if something that lies behind `after` may be.
    async fn with_evicted(
        &self,
        mut batch: Batch,
        after: u64,
        trimmed: Option<u64>,
    ) -> Result<Batch, RedisError> {
        if trimmed.is_some_and(|trimmed| trimmed > after) {
            let mut reads = self.reads.clone();
            let evicted: Vec<(String, u64)> =
                cmd("HGETALL").arg(&self.inner.keys.evicted).query_async(&mut reads).await?;
            batch.evicted = merge::gone(&batch.events, decode::evicted(evicted));
        }
        Ok(batch)
    }

    /// Reads what lies behind `after` without waiting, and where the log ends at that moment.
    async fn look(&self, after: u64) -> Result<Batch, RedisError> {
        let Keys { epoch, seq, trimmed, events, metrics, session, .. } = &self.inner.keys;
        let (first, count) = (format!("{}-0", after + 1), self.count.load(Ordering::Relaxed));
        let mut reads = self.reads.clone();
        let mut all = pipe();
        all.atomic().get(epoch).get(seq).get(trimmed);
        for stream in [events, metrics] {
            all.cmd("XRANGE").arg(stream).arg(&first).arg("+").arg("COUNT").arg(count);
        }
        all.cmd("EVAL").arg(OLDEST).arg(1).arg(metrics);
        if self.is_renewal_due() {
            all.cmd("EXPIRE").arg(session).arg(SESSION_SECONDS).ignore();
        }
        let (found, seq, trimmed, events, metrics, oldest): Looked =
            all.query_async(&mut reads).await?;
        let head = seq.filter(|seq| *seq >= after);
        let (Some(_), Some(head)) = (found.filter(|found| *found == self.epoch_text), head) else {
            return Err(RedisError::AnotherLog);
        };
        if self.has_missed(after, oldest) {
            self.ask_latest(head).await?;
        }
        let (events, metrics) =
            (decode::entries(events, self.log()), decode::entries(metrics, self.log()));
        self.adapt(count, [&events, &metrics]);
        let batch = self.merge(Found { after, end: Some(head), count, events, metrics })?;
        if batch.is_whole {
            *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        }
        self.with_evicted(batch, after, trimmed).await
    }

    fn is_look_due(&self) -> bool {
        let looked = *self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.is_none_or(|looked| looked.elapsed() >= LOOK_EVERY)
    }

    fn merge(&self, found: Found) -> Result<Batch, RedisError> {
        let mut latest = self.latest.lock().unwrap_or_else(PoisonError::into_inner);
        found.merge(self.epoch, &self.inner.instance, &mut latest)
    }

    /// Takes more at once where there is more and it is small, and less where it is large.
    fn adapt(&self, count: usize, found: [&Vec<Entry>; 2]) {
        let sizes =
            found.into_iter().flatten().filter_map(|entry| Some(entry.event.as_ref()?.data.len()));
        let bytes: usize = sizes.sum();
        let is_full = found.iter().any(|list| list.len() >= count);
        let next = if is_full && bytes <= READ_BYTES / 4 {
            count * 2
        } else if bytes > READ_BYTES {
            count / 2
        } else {
            count
        };
        let least = least_read(self.inner.most_bytes);
        self.count.store(next.clamp(least, MOST_READ), Ordering::Relaxed);
    }

    fn is_renewal_due(&self) -> bool {
        let mut renewed = self.renewed.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = renewed.elapsed() >= RENEW_EVERY;
        if is_due {
            *renewed = Instant::now();
        }
        is_due
    }

    async fn keep_to_bounds(&self) -> Result<(), RedisError> {
        let Inner { keys, scripts, limits, .. } = &*self.inner;
        let retention = limits.retention;
        loop {
            let answer: String = scripts
                .trim
                .key(&keys.epoch)
                .key(&keys.events)
                .key(&keys.evicted)
                .key(&keys.bytes)
                .key(&keys.trimmed)
                .key(&keys.topics)
                .arg(&self.epoch_text)
                .arg(retention.events)
                .arg(retention.bytes)
                .arg(retention.age.as_millis() as u64)
                .arg(TRIM_AT_ONCE)
                .arg(TRIM_BYTES_AT_ONCE)
                .invoke_async(&mut self.commands.clone())
                .await?;
            match answer.as_str() {
                "over" => return Ok(()),
                "more" => {}
                _ => return Err(RedisError::AnotherLog),
            }
        }
    }

    /// Whether Redis takes events, once it was found not to.
    async fn takes_events(&self) -> Result<bool, RedisError> {
        let Inner { keys, scripts, is_refusing, .. } = &*self.inner;
        if !is_refusing.load(Ordering::Relaxed) {
            return Ok(true);
        }
        // Nothing but a write finds out, and it may be long before somebody publishes.
        let mut probe = scripts.probe.prepare_invoke();
        match probe.key(&keys.probe).invoke_async::<Value>(&mut self.commands.clone()).await {
            Ok(_) => {
                is_refusing.store(false, Ordering::Relaxed);
                Ok(true)
            }
            Err(error) if error.code().is_some() => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Tells why the session ends.
    fn told(&self, error: &RedisError) -> BusError {
        self.inner.tell(error);
        BusError
    }

    async fn end(&self) -> Result<(), RedisError> {
        let Inner { keys, scripts, .. } = &*self.inner;
        let mut commands = self.commands.clone();
        let mut close = scripts.close.prepare_invoke();
        close.key(&keys.session).arg(&self.number);
        let _: Value = close.invoke_async(&mut commands).await?;
        Ok(())
    }
}

/// What a look finds: epoch, newest number, newest that is gone, and both streams.
type Looked = (Option<String>, Option<u64>, Option<u64>, Value, Value, u64);

/// Entries of a read where each may be as large as may be; text may become twice as long as it was sent.
fn least_read(most_bytes: usize) -> usize {
    (READ_BYTES / (2 * most_bytes).max(1)).clamp(8, 512)
}
