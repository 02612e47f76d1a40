//! Events on their way to the journal: bounded in bytes, so that a slow disk slows publishers down and
//! does not cost memory.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use tidings_protocol::event::EventId;
use tokio::sync::{Notify, Semaphore, oneshot};

use super::PublishError;
use super::event::Event;
use super::history::Log;
use crate::sync::Mutex;

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
    queue: Mutex<VecDeque<(Entry, Room)>>,
    room: Semaphore,
    bell: Notify,
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
}

/// Room taken in the backlog, in its units; given back by [`Backlog::release`].
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Room(usize);

impl Default for Backlog {
    fn default() -> Self {
        Self { queue: Mutex::default(), room: Semaphore::new(ROOM), bell: Notify::new() }
    }
}

impl Backlog {
    /// Waits for room for an event of so many bytes.
    ///
    /// # Errors
    ///
    /// If there is none in two seconds: the disk does not keep up, or is full.
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

    pub(super) fn push(&self, entry: Entry, room: Room) {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner).push_back((entry, room));
        self.bell.notify_one();
    }

    pub(super) fn ring(&self) {
        self.bell.notify_one();
    }

    /// Waits until something may have come, or the bell was rung for another reason.
    pub(super) async fn rung(&self) {
        self.bell.notified().await;
    }

    /// Takes the oldest events, as many as one batch has, and the room they hold.
    pub(super) fn take(&self) -> (Vec<Entry>, Room) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let mut batch = Vec::with_capacity(queue.len().min(BATCH));
        let mut bytes = 0;
        let mut taken = 0;
        while batch.len() < BATCH && bytes < BATCH_BYTES {
            let Some((entry, Room(units))) = queue.pop_front() else { break };
            bytes += entry.bytes();
            taken += units;
            batch.push(entry);
        }
        if queue.is_empty() {
            // A burst must not cost memory for ever.
            queue.shrink_to(BATCH);
        }
        (batch, Room(taken))
    }
}
