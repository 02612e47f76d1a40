//! The task that brings events to the journal.

use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::event::EventId;
use tokio::sync::oneshot;

use super::backlog::{Backlog, Entry};
use super::event::Event;
use super::history::Log;
use super::journal::{Durability, Journal};
use super::{Hub, PublishError};

/// How long events gather before they are written, where nobody waits for it.
const GATHER: Duration = Duration::from_millis(100);

/// How long the first attempt at a batch that failed is waited for; each further one, twice as long.
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// The longest wait for an attempt.
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Brings a hub's events to its journal. Without it running, publishing to that hub comes to a halt; once it is
/// dropped, publishers are told that the hub has ended.
#[derive(Debug)]
pub struct Writer {
    hub: Hub,
    journal: Arc<dyn Journal>,
    backlog: Arc<Backlog>,
    durability: Durability,
    /// Whether every event so far is in the journal.
    is_whole: bool,
}

/// Whoever waits for an event to be kept.
type Waiting = (Arc<Event>, Arc<Log>, oneshot::Sender<Result<EventId, PublishError>>);

impl Writer {
    pub(super) fn new(
        hub: Hub,
        journal: Arc<dyn Journal>,
        backlog: Arc<Backlog>,
        durability: Durability,
    ) -> Self {
        Self { hub, journal, backlog, durability, is_whole: true }
    }

    /// Runs until the hub is closed and everything it took is written, or cannot be.
    pub async fn run(mut self) {
        loop {
            self.backlog.rung().await;
            self.gather().await;
            // Read before the backlog is: nothing comes after it is set.
            let closed = self.hub.is_closed();
            while self.write().await {}
            if closed {
                break;
            }
        }
        // Of events that were refused some may be in the journal: their numbers are not given again.
        let given = self.hub.next_seq() - 1;
        // A journal that lacks some must not pass for the whole history at the next start.
        if self.is_whole && Arc::clone(&self.journal).end(given).await.is_ok() {
            tracing::debug!("the journal is whole");
        } else {
            tracing::error!(
                "the journal does not end cleanly: history may begin anew at the next start"
            );
        }
    }

    /// Lets more events come, where nobody waits for these.
    async fn gather(&self) {
        if self.durability == Durability::Relaxed && !self.hub.is_closed() {
            tokio::time::sleep(GATHER).await;
        }
    }

    /// Writes one batch. Whether there was one.
    async fn write(&mut self) -> bool {
        let (entries, room) = self.backlog.take();
        if entries.is_empty() {
            return false;
        }
        let mut seq = self.hub.next_seq();
        let mut events = Vec::with_capacity(entries.len());
        let mut waiting: Vec<Waiting> = Vec::new();
        for entry in entries {
            match entry {
                Entry::Published(event) => {
                    seq = event.id.seq;
                    events.push(event);
                }
                // Nobody counts on it: its publisher hung up, or was told that it may not be kept.
                Entry::Waiting(.., done) if done.is_closed() => {}
                Entry::Waiting(mut event, log, done) => {
                    event.id.seq = seq;
                    seq += 1;
                    let event = Arc::new(event);
                    if !log.is_latest_wins() {
                        events.push(Arc::clone(&event));
                    }
                    waiting.push((event, log, done));
                }
            }
        }
        if events.is_empty() && waiting.is_empty() {
            self.backlog.release(room);
            return true;
        }
        let head = waiting.last().map_or(seq, |(event, ..)| event.id.seq);
        match self.durability {
            Durability::Relaxed => self.keep(events, head).await,
            Durability::Durable => match Arc::clone(&self.journal).append(events, head).await {
                Ok(()) => self.commit(waiting, head),
                Err(_) => {
                    // Some of it may be on disk all the same: these numbers are not used again, and count.
                    self.hub.skip_to(head);
                    self.hub.note_kept(head);
                    for (event, log, done) in waiting {
                        log.note_unclear(&event);
                        // Whoever no longer waits need not know.
                        let _ = done.send(Err(PublishError::Unconfirmed));
                    }
                }
            },
        }
        self.backlog.release(room);
        true
    }

    /// Brings events that were acknowledged to the journal, however often it fails: until then they stay in
    /// memory, and the backlog's bound slows publishers down. Once the hub is closed there is one attempt left.
    async fn keep(&mut self, events: Vec<Arc<Event>>, head: u64) {
        let mut wait = FIRST_RETRY;
        while self.is_whole {
            let is_last = self.hub.is_closed();
            if Arc::clone(&self.journal).append(events.clone(), head).await.is_ok() {
                self.hub.note_kept(head);
                return;
            }
            self.is_whole = !is_last;
            tokio::select! {
                () = self.backlog.closed() => {}
                () = tokio::time::sleep(wait) => {}
            }
            wait = (wait * 2).min(LAST_RETRY);
        }
    }

    /// Makes what is kept readable, and tells its publishers.
    fn commit(&self, waiting: Vec<Waiting>, head: u64) {
        self.hub.note_kept(head);
        self.hub.commit(&waiting, head);
        for (event, _, done) in waiting {
            // Whoever no longer waits need not know.
            let _ = done.send(Ok(event.id));
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.backlog.end();
    }
}
