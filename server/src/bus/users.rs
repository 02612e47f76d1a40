//! What other programs publish to users by Redis's own channels (`PUBLISH user:{id} …`), copied into the log.
//!
//! Every instance listens, and the one that holds a lease copies. Tidings itself never publishes there.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use redis::aio::MultiplexedConnection;
use redis::{Msg, RedisResult, Value};
use serde_json::value::RawValue;
use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, timeout};
use tokio_util::sync::CancellationToken;

use super::Inner;
use super::connect::{ANSWERING, RedisError};
use crate::hub::{Hub, PublishError};
use crate::json;

/// Which channels.
const PATTERN: &str = "user:*";

/// How long a lease holds, in ms.
const LEASE_MS: u64 = 3_000;
const LEASE: Duration = Duration::from_millis(LEASE_MS);

/// How often it is taken anew.
const RENEW_EVERY: Duration = Duration::from_secs(1);

/// Messages that wait to be copied; what comes while there are so many is dropped.
const WAITING: usize = 1_024;

/// Time between two attempts to listen.
const RETRY_AFTER: Duration = Duration::from_millis(500);

/// Least time between two words in the log about what was dropped.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Least time between two words in the log about what Redis does not let us do.
const TELL_REFUSED_EVERY: Duration = Duration::from_secs(60);

/// Listens to users' channels.
#[derive(Debug)]
pub(crate) struct UserChannel {
    inner: Arc<Inner>,
    overflow: Dropped,
}

impl UserChannel {
    pub(super) fn new(inner: Arc<Inner>) -> Self {
        Self { inner, overflow: Dropped::default() }
    }

    /// Copies into `hub` until `stop`; then another instance may go on at once.
    pub(crate) async fn run(mut self, hub: Hub, stop: CancellationToken) {
        // What waits outlives the connection it came by. The driver's own queue has no bound.
        let (sender, messages) = mpsc::channel::<Msg>(WAITING);
        let most_bytes = self.inner.most_bytes;
        tokio::select! {
            () = stop.cancelled() => {}
            () = self.keep_listening(&sender) => {}
            () = copy_all(&hub, messages, most_bytes) => {}
        }
        let giving_back = async {
            let mut connection = self.inner.connector.connect().await?;
            self.lease(&mut connection, 0).await
        };
        // It ends by itself; nobody waits for long for a Redis that is away.
        let _ = tokio::time::timeout(Duration::from_millis(500), giving_back).await;
    }

