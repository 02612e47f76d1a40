//! The task that reads the bus into the hub, and comes back to it when it was away.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, timeout};

use super::line::Live;
use super::{Batch, Bus, BusError, Line, Opened, Session, Standing};
use crate::clock;
use crate::hub::{Hub, HubLimits};

/// How long an attempt to open a session may take.
const OPENING: Duration = Duration::from_millis(1_500);

/// How often a hub that begins tries: later it would wait for the bus for ever, and a slow machine is no reason to end.
const FIRST_ATTEMPTS: usize = 3;

/// Longest a read may take. One that finds nothing takes a second.
const READING: Duration = Duration::from_secs(3);

/// Time between two looks at whether the log is beyond its bounds.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// How long the end of a session may take.
const CLOSING: Duration = Duration::from_millis(500);

/// How long a session lasts at least of which another is opened at once.
const STEADY: Duration = Duration::from_secs(1);

/// Bounds of the wait between two attempts, in ms; drawn anew each time, so that instances that lost the bus together do
/// not return together.
const BACKOFF_MS: Range<u64> = 50..500;

/// Reads a hub's bus. Without it running nothing that is published can be read.
#[derive(Debug)]
pub struct Follower {
    hub: Hub,
    line: Arc<Line>,
    bus: Arc<dyn Bus>,
    /// The session the hub began with.
    first: Option<Opened>,
    /// How many sessions there were.
    sessions: u64,
    /// What the waits between attempts are drawn from.
    jitter: u64,
}

impl Hub {
    /// A hub on a bus, and what reads that.
    ///
    /// # Errors
    ///
    /// If the bus is away.
    pub async fn join(limits: HubLimits, bus: Arc<dyn Bus>) -> Result<(Self, Follower), BusError> {
        let mut opened = Err(BusError);
        for _ in 0..FIRST_ATTEMPTS {
            let opening = timeout(OPENING, Arc::clone(&bus).open(None)).await;
            opened = opening.map_err(|_| BusError).flatten();
            if opened.is_ok() {
                break;
            }
        }
        let opened = opened?;
        let (hub, line) = Self::on_bus(limits, &opened.standing);
        let (first, jitter) = (Some(opened), rand::random());
        let follower = Follower { hub: hub.clone(), line, bus, first, sessions: 0, jitter };
        Ok((hub, follower))
    }
}

impl Follower {
    /// The same waits in every run.
    #[cfg(test)]
    #[allow(dead_code, reason = "the model of the bus is the server's alone")]
    pub(crate) fn seeded(mut self, seed: u64) -> Self {
        self.jitter = seed;
        self
    }

    /// Runs until the hub is closed.
    pub async fn run(mut self) {
        let line = Arc::clone(&self.line);
        tokio::select! {
            biased;
            () = line.closed() => {}
            () = self.follow() => {}
        }
        if let Some(live) = line.take_live() {
            // Nobody waits for long for a bus that is away.
            let _ = timeout(CLOSING, live.session.close()).await;
        }
    }

    async fn follow(&mut self) {
        loop {
            // A log that lacks what a publisher was told is there has lost it, whether it was read or not.
            let seen = Some(self.line.era().known());
            let opened = match self.first.take() {
                Some(opened) => Ok(opened),
                None => match timeout(OPENING, Arc::clone(&self.bus).open(seen)).await {
                    Ok(opened) => opened,
                    Err(_) => Err(BusError),
                },
            };
            let began = Instant::now();
            if let Ok(opened) = opened {
                let session = Arc::clone(&opened.session);
                self.begin(opened);
                tokio::select! {
                    biased;
                    BusError = self.read(&session) => {}
                    BusError = self.trim(&session) => {}
                    () = self.line.broken(self.sessions) => {}
                }
                self.line.set_live(None);
            }
            let is_news = self.line.set_away(Some(clock::now_ms()));
            if is_news {
                tracing::warn!("the bus is away: publishers wait for it, and metrics pause");
                self.hub.wake_all();
            }
            // One that was of use is tried again at once. Not one that opens and ends, as where something beside reads fails:
            // it would be told to every stream, over and over.
            if !is_news || began.elapsed() < STEADY {
                let wait = self.next_wait();
                tokio::time::sleep(wait).await;
            }
        }
    }

    fn next_wait(&mut self) -> Duration {
        // Knuth's: enough to spread instances, and the same each time for the same beginning.
        self.jitter = self
            .jitter
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let Range { start, end } = BACKOFF_MS;
        Duration::from_millis(start + (self.jitter >> 33) % (end - start))
    }

    /// Goes on where the last session ended, or anew if the log is another one.
    fn begin(&mut self, Opened { session, standing }: Opened) {
        let Standing { log, .. } = &standing;
        let head = self.hub.head();
        if log.epoch != head.epoch || log.head < head.seq {
            tracing::warn!("the bus has another log: history begins anew");
            self.hub.begin_era(&self.line, &standing);
        }
        let began = tidings_protocol::event::EventId { epoch: log.epoch, seq: log.head };
        self.line.note_read(self.hub.head());
        self.sessions += 1;
        self.line.set_live(Some(Live { session, number: self.sessions, began }));
    }

    /// Reads until that fails.
    async fn read(&self, session: &Arc<dyn Session>) -> BusError {
        loop {
            // Asked before it is numbered: whoever asks from now on waits for the next.
            let is_look = self.line.is_look_wanted();
            let look = self.line.begin_look();
            let after = self.hub.head().seq;
            let read = timeout(READING, Arc::clone(session).read(after, is_look)).await;
            let Ok(Ok(batch)) = read else { return BusError };
            let is_whole = batch.is_whole;
            self.deliver(batch);
            if is_whole {
                self.line.note_look(look);
            }
            if self.line.set_away(None) {
                tracing::info!("the bus is back");
                self.hub.wake_all();
            }
        }
    }

    /// Keeps the log to its bounds until that fails.
    async fn trim(&self, session: &Arc<dyn Session>) -> BusError {
        let mut ticks = tokio::time::interval(TRIM_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            let takes = match Arc::clone(session).trim().await {
                Ok(takes) => takes,
                Err(error) => return error,
            };
            if self.line.set_refusing((!takes).then(clock::now_ms)) {
                match takes {
                    true => tracing::info!("the bus takes events again"),
                    false => tracing::warn!("the bus can be read, and takes no events for now"),
                }
                self.hub.wake_all();
            }
        }
    }

    fn deliver(&self, batch: Batch) {
        let nonces: HashMap<_, _> =
            batch.events.iter().filter_map(|(event, nonce)| Some(((*nonce)?, event.id))).collect();
        let has_lost = !batch.evicted.is_empty();
        if has_lost {
            self.line.note_miss();
            self.hub.let_go(&batch.evicted);
        }
        self.hub.take_in(&self.line, batch.events.into_iter().map(|(event, _)| event), batch.head);
        for (nonce, id) in nonces {
            self.line.note(nonce, id);
        }
        if has_lost {
            // Of a topic that has but lost events, nobody else wakes the readers.
            self.hub.wake_all();
        }
        self.line.note_read(self.hub.head());
    }
}
