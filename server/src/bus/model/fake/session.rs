//! A connection to the log in memory.

use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidings_protocol::event::EventId;
use tidings_protocol::topic::Topic;

use super::{Entry, Log, Outcome, Shared, lock, turns};
use crate::hub::{
    Batch, BusError, Event, JournalError, Outgoing, Page, PageRequest, Refusal, Session,
};

#[derive(Debug)]
pub(super) struct FakeSession {
    pub(super) log: Shared,
    pub(super) instance: usize,
    pub(super) number: u64,
    pub(super) run: usize,
    pub(super) epoch: u32,
    pub(super) is_over: Mutex<bool>,
    pub(super) must_look: Mutex<bool>,
}

impl FakeSession {
    /// Whether the connection is to a log that is gone.
    fn is_over(&self, log: &Log) -> bool {
        *self.is_over.lock().unwrap() || log.is_down || log.runs.len() != self.run
    }

    fn end(&self) {
        *self.is_over.lock().unwrap() = true;
    }

    async fn add(&self, event: Outgoing) -> Result<EventId, Refusal> {
        turns(&self.log).await;
        let added = {
            let mut log = lock(&self.log);
            if self.is_over(&log) {
                return Err(Refusal::Ended);
            }
            match log.outcome() {
                Outcome::Done => log.add(self.instance, self.number, &event),
                Outcome::Failed => Err(Refusal::Unclear),
                Outcome::Unheard => {
                    let _ = log.add(self.instance, self.number, &event);
                    Err(Refusal::Unclear)
                }
                Outcome::Late => {
                    log.late.push((self.instance, self.number, event));
                    Err(Refusal::Unclear)
                }
            }
        };
        turns(&self.log).await;
        if added.is_err() {
            self.end();
        }
        added
    }

    fn found(&self, log: &Log, after: u64, is_look: bool) -> Option<Batch> {
        // Small batches: a read is to take several.
        // The newest of latest-wins topics is there, though it has left the log.
        let oldest = log.entries.first().map_or(u64::MAX, |entry| entry.event.id.seq);
        let mut latest: Vec<_> = log.latest.values().collect();
        latest.retain(|entry| entry.event.id.seq < oldest);
        latest.sort_by_key(|entry| entry.event.id.seq);
        let behind = latest.into_iter().chain(&log.entries);
        let behind = behind.filter(|entry| entry.event.id.seq > after);
        let own = |entry: &Entry| (entry.from.0 == self.instance).then_some(entry.from.1);
        let events: Vec<_> =
            behind.take(3).map(|entry| (Arc::clone(&entry.event), own(entry))).collect();
        let is_whole = is_look && events.len() < 3;
        let last = events.last().map_or(after, |(event, _)| event.id.seq);
        let head = if is_whole { log.seq.max(last) } else { last };
        let evicted = match log.trimmed > after {
            true => log.evicted.iter().map(|(topic, seq)| (topic.clone(), *seq)).collect(),
            false => Vec::new(),
        };
        (is_look || !events.is_empty()).then_some(Batch { events, head, is_whole, evicted })
    }

    async fn next(&self, after: u64, is_asked: bool) -> Result<Batch, BusError> {
        turns(&self.log).await;
        let is_look = std::mem::replace(&mut *self.must_look.lock().unwrap(), false);
        let look = |is_look: bool| {
            let mut log = lock(&self.log);
            let is_failing = !matches!(log.outcome(), Outcome::Done);
            let is_other = is_look && (log.epoch != self.epoch || log.seq < after);
            if self.is_over(&log) || is_failing || is_other {
                self.end();
                return Err(BusError);
            }
            let found = self.found(&log, after, is_look);
            let is_other = found.iter().flat_map(|batch| &batch.events).next();
            if is_other.is_some_and(|(event, _)| event.id.epoch != self.epoch) {
                self.end();
                return Err(BusError);
            }
            Ok(found)
        };
        if (is_look || is_asked)
            && let Some(batch) = look(true)?
            && (batch.head > after || is_asked)
        {
            *self.must_look.lock().unwrap() = !batch.is_whole;
            return Ok(batch);
        }
        let mut end = Box::pin(tokio::time::sleep(Duration::from_secs(1)));
        let found = poll_fn(|cx| {
            if lock(&self.log).entries.last().is_some_and(|last| last.event.id.seq > after) {
                return Poll::Ready(true);
            }
            if self.is_over(&lock(&self.log)) {
                return Poll::Ready(false);
            }
            lock(&self.log).wakers.push(cx.waker().clone());
            end.poll_unpin(cx).map(|()| false)
        })
        .await;
        turns(&self.log).await;
        *self.must_look.lock().unwrap() = !found;
        Ok(look(!found)?.unwrap_or(Batch { head: after, ..Batch::default() }))
    }

    async fn read_back(&self, ask: PageRequest) -> Result<Page, JournalError> {
        turns(&self.log).await;
        let page = {
            let mut log = lock(&self.log);
            let is_failing = !matches!(log.outcome(), Outcome::Done);
            if self.is_over(&log) || is_failing || log.epoch != ask.epoch {
                self.end();
                return Err(JournalError::Unreachable);
            }
            let is_wanted = |event: &Event| {
                event.id.seq > ask.after
                    && event.id.seq <= ask.upto
                    && ask.topics.contains(&event.topic)
            };
            let wanted = log.entries.iter().filter(|entry| is_wanted(&entry.event));
            let events: Vec<_> = wanted.take(2).map(|entry| Arc::clone(&entry.event)).collect();
            let last = events.last().filter(|_| events.len() == 2);
            let reached = last.map_or(ask.upto, |event| event.id.seq);
            let evicted = log.evicted.iter().filter(|(topic, _)| ask.topics.contains(topic));
            Page { events, reached, evicted: evicted.map(|(t, seq)| (t.clone(), *seq)).collect() }
        };
        turns(&self.log).await;
        Ok(page)
    }
}

impl Session for FakeSession {
    fn publish(self: Arc<Self>, event: Outgoing) -> BoxFuture<'static, Result<EventId, Refusal>> {
        async move { self.add(event).await }.boxed()
    }

    fn read(
        self: Arc<Self>,
        after: u64,
        is_look: bool,
    ) -> BoxFuture<'static, Result<Batch, BusError>> {
        async move { self.next(after, is_look).await }.boxed()
    }

    fn page(self: Arc<Self>, ask: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>> {
        async move { self.read_back(ask).await }.boxed()
    }

    fn trim(self: Arc<Self>) -> BoxFuture<'static, Result<bool, BusError>> {
        // The world does so by itself.
        async { Ok(true) }.boxed()
    }

    fn forget(self: Arc<Self>, topic: Topic) -> BoxFuture<'static, ()> {
        async move {
            turns(&self.log).await;
            let mut log = lock(&self.log);
            if !self.is_over(&log) {
                log.forget(&topic);
            }
        }
        .boxed()
    }

    fn close(self: Arc<Self>) -> BoxFuture<'static, ()> {
        async move { lock(&self.log).sessions.remove(&self.instance).map_or((), |_| ()) }.boxed()
    }
}