    async fn keep_listening(&mut self, sender: &mpsc::Sender<Msg>) {
        let mut told = None::<Instant>;
        loop {
            if let Err(error) = self.listen(sender).await {
                // That Redis is away is told elsewhere. That it does not let us listen, nobody else finds out.
                let is_refused =
                    matches!(&error, RedisError::Redis(error) if error.code().is_some());
                let error = &error as &dyn std::error::Error;
                if is_refused && told.is_none_or(|told| told.elapsed() >= TELL_REFUSED_EVERY) {
                    tracing::warn!(error, "Redis does not let users' channels be heard");
                    told = Some(Instant::now());
                } else {
                    tracing::debug!(error, "users' channels are silent");
                }
            }
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }

    async fn listen(&mut self, sender: &mpsc::Sender<Msg>) -> Result<(), RedisError> {
        let Self { inner, overflow } = self;
        let mut commands = inner.connector.connect().await?;
        let (mut channel, mut messages) = inner.connector.listen().await?.split();
        answered(channel.psubscribe(PATTERN)).await?;
        let mut ticks = tokio::time::interval(RENEW_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut ours_until = None;
        loop {
            tokio::select! {
                // The lease first: after a standstill another may hold it, and have copied what waits here.
                biased;
                _ = ticks.tick() => {
                    let asked = Instant::now();
                    let is_ours = lease(inner, &mut commands, LEASE_MS).await?;
                    ours_until = is_ours.then(|| asked + LEASE);
                    // A connection that is gone without a word hears nothing, and would go on holding the lease.
                    answered(channel.ping::<Value>()).await?;
                }
                message = messages.next() => match message {
                    Some(message) if ours_until.is_some_and(|until| Instant::now() < until) => {
                        if sender.try_send(message).is_err() {
                            overflow.tell("there are too many at once");
                        }
                    }
                    Some(_) => {}
                    None => return Ok(()),
                }
            }
        }
    }

    async fn lease(
        &self,
        connection: &mut MultiplexedConnection,
        ms: u64,
    ) -> Result<bool, RedisError> {
        lease(&self.inner, connection, ms).await
    }
}

/// What Redis answers, if it does in time.
async fn answered<T>(answer: impl Future<Output = RedisResult<T>>) -> Result<T, RedisError> {
    let answer = timeout(ANSWERING, answer).await;
    Ok(answer.map_err(|_| RedisError::Silent)??)
}

async fn lease(
    inner: &Inner,
    connection: &mut MultiplexedConnection,
    ms: u64,
) -> Result<bool, RedisError> {
    let mut lease = inner.scripts.lease.prepare_invoke();
    lease.key(&inner.keys.lease).arg(&inner.instance).arg(ms);
    let is_ours: u8 = lease.invoke_async(connection).await?;
    Ok(is_ours == 1)
}

/// Copies one after the other.
async fn copy_all(hub: &Hub, mut messages: mpsc::Receiver<Msg>, most_bytes: usize) {
    let mut dropped = Dropped::default();
    while let Some(message) = messages.recv().await {
        if let Err(why) = copy(hub, &message, most_bytes).await {
            dropped.tell(why);
        }
    }
}

/// Publishes a message to its user's topic, or says why not.
async fn copy(hub: &Hub, message: &Msg, most_bytes: usize) -> Result<(), &'static str> {
    let id = message.get_channel_name().strip_prefix("user:").unwrap_or_default();
    if id.contains('/') {
        return Err("the channel names no user");
    }
    let topic: Topic = format!("users/{id}").parse().map_err(|_| "the channel names no user")?;
    let (kind, data) = event(message.get_payload_bytes(), most_bytes)?;
    match hub.publish(&topic, kind, data).await {
        Ok(_) => Ok(()),
        Err(PublishError::TooManyTopics(_)) => Err("there are as many topics as there may be"),
        Err(_) => Err("the log takes nothing for now"),
    }
}

/// A message as an event: an object with the type it names, any other JSON as it is, text as `{"raw":…}`.
fn event(payload: &[u8], most_bytes: usize) -> Result<(EventType, Bytes), &'static str> {
    if payload.len() > most_bytes {
        return Err("it is larger than an event may be");
    }
    let text = std::str::from_utf8(payload).map_err(|_| "it is not UTF-8")?;
    if text.is_empty() {
        return Err("it is empty");
    }
    if json::check(payload).is_err() {
        if serde_json::from_str::<&RawValue>(text).is_ok() {
            return Err("it is no JSON that every client can read");
        }
        let raw = serde_json::to_vec(&serde_json::json!({ "raw": text })).unwrap_or_default();
        if raw.len() > 2 * most_bytes {
            return Err("it is larger than an event may be");
        }
        return Ok((EventType::message(), raw.into()));
    }
    let value = text.trim_ascii();
    let kind = json::type_of(payload).unwrap_or_else(EventType::message);
    Ok((kind, Bytes::copy_from_slice(value.as_bytes())))
}

/// Tells what was dropped, and not at each message.
#[derive(Debug, Default)]
struct Dropped {
    told: Option<Instant>,
    count: u64,
}

impl Dropped {
    fn tell(&mut self, why: &'static str) {
        self.count += 1;
        if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) {
            tracing::warn!(why, count = self.count, "a message to a user was dropped");
            (self.told, self.count) = (Some(Instant::now()), 0);
        }
    }
}
