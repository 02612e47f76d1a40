//! The hub: takes events, gives each its place in one total order, and lets any number of subscribers
//! read them.
//!
//! - An event is held once, in its topic's `history`; a [`Subscription`] holds cursors into these
//!   logs and no queue of its own, so a slow subscriber costs a fixed number of bytes.
//! - Publishing appends to one log and wakes that topic's readers, those of other threads by way of their
//!   [`Lane`]. It never waits for one of them.
//! - A reader goes no further than the newest *committed* sequence number, which is stored after the
//!   event is in its log. That is what keeps one order across topics without a lock on the reading side.
//! - What a reader can no longer get is told to it as a gap, in its place in the order.
//! - A hub on a [`Bus`] shares its log with other instances; see `bus`.
//! - A hub with a [`Journal`] keeps its history across a restart, and lets readers go back further than
//!   memory does. Where it is durable, an event is committed only once the journal has it.

mod backlog;
mod bus;
mod cursors;
mod era;
mod error;
mod event;
mod forget;
mod history;
mod item;
mod journal;
mod keeper;
mod lane;
mod limits;
mod memory;
mod readers;
mod registry;
mod replay;
mod retention;
mod signal;
mod subscription;
mod writer;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::{Selector, Topic};
use tokio::sync::oneshot;

pub use bus::{Batch, Bus, BusError, Follower, Opened, Outgoing, Refusal, Session, Standing};
pub use error::PublishError;
pub use event::{Event, FORMS};
pub use item::Item;
pub use journal::{
    Boundary, Durability, Journal, JournalError, Page, PageRequest, Pages, Recovered,
    RecoveredTopic,
};
pub use keeper::Keeper;
pub use lane::Lane;
pub use limits::HubLimits;
pub use retention::Retention;
pub use subscription::{Start, Subscription};
pub use writer::Writer;

use crate::clock;
use crate::sync::{AtomicBool, Mutex, MutexGuard};
use backlog::{Backlog, Entry, Room};
use bus::Line;
use era::Era;
use history::{Depth, Log};
use limits::Bounds;

use registry::Registry;
use signal::Signal;

/// How long a publisher waits until its event is kept.
const PATIENCE: Duration = Duration::from_secs(10);

/// A hub; clones are the same hub.
#[derive(Clone, Debug)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bounds: Bounds,
    /// The only one, unless there is a bus: then the [`Line`] has the one there is now.
    era: Era,
    closed: AtomicBool,
    /// Time over which subscribers are to leave, once that is so.
    drain: OnceLock<Duration>,
    past: Past,
    /// Held while an event is placed, and while a subscriber joins or leaves.
    registry: Mutex<Registry>,
}

/// Where history lies besides memory.
#[derive(Debug)]
enum Past {
    Nowhere,
    Journal(Keeping),
    Bus(Arc<Line>),
}

/// The hub's end of its journal.
#[derive(Debug)]
struct Keeping {
    journal: Arc<dyn Journal>,
    backlog: Arc<Backlog>,
    durability: Durability,
}

impl Hub {
    /// An empty hub with a new epoch, and memory alone.
    #[must_use]
    pub fn new(limits: HubLimits) -> Self {
        Self::with_epoch(limits, rand::random())
    }

    fn with_epoch(limits: HubLimits, epoch: u32) -> Self {
        let recovered = Recovered { epoch, ..Recovered::default() };
        Self::build(limits.bounds(Depth::Memory), &recovered, Past::Nowhere)
    }

    /// A hub that goes on where the journal ends. Nothing is published before the [`Writer`] runs; history grows
    /// unless the [`Keeper`] does.
    #[must_use]
    pub fn recover(
        limits: HubLimits,
        recovered: &Recovered,
        journal: Arc<dyn Journal>,
        durability: Durability,
    ) -> (Self, Writer, Keeper) {
        let backlog = Arc::new(Backlog::default());
        let keeping =
            Keeping { journal: Arc::clone(&journal), backlog: Arc::clone(&backlog), durability };
        let hub = Self::build(limits.bounds(Depth::Journal), recovered, Past::Journal(keeping));
        let keeper = Keeper::new(hub.clone(), Arc::clone(&journal), Arc::clone(&backlog));
        let writer = Writer::new(hub.clone(), journal, backlog, durability);
        (hub, writer, keeper)
    }

