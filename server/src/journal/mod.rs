//! The hub's journal over the store: the one joint between the two.

mod health;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;

use crate::hub::{
    Boundary, Durability, Event, Hub, HubLimits, Journal, JournalError, Keeper, Page, PageRequest,
    Pages, Recovered, RecoveredTopic, Retention, Writer,
};
use crate::store::{
    JournalCut, JournalMeta, JournalRow, JournalTopic, PageLimits, Retain, Store, StoreError,
};
use health::{Health, WriteHealth};

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
) -> Result<(Hub, Writer, Keeper), StoreError> {
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
    let (topics, strange): (Vec<_>, Vec<_>) =
        store.topics().await?.into_iter().partition(|topic| topic.topic.parse::<Topic>().is_ok());
    forget(&*store, strange).await?;
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
        is_unclear: AtomicBool::new(false),
        reads: Health::of_reading(),
        writes: WriteHealth::new(),
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

/// Trims away what no topic of this release is called by: nobody could read it, and it would stay for ever.
async fn forget(store: &dyn Store, topics: Vec<JournalTopic>) -> Result<(), StoreError> {
    let mut cuts = Vec::new();
    for JournalTopic { topic, newest, events, .. } in topics {
        if events > 0 {
            tracing::warn!(?topic, events, "history holds a topic that cannot be; it is removed");
            cuts.push(JournalCut { topic, evicted: newest });
        }
    }
    store.trim(&cuts).await
}

#[derive(Debug)]
struct StoreJournal {
    store: Arc<dyn Store>,
    epoch: u32,
    durability: Durability,
    /// No number above this one may be given away before the store knows.
    reserved: AtomicU64,
    /// Whether the last append failed, and may be in the store all the same.
    is_unclear: AtomicBool,
    reads: Health,
    writes: WriteHealth,
}

impl StoreJournal {
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
        let _writing = self.writes.begin();
        let mut rows: Vec<_> = events.iter().map(|event| row(event)).collect();
        if self.is_unclear.load(Ordering::Relaxed) {
            // An append moves the head with its events: what is up to there need not be added again.
            let found = self.writes.note_aside(self.store.load().await)?;
            let stored = found.map_or(0, |found| found.head);
            rows.retain(|row| row.seq > stored);
        }
        // Also if it is dropped halfway.
        self.is_unclear.store(true, Ordering::Relaxed);
        self.writes.note(self.store.append(&rows, head, needed).await)?;
        self.is_unclear.store(false, Ordering::Relaxed);
        self.reserved.fetch_max(needed, Ordering::Relaxed);
        Ok(())
    }

    async fn read(&self, ask: PageRequest) -> Result<Page, JournalError> {
        let PageRequest { topics, after, upto, max_events, max_bytes, .. } = ask;
        let topics: Vec<_> = topics.iter().map(Topic::as_str).collect();
        let limits = PageLimits { events: max_events, bytes: max_bytes };
        let rows = self.reads.note(self.store.page(&topics, after, upto, limits).await)?;
        // Less than it may be can also be for its bytes: only nothing at all says that nothing follows.
        let reached = rows.last().map_or(upto, |row| row.seq);
        let events = rows.into_iter().filter_map(|row| self.event(row)).collect();
        Ok(Page { events, reached, evicted: Vec::new() })
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

/// What was taken before this time is older than `age`.
fn oldest_at(age: Duration, now: u64) -> u64 {
    now.saturating_sub(u64::try_from(age.as_millis()).unwrap_or(u64::MAX))
}

impl Pages for StoreJournal {
    fn page(self: Arc<Self>, ask: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>> {
        async move { self.read(ask).await }.boxed()
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

    fn aged(
        self: Arc<Self>,
        age: Duration,
        now: u64,
    ) -> BoxFuture<'static, Result<Vec<Topic>, JournalError>> {
        async move {
            let topics = self.reads.note(self.store.aged(oldest_at(age, now)).await)?;
            Ok(topics.iter().filter_map(|topic| topic.parse().ok()).collect())
        }
        .boxed()
    }

    fn boundary(
        self: Arc<Self>,
        topic: Topic,
        upto: u64,
        retention: Retention,
        now: u64,
    ) -> BoxFuture<'static, Result<Boundary, JournalError>> {
        let retain = Retain {
            events: retention.events as u64,
            bytes: retention.bytes as u64,
            oldest_at: oldest_at(retention.age, now),
        };
        async move {
            let found = self.reads.note(self.store.boundary(topic.as_str(), upto, retain).await)?;
            Ok(Boundary {
                evicted: found.seq,
                events: usize::try_from(found.events).unwrap_or(usize::MAX),
                bytes: usize::try_from(found.bytes).unwrap_or(usize::MAX),
            })
        }
        .boxed()
    }

    fn trim(
        self: Arc<Self>,
        cuts: Vec<(Topic, u64)>,
    ) -> BoxFuture<'static, Result<(), JournalError>> {
        let cut = |(topic, evicted): (Topic, u64)| JournalCut { topic: topic.to_string(), evicted };
        let cuts: Vec<_> = cuts.into_iter().map(cut).collect();
        async move { self.writes.note_aside(self.store.trim(&cuts).await) }.boxed()
    }

    fn check(self: Arc<Self>) -> BoxFuture<'static, Result<(), JournalError>> {
        async move { self.writes.check(self.store.probe()).await }.boxed()
    }

    fn end(self: Arc<Self>, head: u64) -> BoxFuture<'static, Result<(), JournalError>> {
        async move { self.writes.note(self.store.end(head).await) }.boxed()
    }
}

#[cfg(test)]
pub(crate) mod model;
#[cfg(test)]
mod tests;
