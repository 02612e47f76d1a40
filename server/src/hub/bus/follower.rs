//! The task that reads the bus into the hub, and comes back to it when it was away.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, timeout};

use super::line::Live;
use super::{Batch, Bus, BusError, Line, Opened, Session, Standing};
use crate::clock;
use crate::hub::{Hub, HubLimits};

/// How long an attempt to open a session may take.
const OPENING: Duration = Duration::from_millis(1_500);

/// Longest a read may take. One that finds nothing takes a second.
const READING: Duration = Duration::from_secs(3);

/// Time between two looks at whether the log is beyond its bounds.
const TRIM_EVERY: Duration = Duration::from_secs(1);

/// How long the end of a session may take.
const CLOSING: Duration = Duration::from_millis(500);

/// Bounds of the wait between two attempts, in ms; drawn anew each time, so that instances that lost the bus together do
/// not return together.
const BACKOFF_MS: std::ops::Range<u64> = 50..500;

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
}

impl Hub {
    /// A hub on a bus, and what reads that.
    ///
    /// # Errors
    ///
    /// If the bus is away.
    pub async fn join(limits: HubLimits, bus: Arc<dyn Bus>) -> Result<(Self, Follower), BusError> {
        let opening = timeout(OPENING, Arc::clone(&bus).open(None)).await;
        let opened = opening.map_err(|_| BusError)??;
        let (hub, line) = Self::on_bus(limits, &opened.standing);
        let follower = Follower { hub: hub.clone(), line, bus, first: Some(opened), sessions: 0 };
        Ok((hub, follower))
    }
}

impl Follower {
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
            let seen = Some(self.hub.head());
            let opened = match self.first.take() {
                Some(opened) => Ok(opened),
                None => match timeout(OPENING, Arc::clone(&self.bus).open(seen)).await {
                    Ok(opened) => opened,
                    Err(_) => Err(BusError),
                },
            };
            if let Ok(opened) = opened {
                let session = Arc::clone(&opened.session);
                self.begin(opened);
                tokio::select! {
                    BusError = self.read(&session) => {}
                    BusError = trim(&session) => {}
                    () = self.line.broken(self.sessions) => {}
                }
                self.line.set_live(None);
            }
            if self.line.set_away(Some(clock::now_ms())) {
                tracing::warn!("the bus is away: publishers wait for it, and metrics pause");
                self.hub.wake_all();
            } else {
                let wait = rand::random_range(BACKOFF_MS);
                tokio::time::sleep(Duration::from_millis(wait)).await;
            }
        }
    }

    /// Goes on where the last session ended, or anew if the log is another one.
    fn begin(&mut self, Opened { session, standing }: Opened) {
        let Standing { log, evicted, .. } = &standing;
        let head = self.hub.head();
        let missed = if *evicted > head.seq { *evicted } else { 0 };
        if log.epoch != head.epoch || log.head < head.seq {
            tracing::warn!("the bus has another log: history begins anew");
            self.hub.begin_era(&standing);
        } else if self.sessions > 0 {
            self.hub.catch_up(&standing);
        }
        let began = tidings_protocol::event::EventId { epoch: log.epoch, seq: log.head };
        self.line.note_read(self.hub.head());
        self.sessions += 1;
        self.line.set_live(Some(Live { session, number: self.sessions, began, missed }));
    }

    /// Reads until that fails.
    async fn read(&self, session: &Arc<dyn Session>) -> BusError {
        loop {
            let look = self.line.begin_look();
            let after = self.hub.head().seq;
            let read = timeout(READING, Arc::clone(session).read(after)).await;
            let Ok(Ok(batch)) = read else { return BusError };
            let is_whole = batch.is_whole;
            self.deliver(batch);
            if is_whole && self.line.note_look(look) {
                self.hub.wake_all();
            }
            if self.line.set_away(None) {
                tracing::info!("the bus is back");
                self.hub.wake_all();
            }
        }
    }

    fn deliver(&self, batch: Batch) {
        let nonces: HashMap<_, _> =
            batch.events.iter().filter_map(|(event, nonce)| Some(((*nonce)?, event.id))).collect();
        self.hub.take_in(batch.events.into_iter().map(|(event, _)| event), batch.head);
        for (nonce, id) in nonces {
            self.line.note(nonce, id);
        }
        self.line.note_read(self.hub.head());
    }
}

/// Keeps the log to its bounds until that fails.
async fn trim(session: &Arc<dyn Session>) -> BusError {
    let mut ticks = tokio::time::interval(TRIM_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if let Err(error) = Arc::clone(session).trim().await {
            return error;
        }
    }
}
