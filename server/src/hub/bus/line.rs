//! The hub's end of its bus: publishers, pages, and whether it is there.

mod looks;

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use slab::Slab;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;
use tokio::sync::{Semaphore, SemaphorePermit, oneshot, watch};
use tokio::time::{Instant, timeout_at};

use super::{Outgoing, Refusal, Session};
use crate::hub::PublishError;
use crate::hub::era::Era;
use crate::hub::journal::{JournalError, Page, PageRequest, Pages};
use crate::hub::signal::Signal;
use crate::sync::{AtomicBool, AtomicU64, Mutex, MutexGuard, RwLock};

/// How long a publisher waits in all.
const PATIENCE: Duration = Duration::from_millis(1_800);

/// Most bytes on their way, in units of a KiB.
const ROOM: usize = 64 << 10;

/// Largest payload of what wins by being the latest: of each topic there is one in all instances, and thousands pass by.
const MOST_LATEST: usize = 64 << 10;

/// In how many sessions a page is asked for.
const ATTEMPTS: usize = 3;

/// A session that is in use.
#[derive(Clone, Debug)]
pub(super) struct Live {
    pub(super) session: Arc<dyn Session>,
    /// Which one it is: they are numbered.
    pub(super) number: u64,
    /// Where its log stood when it began.
    pub(super) began: EventId,
}

/// The hub's end of its bus.
#[derive(Debug)]
pub(in crate::hub) struct Line {
    /// The history there is now; changed under the registry's lock.
    era: RwLock<Arc<Era>>,
    live: watch::Sender<Option<Live>>,
    /// How far the log was read, for publishers whose session ended.
    read: watch::Sender<EventId>,
    closed: watch::Sender<bool>,
    /// The newest session that somebody found to have ended.
    broken: watch::Sender<u64>,
    room: Semaphore,
    /// Publishers that wait, by nonce.
    waiting: Mutex<HashMap<u64, oneshot::Sender<EventId>>>,
    nonce: AtomicU64,
    /// How often events may have left the log before they were read.
    misses: AtomicU64,
    /// Since when the bus is away, in ms since the epoch; 0 while it is there.
    away: AtomicU64,
    /// Since when it is there and takes no events, likewise.
    refusing: AtomicU64,
    /// The number of the look at the log's end that began last, and of the last one that found it.
    began: AtomicU64,
    looked: AtomicU64,
    /// Subscriptions that wait for a look, and whether one has come since the last began.
    ahead: Mutex<Slab<Arc<Signal>>>,
    is_wanted: AtomicBool,
}

impl Line {
    pub(in crate::hub) fn new(head: EventId) -> Self {
        Self {
            era: RwLock::new(Arc::new(Era::new(head.epoch, head.seq))),
            live: watch::Sender::new(None),
            read: watch::Sender::new(head),
            closed: watch::Sender::new(false),
            broken: watch::Sender::new(0),
            room: Semaphore::new(ROOM),
            waiting: Mutex::default(),
            nonce: AtomicU64::new(0),
            misses: AtomicU64::new(0),
            away: AtomicU64::new(0),
            refusing: AtomicU64::new(0),
            began: AtomicU64::new(0),
            looked: AtomicU64::new(0),
            ahead: Mutex::default(),
            is_wanted: AtomicBool::new(false),
        }
    }

