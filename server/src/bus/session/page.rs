//! Reading back: pages of what has left memory, and is in the log still.

use std::sync::atomic::Ordering;

use redis::{FromRedisValue, Value};
use tidings_protocol::topic::Topic;

use super::RedisSession;
use crate::bus::Inner;
use crate::bus::connect::RedisError;
use crate::bus::decode;
use crate::hub::{Page, PageRequest};

/// Entries that one page looks at.
const LOOKED_AT: usize = 2_048;

/// Bytes of payloads that one page looks at, but for what comes with them.
const PAGE_BYTES: usize = 1 << 20;

/// After so many pages in a row without an answer their connection counts as lost.
const SILENT_PAGES: usize = 3;

/// Of so many topics a page is asked for by name; of more, for all events, and the others are left out here.
const NAMED: usize = 256;

impl RedisSession {
    pub(super) async fn read_back(&self, ask: &PageRequest) -> Result<Page, RedisError> {
        let Inner { keys, scripts, .. } = &*self.inner;
        let mut invocation = scripts.page.prepare_invoke();
        invocation
            .key(&keys.epoch)
            .key(&keys.events)
            .key(&keys.evicted)
            .arg(&self.epoch_text)
            .arg(ask.after + 1)
            .arg(ask.upto)
            .arg(ask.max_events)
            .arg(ask.max_bytes)
            .arg(LOOKED_AT)
            .arg(PAGE_BYTES)
            .arg((PAGE_BYTES / self.inner.most_bytes.max(1)).clamp(1, 64));
        if ask.topics.len() <= NAMED {
            for topic in &*ask.topics {
                invocation.arg(topic.as_str());
            }
        }
        // The semaphore is never closed.
        let _turn = self.page_turns.acquire().await.map_err(|_| RedisError::Silent)?;
        let answer: Result<Value, _> = invocation.invoke_async(&mut self.pages.clone()).await;
        let is_silent = answer.as_ref().is_err_and(redis::RedisError::is_timeout);
        if !is_silent {
            self.silent_pages.store(0, Ordering::Relaxed);
        } else if self.silent_pages.fetch_add(1, Ordering::Relaxed) + 1 >= SILENT_PAGES {
            return Err(RedisError::Silent);
        }
        let answer = answer?;
        if matches!(answer, Value::BulkString(_) | Value::SimpleString(_)) {
            return Err(RedisError::AnotherLog);
        }
        let (reached, found, gone): (u64, Value, Vec<(String, u64)>) =
            FromRedisValue::from_redis_value(answer)?;
        let is_asked = |topic: &Topic| ask.topics.binary_search(topic).is_ok();
        let events = decode::entries(found, self.log()).into_iter().filter_map(|entry| entry.event);
        Ok(Page {
            events: events.filter(|event| is_asked(&event.topic)).collect(),
            reached,
            evicted: decode::evicted(gone).filter(|(topic, _)| is_asked(topic)).collect(),
        })
    }
}
