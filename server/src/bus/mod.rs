//! The hub's bus over Redis: two streams under one sequence.
//!
//! - Scripts add events, so that a number and its place in the stream come to be at once: an entry's id *is* its
//!   number. `events` has what nobody may miss, `metrics` what wins by being the latest, and is short.
//! - Each instance reads both streams on a connection of its own, which waits there (`XREAD BLOCK`), and merges them
//!   by number. It never reads its own events in another way.
//! - Every session of an instance is written down in Redis, and what comes from an earlier one is refused: once a
//!   session is open, what was sent before has happened or never will.
//! - Numbers go on far behind the last one when Redis was started anew; `scripts/open.lua` says why.
//!
//! Everything that names `redis` lies here.

mod connect;
mod decode;
mod keys;
mod merge;
mod session;
mod users;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use redis::aio::MultiplexedConnection;
use redis::{FromRedisValue, Script, Value};
use tidings_protocol::event::EventId;

use crate::config::RedisUrl;
use crate::hub::{Bus, BusError, HubLimits, Opened, Recovered, Standing};
use connect::Connector;
use decode::LogId;
use keys::Keys;
use session::RedisSession;

pub(crate) use connect::RedisError;
pub(crate) use users::UserChannel;

/// How far numbers jump when Redis was started anew: more than are given within the second or so that it may lose.
const JUMP: u64 = 1 << 20;

/// How many newest events are asked for at once, roughly.
const LATEST_AT_ONCE: usize = 128;

/// Least time between two words in the log about what Redis does not let us do.
const TELL_EVERY: Duration = Duration::from_secs(60);

/// What a bus over Redis is told.
#[derive(Clone, Debug)]
pub(crate) struct RedisSettings {
    /// Where it is.
    pub(crate) url: RedisUrl,
    /// What the names of its keys begin with.
    pub(crate) prefix: String,
    /// Bounds of the log, of all topics together, and how many topics there may be.
    pub(crate) limits: HubLimits,
    /// Largest payload, in bytes.
    pub(crate) most_bytes: usize,
}

/// A bus over Redis.
#[derive(Debug)]
pub(crate) struct RedisBus {
    settings: Arc<Inner>,
    /// The run of Redis that the last session was with.
    run: Mutex<String>,
}

/// What sessions share.
#[derive(Debug)]
struct Inner {
    connector: Connector,
    keys: Keys,
    /// Tells this instance from the others.
    instance: String,
    limits: HubLimits,
    most_bytes: usize,
    scripts: Scripts,
    /// Whether the log knows that Redis is away.
    is_failing: AtomicBool,
    /// Whether Redis answers, and does not take events.
    is_refusing: AtomicBool,
    /// What is told of the log's bounds, and of events that Redis failed with.
    untrimmed: Seldom,
    failed: Seldom,
}

impl Inner {
    /// Tells why Redis is away, once.
    fn tell(&self, error: &RedisError) {
        let error = error as &dyn std::error::Error;
        if self.is_failing.swap(true, Ordering::Relaxed) {
            tracing::debug!(error, "Redis is still away");
        } else {
            tracing::warn!(error, "Redis is away");
        }
    }

    /// Tells why the log is not kept to its bounds.
    fn tell_untrimmed(&self, error: &redis::RedisError) {
        if self.untrimmed.is_due() {
            let (code, detail) = (error.code(), error.detail());
            tracing::error!(code, detail, "Redis does not let the log be kept to its bounds");
        }
    }

    /// Tells of an event that Redis failed with.
    fn tell_failed(&self, error: &redis::RedisError) {
        if self.failed.is_due() {
            let (code, detail) = (error.code(), error.detail());
            tracing::error!(code, detail, "Redis failed with an event");
        }
    }

    /// Notes that Redis takes no events, and tells why once.
    fn note_refusing(&self, error: &redis::RedisError) {
        if !self.is_refusing.swap(true, Ordering::Relaxed) {
            let (code, detail) = (error.code(), error.detail());
            tracing::warn!(code, detail, "Redis takes no events for now");
        }
    }
}

impl Inner {
    /// The newest events of latest-wins topics, in parts: together they may be more than one answer should be.
    async fn latest(
        &self,
        connection: &mut MultiplexedConnection,
    ) -> Result<Vec<(String, Vec<u8>)>, RedisError> {
        let Self { keys, scripts, limits, .. } = self;
        let (mut cursor, mut all) = ("0".to_owned(), Vec::new());
        loop {
            let mut ask = scripts.latest.prepare_invoke();
            ask.key(&keys.latest).arg(&cursor).arg(LATEST_AT_ONCE);
            ask.arg(limits.retention.age.as_millis() as u64);
            let (next, found): Latest = ask.invoke_async(connection).await?;
            all.extend(found);
            if next == "0" {
                return Ok(all);
            }
            cursor = next;
        }
    }
}

/// Something that is told now and then, however often it happens.
#[derive(Debug, Default)]
struct Seldom(Mutex<Option<Instant>>);

