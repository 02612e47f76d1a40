//! The hub's journal over the store: the one joint between the two.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;

use crate::hub::{
    Boundary, Durability, Event, Hub, HubLimits, Journal, JournalError, Page, PageRequest,
    Recovered, RecoveredTopic, Retention, Writer,
};
use crate::store::{
    JournalBoundary, JournalMeta, JournalRow, JournalTopic, PageLimits, Retain, Store, StoreError,
};

/// How many sequence numbers a durable journal sets aside at a time: after a crash history goes on behind
/// them, so that none is given twice.
const RESERVE: u64 = 65_536;

/// Opens the hub whose history `store` keeps.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn open_hub(
    store: Arc<dyn Store>,
    limits: HubLimits,
    durability: Durability,
) -> Result<(Hub, Writer), StoreError> {
    let found = store.load().await?;
    let reserve = match durability {
        Durability::Durable => RESERVE,
        Durability::Relaxed => 0,
    };
    let head = match found {
        Some(JournalMeta { clean: true, head, .. }) => Some(head),
        // The run that crashed was durable: whatever it acknowledged is here.
        Some(JournalMeta { reserved, .. }) if reserved > 0 => Some(reserved),
        _ => None,
    };
    let meta = |epoch, head: u64| {
        let reserved = if reserve > 0 { head + reserve } else { 0 };
        JournalMeta { epoch, head, reserved, clean: false }
    };
    let meta = match (found, head) {
        (Some(JournalMeta { epoch, .. }), Some(head)) => {
            let meta = meta(epoch, head);
            store.begin(meta).await?;
            meta
        }
        _ => {
            if found.is_some() {
                tracing::warn!("the last run did not end cleanly: history begins anew");
            }
            let meta = meta(rand::random(), 0);
            store.reset(meta).await?;
            meta
        }
    };
    let topics = store.topics().await?;
    let recovered = Recovered {
        epoch: meta.epoch,
        head: meta.head,
        topics: topics.into_iter().filter_map(recovered).collect(),
    };
    let journal = StoreJournal {
        store,
        epoch: meta.epoch,
        durability,
        reserved: AtomicU64::new(meta.reserved),
        is_failing: AtomicBool::new(false),
    };
    Ok(Hub::recover(limits, &recovered, Arc::new(journal), durability))
}

fn recovered(topic: JournalTopic) -> Option<RecoveredTopic> {
    Some(RecoveredTopic {
        topic: topic.topic.parse().ok()?,
        evicted: topic.evicted,
        newest: topic.newest,
        events: usize::try_from(topic.events).ok()?,
        bytes: usize::try_from(topic.bytes).ok()?,
    })
}

#[derive(Debug)]
struct StoreJournal {
    store: Arc<dyn Store>,
    epoch: u32,
    durability: Durability,
    /// No number above this one may be given away before the store knows.
    reserved: AtomicU64,
    /// A failure is told when it begins and when it ends, not at each attempt.
    is_failing: AtomicBool,
}

impl StoreJournal {
    fn note<T>(&self, result: Result<T, StoreError>) -> Result<T, JournalError> {
        let was_failing = self.is_failing.swap(result.is_err(), Ordering::Relaxed);
        match &result {
            Err(error) if !was_failing => {
                let cause = std::error::Error::source(error);
                tracing::error!(%error, cause, "the journal fails");
            }
            Ok(_) if was_failing => tracing::info!("the journal works again"),
            _ => {}
        }
        result.map_err(|_| JournalError)
    }

    async fn keep(&self, events: Vec<Arc<Event>>, head: u64) -> Result<(), JournalError> {
        let reserved = self.reserved.load(Ordering::Relaxed);
        let needed = match self.durability {
            Durability::Relaxed => 0,
            Durability::Durable if head > reserved => head + RESERVE,
            Durability::Durable => reserved,
        };
        if events.is_empty() && needed <= reserved {
            return Ok(());
        }
        let rows: Vec<_> = events.iter().map(|event| row(event)).collect();
        self.note(self.store.append(&rows, head, needed).await)?;
        self.reserved.fetch_max(needed, Ordering::Relaxed);
        Ok(())
    }

    async fn read(&self, ask: PageRequest) -> Result<Page, JournalError> {
        let PageRequest { topics, after, upto, max_events, max_bytes } = ask;
        let topics: Vec<_> = topics.iter().map(ToString::to_string).collect();
        let limits = PageLimits { events: max_events, bytes: max_bytes };
        let rows = self.note(self.store.page(&topics, after, upto, limits).await)?;
        // Less than it may be can also be for its bytes: only nothing at all says that nothing follows.
        let reached = rows.last().map_or(upto, |row| row.seq);
        let events = rows.into_iter().filter_map(|row| self.event(row)).collect();
        Ok(Page { events, reached })
    }

    /// What was an event once still parses; a row that somebody else wrote might not.
    fn event(&self, row: JournalRow) -> Option<Arc<Event>> {
        let id = EventId { epoch: self.epoch, seq: row.seq };
        let (topic, kind): (Topic, EventType) = (row.topic.parse().ok()?, row.kind.parse().ok()?);
        Some(Arc::new(Event::new(id, topic, kind, row.at, row.data)))
    }
}

fn row(event: &Event) -> JournalRow {
    JournalRow {
        seq: event.id.seq,
        topic: event.topic.to_string(),
        kind: event.kind.as_str().to_owned(),
        at: event.at,
        data: event.data.clone(),
    }
}

impl Journal for StoreJournal {
    fn append(
        self: Arc<Self>,
        events: Vec<Arc<Event>>,
        head: u64,
    ) -> BoxFuture<'static, Result<(), JournalError>> {
        async move { self.keep(events, head).await }.boxed()
    }

    fn page(self: Arc<Self>, ask: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>> {
        async move { self.read(ask).await }.boxed()
    }

    fn boundary(
        self: Arc<Self>,
        topic: Topic,
        retention: Retention,
        now: u64,
    ) -> BoxFuture<'static, Result<Option<Boundary>, JournalError>> {
        let age = u64::try_from(retention.age.as_millis()).unwrap_or(u64::MAX);
        let retain = Retain {
            events: retention.events as u64,
            bytes: retention.bytes as u64,
            oldest_at: now.saturating_sub(age),
        };
        async move {
            let found = self.note(self.store.boundary(topic.as_str(), retain).await)?;
            Ok(found.map(|JournalBoundary { seq, events, bytes }| Boundary {
                evicted: seq,
                events: usize::try_from(events).unwrap_or(usize::MAX),
                bytes: usize::try_from(bytes).unwrap_or(usize::MAX),
            }))
        }
        .boxed()
    }

    fn trim(
        self: Arc<Self>,
        topic: Topic,
        evicted: u64,
    ) -> BoxFuture<'static, Result<(), JournalError>> {
        async move { self.note(self.store.trim(topic.as_str(), evicted).await) }.boxed()
    }

    fn end(self: Arc<Self>, head: u64) -> BoxFuture<'static, Result<(), JournalError>> {
        async move { self.note(self.store.end(head).await) }.boxed()
    }
}

#[cfg(test)]
mod model;
#[cfg(test)]
mod tests;