    fn build(bounds: Bounds, recovered: &Recovered, past: Past) -> Self {
        let mut registry = Registry::default();
        for topic in &recovered.topics {
            registry.add(Arc::new(Log::recovered(topic, &bounds)));
        }
        Self(Arc::new(Inner {
            bounds,
            era: Era::new(recovered.epoch, recovered.head),
            closed: AtomicBool::new(false),
            drain: OnceLock::new(),
            past,
            registry: Mutex::new(registry),
        }))
    }

    /// Takes an event. `data` must be a JSON text; the hub does not look into it. Done once the event can be
    /// read, and, where the journal is durable, is kept; on a bus, once it is in the log, and can be read a moment later. An event whose publisher stops waiting may be taken
    /// all the same.
    ///
    /// # Errors
    ///
    /// If the topic is one too many, the journal does not keep up, the bus is away, or the hub has ended. If a durable
    /// journal or the bus does not say whether it has the event: [`PublishError::Unconfirmed`].
    pub async fn publish(
        &self,
        topic: &Topic,
        kind: EventType,
        data: Bytes,
    ) -> Result<EventId, PublishError> {
        // What comes in may be a slice of a buffer that is many times as large, and history would hold all of it.
        let data = Bytes::copy_from_slice(&data);
        match &self.0.past {
            Past::Bus(line) => self.publish_by(line, topic, kind, data).await,
            Past::Journal(keeping) if keeping.durability == Durability::Durable => {
                self.publish_durably(keeping, topic, kind, data).await
            }
            // What wins by being the latest is not worth keeping.
            Past::Journal(keeping) if !topic.is_latest_wins() => {
                let room = keeping.backlog.reserve(data.len()).await?;
                self.place(topic, kind, data, Some((keeping, room)))
                    .inspect_err(|_| keeping.backlog.release(room))
            }
            _ => self.place(topic, kind, data, None),
        }
    }

    /// Puts an event where it can be read at once.
    fn place(
        &self,
        topic: &Topic,
        kind: EventType,
        data: Bytes,
        keep: Option<(&Keeping, Room)>,
    ) -> Result<EventId, PublishError> {
        let mut registry = self.registry();
        if self.is_closed() {
            return Err(PublishError::Closed);
        }
        let log = registry.log_or_new(topic, &self.0.bounds)?;
        let era = &self.0.era;
        let id = EventId { epoch: era.epoch, seq: era.next_seq() };
        let event = Arc::new(Event::new(id, topic.clone(), kind, clock::now_ms(), data));
        if let Some((keeping, room)) = keep {
            // Under the lock: the journal wants events in their order.
            keeping.backlog.push(Entry::Published(Arc::clone(&event)), room);
        }
        registry.push(&log, event, era.kept());
        // The head is still the one before: what has just come, its readers are to find in memory.
        self.make_room(&mut registry, era.head().seq);
        log.readers.note();
        era.skip_to(id.seq);
        era.commit(id.seq);
        drop(registry);
        log.readers.wake(&log);
        Ok(id)
    }

    /// Hands an event to the journal's task, which gives it its number, and waits until it is kept.
    async fn publish_durably(
        &self,
        keeping: &Keeping,
        topic: &Topic,
        kind: EventType,
        data: Bytes,
    ) -> Result<EventId, PublishError> {
        let room = keeping.backlog.reserve(data.len()).await?;
        let (done, is_done) = oneshot::channel();
        {
            let mut registry = self.registry();
            let log = if self.is_closed() {
                Err(PublishError::Closed)
            } else {
                registry.log_or_new(topic, &self.0.bounds)
            };
            let log = log.inspect_err(|_| keeping.backlog.release(room))?;
            let id = EventId { seq: 0, ..self.head() };
            let event = Event::new(id, topic.clone(), kind, clock::now_ms(), data);
            keeping.backlog.push(Entry::Waiting(event, log, done), room);
        }
        let told = tokio::time::timeout(PATIENCE, is_done).await;
        // No word at all means that the journal may have it: what never came so far is told so.
        told.ok().and_then(Result::ok).unwrap_or(Err(PublishError::Unconfirmed))
    }

