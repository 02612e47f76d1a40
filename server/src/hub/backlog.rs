//! Events on their way to the journal: bounded in bytes, so that a slow disk slows publishers down and
//! does not cost memory.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tidings_protocol::event::EventId;
use tokio::sync::{Notify, Semaphore, oneshot, watch};

use super::PublishError;
use super::event::Event;
use super::history::Log;
use crate::sync::{Mutex, MutexGuard};

/// Most bytes that wait, in units of a KiB.
const ROOM: usize = 64 << 10;

/// How long a publisher waits for room.
const PATIENCE: Duration = Duration::from_secs(2);

/// Most events of one batch.
const BATCH: usize = 1024;

/// A batch takes no further event once it holds this many bytes.
const BATCH_BYTES: usize = 4 << 20;

/// The queue and its bound.
#[derive(Debug)]
pub(super) struct Backlog {
    queue: Mutex<Queue>,
    room: Semaphore,
    bell: Notify,
    /// Whether the hub has ended.
    closed: watch::Sender<bool>,
}

#[derive(Debug, Default)]
struct Queue {
    entries: VecDeque<(Entry, Room)>,
    /// Whether nobody takes them any more.
    is_over: bool,
}

/// An event that waits for the journal.
#[derive(Debug)]
pub(super) enum Entry {
    /// Subscribers have it.
    Published(Arc<Event>),
    /// Nobody has it before the journal does, and its id is still to be given.
    Waiting(Event, Arc<Log>, oneshot::Sender<Result<EventId, PublishError>>),
}

impl Entry {
    fn bytes(&self) -> usize {
        match self {
            Self::Published(event) => event.data.len(),
            Self::Waiting(event, ..) => event.data.len(),
        }
    }

    /// Tells whoever waits that the hub has ended; the journal never had the event.
    fn refuse(self) {
        if let Self::Waiting(.., done) = self {
            // Whoever no longer waits need not know.
            let _ = done.send(Err(PublishError::Closed));
        }
    }
}

/// Room taken in the backlog, in its units; given back by [`Backlog::release`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Room(usize);

impl Default for Backlog {
    fn default() -> Self {
        let (room, bell) = (Semaphore::new(ROOM), Notify::new());
        Self { queue: Mutex::default(), room, bell, closed: watch::Sender::new(false) }
    }
}

impl Backlog {
    /// Waits for room for an event of so many bytes.
    ///
    /// # Errors
    ///
    /// If there is none in two seconds: the disk does not keep up, or is full. If the hub has ended.
    pub(super) async fn reserve(&self, bytes: usize) -> Result<Room, PublishError> {
        let units = (bytes / 1024 + 1).min(ROOM);
        let permits = u32::try_from(units).unwrap_or(u32::MAX);
        if let Ok(permit) = self.room.try_acquire_many(permits) {
            permit.forget();
            return Ok(Room(units));
        }
        let wait = tokio::time::timeout(PATIENCE, self.room.acquire_many(permits));
        let permit = wait.await.map_err(|_| PublishError::Unavailable)?;
        permit.map_err(|_| PublishError::Closed)?.forget();
        Ok(Room(units))
    }

    /// Gives room back.
    pub(super) fn release(&self, room: Room) {
        self.room.add_permits(room.0);
    }

    /// Adds an event; if nobody takes any, whoever waits for this one is told that the hub has ended.
    pub(super) fn push(&self, entry: Entry, room: Room) {
        let mut queue = self.queue();
        if queue.is_over {
            drop(queue);
            entry.refuse();
            return;
        }
        queue.entries.push_back((entry, room));
        drop(queue);
        self.bell.notify_one();
    }

    /// Notes that the hub has ended: whoever waits for room is told so at once.
    pub(super) fn close(&self) {
        self.room.close();
        self.closed.send_replace(true);
        self.bell.notify_one();
    }

    /// Waits until the hub has ended.
    pub(super) async fn closed(&self) {
        // The sender is here, so that there is nothing to fail.
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// Nobody takes events any more: whoever waits for one is told that the hub has ended.
    pub(super) fn end(&self) {
        self.room.close();
        let mut queue = self.queue();
        queue.is_over = true;
        let left = std::mem::take(&mut queue.entries);
        drop(queue);
        left.into_iter().for_each(|(entry, _)| entry.refuse());
    }

    /// Waits until something may have come, or the hub has ended.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Takes the oldest events, as many as one batch has, and the room they hold.
    pub(super) fn take(&self) -> (Vec<Entry>, Room) {
        let mut queue = self.queue();
        let entries = &mut queue.entries;
        let mut batch = Vec::with_capacity(entries.len().min(BATCH));
        let mut bytes = 0;
        let mut taken = 0;
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some((entry, Room(units))) = entries.pop_front() else { break };
            bytes += entry.bytes();
            taken += units;
            batch.push(entry);
        }
        if entries.is_empty() {
            // A burst must not cost memory for ever.
            entries.shrink_to(BATCH);
        }
        (batch, Room(taken))
    }

    /// A panic elsewhere cannot leave it half changed, so a poisoned lock is used on.
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