impl Seldom {
    fn is_due(&self) -> bool {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = last.is_none_or(|last| last.elapsed() >= TELL_EVERY);
        if is_due {
            *last = Some(Instant::now());
        }
        is_due
    }
}

#[derive(Debug)]
struct Scripts {
    open: Script,
    publish: Script,
    page: Script,
    trim: Script,
    close: Script,
    lease: Script,
    probe: Script,
    latest: Script,
}

impl Scripts {
    fn new() -> Self {
        Self {
            open: Script::new(include_str!("scripts/open.lua")),
            publish: Script::new(include_str!("scripts/publish.lua")),
            page: Script::new(include_str!("scripts/page.lua")),
            trim: Script::new(include_str!("scripts/trim.lua")),
            close: Script::new(include_str!("scripts/close.lua")),
            lease: Script::new(include_str!("scripts/lease.lua")),
            probe: Script::new(include_str!("scripts/probe.lua")),
            latest: Script::new(include_str!("scripts/latest.lua")),
        }
    }
}

impl RedisBus {
    /// A bus over the Redis of these settings, once that is found to be one that can be used.
    ///
    /// # Errors
    ///
    /// If it cannot be reached, does not let us in, or is of a kind that is not supported.
    pub(crate) async fn find(settings: RedisSettings) -> Result<Arc<Self>, RedisError> {
        let connector = Connector::new(&settings.url)?;
        connector.check().await?;
        let instance = format!("{:016x}", rand::random::<u64>());
        let settings = Inner {
            connector,
            keys: Keys::new(&settings.prefix, &instance),
            instance,
            limits: settings.limits,
            most_bytes: settings.most_bytes,
            scripts: Scripts::new(),
            is_failing: AtomicBool::new(false),
            is_refusing: AtomicBool::new(false),
            untrimmed: Seldom::default(),
            failed: Seldom::default(),
        };
        Ok(Arc::new(Self { settings: Arc::new(settings), run: Mutex::default() }))
    }

    /// What copies messages that other programs publish to users into the log.
    pub(crate) fn user_channel(&self) -> UserChannel {
        UserChannel::new(Arc::clone(&self.settings))
    }

    async fn begin(&self, seen: Option<EventId>) -> Result<Opened, RedisError> {
        let Inner { connector, keys, scripts, .. } = &*self.settings;
        let mut connections = connector.connect_all().await?;
        let number = format!("{:016x}", rand::random::<u64>());
        let last_run = self.run.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let run = connect::run_of(&mut connections).await?;
        let seen = seen.unwrap_or(EventId { epoch: 0, seq: 0 });
        let seen_epoch =
            if last_run.is_empty() { String::new() } else { format!("{:08x}", seen.epoch) };
        let answer: Value = scripts
            .open
            .key(&keys.epoch)
            .key(&keys.seq)
            .key(&keys.runs)
            .key(&keys.events)
            .key(&keys.metrics)
            .key(&keys.topics)
            .key(&keys.latest)
            .key(&keys.evicted)
            .key(&keys.bytes)
            .key(&keys.trimmed)
            .key(&keys.session)
            .key(&keys.base)
            .arg(&run)
            .arg(&number)
            .arg(format!("{:08x}", rand::random::<u32>()))
            .arg(seen_epoch)
            .arg(seen.seq)
            .arg(last_run)
            .arg(JUMP)
            .invoke_async(&mut connections[0])
            .await?;
        *self.run.lock().unwrap_or_else(PoisonError::into_inner) = run;
        let (epoch, seq, topics, evicted, base): Answer = FromRedisValue::from_redis_value(answer)?;
        let epoch = u32::from_str_radix(&epoch, 16).map_err(|_| RedisError::Strange)?;
        let log = Recovered { epoch, head: seq, topics: decode::topics(topics, evicted) };
        // What is newer comes by the stream.
        let latest = self.settings.latest(&mut connections[0]).await?;
        let latest = decode::latest(epoch, seq, latest);
        let session = RedisSession::new(
            Arc::clone(&self.settings),
            connections,
            LogId { epoch, base },
            number,
            (latest.clone(), seq),
        );
        Ok(Opened { session: Arc::new(session), standing: Standing { log, latest } })
    }
}

/// What `open.lua` answers.
type Answer = (String, u64, Vec<(String, u64)>, Vec<(String, u64)>, u64);

/// What `latest.lua` answers.
type Latest = (String, Vec<(String, Vec<u8>)>);

impl Bus for RedisBus {
    fn open(
        self: Arc<Self>,
        seen: Option<EventId>,
    ) -> BoxFuture<'static, Result<Opened, BusError>> {
        async move {
            let begun = self.begin(seen).await;
            match &begun {
                Ok(_) => self.settings.is_failing.store(false, Ordering::Relaxed),
                Err(error) => self.settings.tell(error),
            }
            begun.map_err(|_| BusError)
        }
        .boxed()
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
#[cfg(unix)]
mod tests;