    /// Makes events readable that the journal has.
    fn commit(&self, events: &[(Arc<Event>, Arc<Log>, impl Sized)], head: u64) {
        let mut logs = HashMap::new();
        {
            let mut registry = self.registry();
            for (event, log, _) in events {
                // It may have been forgotten since.
                let log = match log.is_latest_wins() {
                    true => registry.log_of(&log.topic, &self.0.bounds),
                    false => Arc::clone(log),
                };
                registry.push(&log, Arc::clone(event), head);
                logs.insert(Arc::as_ptr(&log), log);
            }
            self.make_room(&mut registry, self.0.era.head().seq);
            logs.values().for_each(|log| log.readers.note());
            self.skip_to(head);
            self.0.era.commit(head);
        }
        logs.values().for_each(|log| log.readers.wake(log));
    }

    /// Makes a topic, even if there are as many as there may be: what the server itself publishes must not depend
    /// on how many names others use up.
    pub fn reserve(&self, topic: &Topic) {
        self.registry().reserve(topic, &self.0.bounds);
    }

    /// Joins the topics that `selectors` match, those that come to be later included. Whoever publishes wakes it.
    #[must_use]
    pub fn subscribe(&self, selectors: Vec<Selector>, start: Start) -> Subscription {
        self.subscribe_in(None, selectors, start)
    }

    /// As [`subscribe`](Self::subscribe), but woken by its lane, where it has one.
    #[must_use]
    pub fn subscribe_in(
        &self,
        lane: Option<&Lane>,
        selectors: Vec<Selector>,
        start: Start,
    ) -> Subscription {
        self.subscribe_to(lane, selectors.into(), start)
    }

    fn subscribe_to(
        &self,
        lane: Option<&Lane>,
        selectors: Arc<[Selector]>,
        start: Start,
    ) -> Subscription {
        let signal = Arc::new(Signal::new(lane.cloned()));
        let mut registry = self.registry();
        let joined = registry.join(Arc::clone(&selectors), Arc::clone(&signal));
        // Under the registry's lock nothing is published, so logs and head agree.
        Subscription::new(self.clone(), &selectors, signal, joined, start)
    }

    /// Id of the newest event.
    #[must_use]
    pub fn head(&self) -> EventId {
        match self.line() {
            None => self.0.era.head(),
            Some(line) => line.era().head(),
        }
    }

    /// How many subscriptions there are.
    #[must_use]
    pub fn subscribers(&self) -> usize {
        self.registry().subscribers()
    }

    /// How many topics subscriptions have joined, each of each counted.
    #[must_use]
    pub fn readers(&self) -> usize {
        self.registry().logs().map(|log| log.readers.len()).sum()
    }

    /// Lets go of events that are past their age, and of the topics of jobs that have been silent for an hour. Where there
    /// is a journal, the [`Keeper`] does.
    pub fn sweep(&self) {
        let now = clock::now_ms();
        let logs = self.all_logs();
        logs.iter().for_each(|log| log.sweep(now, self.kept()));
        self.forget_silent(&logs, now);
        self.make_all_room();
    }

    /// Tells every subscriber to leave within `window`; events go on meanwhile.
    pub fn drain(&self, window: Duration) {
        // Told once: the first window stands.
        let _ = self.0.drain.set(window);
        self.wake_all();
    }

    /// Takes no more events; every subscription ends once it has read what is in memory, and the writer once
    /// everything is written.
    pub fn close(&self) {
        {
            // Not while an event is being placed.
            let _registry = self.registry();
            self.0.closed.store(true, Ordering::Release);
        }
        self.wake_all();
        match &self.0.past {
            Past::Nowhere => {}
            Past::Journal(keeping) => keeping.backlog.close(),
            Past::Bus(line) => line.close(),
        }
    }

    fn wake_all(&self) {
        for signal in self.registry().signals() {
            signal.wake();
        }
    }

    fn is_closed(&self) -> bool {
        self.0.closed.load(Ordering::Acquire)
    }

    fn journal(&self) -> Option<&Arc<dyn Journal>> {
        match &self.0.past {
            Past::Journal(keeping) => Some(&keeping.journal),
            Past::Nowhere | Past::Bus(_) => None,
        }
    }

    /// Where what has left memory is read.
    fn pages(&self) -> Option<Arc<dyn Pages>> {
        match &self.0.past {
            Past::Nowhere => None,
            Past::Journal(keeping) => Some(Arc::clone(&keeping.journal) as Arc<dyn Pages>),
            Past::Bus(line) => Some(Arc::clone(line) as Arc<dyn Pages>),
        }
    }

    fn all_logs(&self) -> Vec<Arc<Log>> {
        self.registry().logs().cloned().collect()
    }

    /// A panic elsewhere cannot leave the registry half changed, so a poisoned lock is used on.
    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.0.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
