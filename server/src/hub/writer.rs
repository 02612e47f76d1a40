//! The task that brings events to the journal, and has it let go of what history no longer holds.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::event::EventId;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior};

use super::backlog::{Backlog, Entry};
use super::event::Event;
use super::history::{Chore, Log};
use super::journal::{Durability, Journal, JournalError};
use super::{Hub, PublishError};
use crate::clock;

/// How long events gather before they are written, where nobody waits for it.
const GATHER: Duration = Duration::from_millis(100);

/// Time between two looks at what the journal can let go of.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// Time between two looks at the age of what only the journal holds.
const AGE_EVERY: Duration = Duration::from_secs(60);

/// Brings a hub's events to its journal. Without it running, publishing to that hub comes to a halt.
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

    /// Runs until the hub is closed and everything it took is written.
    pub async fn run(mut self) {
        let mut ticks = tokio::time::interval(TRIM_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut aged = Instant::now();
        loop {
            tokio::select! {
                // The clock first: it is seldom due, and events may come without end.
                biased;
                _ = ticks.tick() => {
                    let also_age = aged.elapsed() >= AGE_EVERY;
                    if also_age {
                        aged = Instant::now();
                    }
                    self.trim(also_age).await;
                }
                () = self.backlog.rung() => self.gather().await,
            }
            // Read before the backlog is: nothing comes after it is set.
            let closed = self.hub.is_closed();
            while self.write().await {}
            if closed {
                break;
            }
        }
        // A journal with a hole must not pass for the whole history at the next start. Of events that were
        // refused some may be in it: their numbers are not given again.
        let given = self.hub.next_seq() - 1;
        if self.is_whole && self.journal.end(given).await.is_ok() {
            tracing::debug!("the journal is whole");
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
        let head = waiting.last().map_or(seq, |(event, ..)| event.id.seq);
        let published = match self.durability {
            Durability::Relaxed => events.clone(),
            Durability::Durable => Vec::new(),
        };
        let kept = Arc::clone(&self.journal).append(events, head).await;
        match (self.durability, kept) {
            (Durability::Durable, Ok(())) => self.commit(waiting, head),
            (Durability::Durable, Err(JournalError)) => {
                // Some of it may be on disk all the same: these numbers are not used again.
                self.hub.skip_to(head);
                for (.., done) in waiting {
                    // Whoever no longer waits need not know.
                    let _ = done.send(Err(PublishError::Unavailable));
                }
            }
            (Durability::Relaxed, Ok(())) => self.hub.note_kept(head),
            (Durability::Relaxed, Err(JournalError)) => {
                self.is_whole = false;
                // Before they may leave memory.
                self.hub.note_hole(&published);
                self.hub.note_kept(head);
            }
        }
        self.backlog.release(room);
        true
    }

    /// Makes what is kept readable, and tells its publishers.
    fn commit(&self, waiting: Vec<Waiting>, head: u64) {
        self.hub.note_kept(head);
        let mut logs: HashMap<*const Log, Arc<Log>> = HashMap::new();
        self.hub.commit(&waiting, head);
        for (event, log, done) in waiting {
            // Whoever no longer waits need not know.
            let _ = done.send(Ok(event.id));
            logs.entry(Arc::as_ptr(&log)).or_insert(log);
        }
        logs.values().for_each(|log| log.wake_readers());
    }

    /// Has the journal let go of what history no longer holds.
    async fn trim(&self, also_age: bool) {
        let now = clock::now_ms();
        for log in self.hub.all_logs() {
            // What had to wait in memory until it was written need not any longer.
            log.sweep(now, self.hub.kept());
            let journal = || Arc::clone(&self.journal);
            let topic = || log.topic.clone();
            let evicted = match log.chore(also_age) {
                None => continue,
                Some(Chore::Trim(evicted)) => evicted,
                Some(Chore::Bound(retention)) => {
                    let asked = journal().boundary(topic(), retention, now).await;
                    let Ok(Some(boundary)) = asked else { continue };
                    log.let_go(boundary, self.hub.kept());
                    boundary.evicted
                }
            };
            if journal().trim(topic(), evicted).await.is_ok() {
                log.trimmed(evicted);
            }
        }
    }
}