    pub(in crate::hub) fn era(&self) -> Arc<Era> {
        Arc::clone(&self.era.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins another history; the last one, which is to be ended.
    pub(super) fn begin_era(&self, new: Era) -> Arc<Era> {
        let mut era = self.era.write().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *era, Arc::new(new))
    }

    /// Brings an event into the log.
    pub(in crate::hub) async fn publish(
        &self,
        topic: &Topic,
        kind: EventType,
        data: Bytes,
        is_reserved: bool,
    ) -> Result<EventId, PublishError> {
        if topic.is_latest_wins() && data.len() > MOST_LATEST {
            return Err(PublishError::TooLarge(MOST_LATEST));
        }
        if topic.is_latest_wins() && self.away.load(Ordering::Acquire) > 0 {
            // The next one says more than this one would by then. Whoever has no next one has to try again.
            return Err(PublishError::Unavailable);
        }
        let until = Instant::now() + PATIENCE;
        let _room = self.reserve(data.len(), until).await?;
        let (waiting, mut seen) = self.wait();
        let misses = self.misses.load(Ordering::Acquire);
        let (topic, is_latest) = (topic.clone(), topic.is_latest_wins());
        let event = Outgoing { topic, kind, data, nonce: waiting.nonce, is_reserved };
        // The session it was last sent in, if it may be in the log by that.
        let (mut last, mut sent) = (0, None::<u32>);
        loop {
            let unless = |sent: Option<u32>| match sent {
                Some(_) => PublishError::Unconfirmed,
                None => PublishError::Unavailable,
            };
            let next = tokio::select! {
                biased;
                id = &mut seen => return id.map_err(|_| PublishError::Unconfirmed),
                live = self.next_live(last, until) => live,
            };
            let live = match next {
                Ok(Some(live)) => live,
                Ok(None) if sent.is_none() => return Err(PublishError::Closed),
                Ok(None) | Err(_) => return Err(unless(sent)),
            };
            last = live.number;
            if let Some(epoch) = sent {
                match self.find(epoch, &live, &mut seen, until).await {
                    Found::Here(id) => return Ok(id),
                    // It may have been there, and be pushed out by a newer one. Sent again it would pass for the newest:
                    // its publisher knows what is.
                    Found::Nowhere if is_latest => return Err(PublishError::Unconfirmed),
                    // What has left the log unread may have been this one.
                    Found::Nowhere if self.misses.load(Ordering::Acquire) == misses => sent = None,
                    Found::Nowhere => return Err(PublishError::Unconfirmed),
                    Found::Unclear => return Err(PublishError::Unconfirmed),
                }
            }
            let answer = tokio::select! {
                biased;
                answer = timeout_at(until, Arc::clone(&live.session).publish(event.clone())) => answer,
                id = &mut seen => return id.map_err(|_| PublishError::Unconfirmed),
            };
            match answer {
                Ok(Ok(id)) => {
                    self.note_given(id);
                    if self.live.borrow().as_ref().is_some_and(|now| now.number == live.number) {
                        return Ok(id);
                    }
                    // The session has ended since, and the next one may not have known of this when it began.
                    sent = Some(live.began.epoch);
                }
                Ok(Err(Refusal::Refused(error))) => return Err(error),
                Ok(Err(Refusal::Ended)) => self.note_broken(live.number),
                Ok(Err(Refusal::Unclear)) => {
                    sent = Some(live.began.epoch);
                    self.note_broken(live.number);
                }
                Err(_) => return Err(PublishError::Unconfirmed),
            }
        }
    }

    /// Has a topic's newest event go from the log, if the bus is there.
    pub(in crate::hub) async fn forget(&self, topic: &Topic) {
        let live = self.live.borrow().clone();
        if let Some(live) = live {
            // Nobody waits for long: what stays goes with its age.
            let forgotten = live.session.forget(topic.clone());
            let _ = timeout_at(Instant::now() + PATIENCE, forgotten).await;
        }
    }

    /// Notes what a publisher is about to be told.
    fn note_given(&self, id: EventId) {
        let era = self.era();
        if era.epoch == id.epoch {
            era.note_given(id.seq);
        }
    }

    /// Whether an event that was sent in an earlier session is in the log: it is before the place where this one
    /// began, or nowhere.
    async fn find(
        &self,
        epoch: u32,
        live: &Live,
        seen: &mut oneshot::Receiver<EventId>,
        until: Instant,
    ) -> Found {
        if live.began.epoch != epoch {
            return Found::Unclear;
        }
        let mut read = self.read.subscribe();
        let is_past = |read: &EventId| read.epoch != epoch || read.seq >= live.began.seq;
        let reached = timeout_at(until, read.wait_for(is_past)).await;
        if let Ok(id) = seen.try_recv() {
            return Found::Here(id);
        }
        match reached {
            Ok(Ok(read)) if read.epoch == epoch => Found::Nowhere,
            _ => Found::Unclear,
        }
    }

    /// The first session behind this one; none if the hub has ended.
    async fn next_live(
        &self,
        last: u64,
        until: Instant,
    ) -> Result<Option<Live>, tokio::time::error::Elapsed> {
        let mut live = self.live.subscribe();
        let is_next = |live: &Option<Live>| live.as_ref().is_some_and(|live| live.number > last);
        timeout_at(until, async {
            tokio::select! {
                biased;
                () = self.closed() => None,
                // The sender is here, so that there is nothing to fail.
                live = live.wait_for(is_next) => live.ok().and_then(|live| live.clone()),
            }
        })
        .await
    }

    async fn reserve(
        &self,
        bytes: usize,
        until: Instant,
    ) -> Result<SemaphorePermit<'_>, PublishError> {
        let units = u32::try_from((bytes / 1024 + 1).min(ROOM)).unwrap_or(u32::MAX);
        let permit = timeout_at(until, self.room.acquire_many(units)).await;
        permit.map_err(|_| PublishError::Unavailable)?.map_err(|_| PublishError::Closed)
    }

    /// A nonce, and what tells that its event was read from the log.
    fn wait(&self) -> (Waiting<'_>, oneshot::Receiver<EventId>) {
        let nonce = self.nonce.fetch_add(1, Ordering::Relaxed);
        let (sender, receiver) = oneshot::channel();
        self.waiting().insert(nonce, sender);
        (Waiting { line: self, nonce }, receiver)
    }

    /// An event of this instance was read from the log.
    pub(super) fn note(&self, nonce: u64, id: EventId) {
        if let Some(waiting) = self.waiting().remove(&nonce) {
            // Whoever no longer waits need not know.
            let _ = waiting.send(id);
        }
    }

    /// Events may have left the log before they were read.
    pub(super) fn note_miss(&self) {
        self.misses.fetch_add(1, Ordering::AcqRel);
    }

    /// Everything up to here was read.
    pub(super) fn note_read(&self, head: EventId) {
        self.read.send_replace(head);
    }

    /// Somebody found this session to have ended.
    fn note_broken(&self, number: u64) {
        self.broken.send_if_modified(|last| {
            let is_news = *last < number;
            *last = number.max(*last);
            is_news
        });
    }

    /// Waits until this session is found to have ended.
    pub(super) async fn broken(&self, number: u64) {
        // The sender is here, so that there is nothing to fail.
        let _ = self.broken.subscribe().wait_for(|last| *last >= number).await;
    }

    pub(super) fn take_live(&self) -> Option<Live> {
        self.live.send_replace(None)
    }

    pub(super) fn set_live(&self, live: Option<Live>) {
        self.live.send_replace(live);
    }

    /// Since when the bus is away or takes no events, in ms since the epoch.
    pub(in crate::hub) fn away_since(&self) -> Option<u64> {
        let since = [&self.away, &self.refusing].map(|since| since.load(Ordering::Acquire));
        since.into_iter().filter(|since| *since > 0).min()
    }

    /// Whether that is news.
    pub(super) fn set_away(&self, since: Option<u64>) -> bool {
        set(&self.away, since)
    }

    /// Whether that is news.
    pub(super) fn set_refusing(&self, since: Option<u64>) -> bool {
        set(&self.refusing, since)
    }

    /// No more events are taken.
    pub(in crate::hub) fn close(&self) {
        self.room.close();
        self.closed.send_replace(true);
    }

    pub(super) async fn closed(&self) {
        // The sender is here, so that there is nothing to fail.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// A panic elsewhere cannot leave it half changed, so a poisoned lock is used on.
    fn waiting(&self) -> MutexGuard<'_, HashMap<u64, oneshot::Sender<EventId>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A page, as soon as the bus is there: what is away for a while is not lost.
    async fn page_when_there(&self, ask: PageRequest) -> Result<Page, JournalError> {
        let mut live = self.live.subscribe();
        let mut last = 0;
        for _ in 0..ATTEMPTS {
            let next = live.wait_for(|live| live.as_ref().is_some_and(|live| live.number > last));
            let live =
                next.await.ok().and_then(|live| live.clone()).ok_or(JournalError::Unreachable)?;
            if live.began.epoch != ask.epoch {
                break;
            }
            last = live.number;
            let page = Arc::clone(&live.session).page(ask.clone()).await;
            match page {
                Ok(page) => return Ok(page),
                // It is in the log all the same: whoever waits for it asks again.
                Err(JournalError::Failed) => break,
                Err(JournalError::Unreachable) => self.note_broken(live.number),
            }
        }
        Err(JournalError::Unreachable)
    }
}

impl Pages for Line {
    fn page(self: Arc<Self>, ask: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>> {
        async move { self.page_when_there(ask).await }.boxed()
    }
}

/// Notes since when something is so, or that it is no longer. Whether that is news.
fn set(noted: &AtomicU64, since: Option<u64>) -> bool {
    match since {
        // The first moment counts.
        Some(since) => {
            noted.compare_exchange(0, since.max(1), Ordering::AcqRel, Ordering::Acquire).is_ok()
        }
        None => noted.swap(0, Ordering::AcqRel) > 0,
    }
}

/// What became of an event that was sent in an earlier session.
enum Found {
    Here(EventId),
    Nowhere,
    Unclear,
}

/// A publisher that waits.
struct Waiting<'a> {
    line: &'a Line,
    nonce: u64,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.line.waiting().remove(&self.nonce);
    }
}
