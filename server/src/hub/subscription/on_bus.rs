//! A subscription on a bus: whose log may become another one, be read further elsewhere, or be away.

use std::sync::Arc;

use tidings_protocol::event::EventId;

use super::{Start, Subscription};
use crate::hub::bus::Line;
use crate::hub::era::Era;
use crate::hub::signal::Signal;

/// What a subscription needs beside; in a box, so that where there is no bus it costs a pointer.
#[derive(Debug)]
pub(super) struct OnBus {
    line: Arc<Line>,
    /// The history it reads.
    pub(super) era: Arc<Era>,
    /// Its cursor lies beyond what this instance has of the log, and this look at the log's end will tell whether it
    /// means anything.
    look: Option<Look>,
    /// Since when the bus is away, as the reader was told.
    told_away: Option<u64>,
}

/// A look that is waited for.
#[derive(Debug)]
struct Look {
    /// To leave those who wait by.
    key: usize,
    number: u64,
}

impl OnBus {
    pub(super) fn new(line: &Arc<Line>) -> Self {
        Self { line: Arc::clone(line), era: line.era(), look: None, told_away: None }
    }

    /// Waits for a look at the log's end.
    pub(super) fn await_look(&mut self, signal: &Arc<Signal>) -> bool {
        let (key, number) = self.line.await_look(Arc::clone(signal));
        self.look = Some(Look { key, number });
        true
    }
}

impl Drop for OnBus {
    fn drop(&mut self) {
        if let Some(Look { key, .. }) = self.look {
            self.line.leave_look(key);
        }
    }
}

impl Subscription {
    /// The history it reads.
    pub(super) fn era(&self) -> &Era {
        self.on_bus.as_ref().map_or(&self.hub.0.era, |on_bus| &on_bus.era)
    }

    /// Whether that is no longer the one there is.
    pub(super) fn is_over(&self) -> bool {
        self.on_bus.as_ref().is_some_and(|on_bus| on_bus.era.is_over())
    }

    /// Begins anew in the history that there is now.
    pub(super) fn join_anew(&mut self, start: Start) {
        let lane = self.signal.lane().cloned();
        let selectors = self.hub.registry().selectors(self.key);
        let mut new = self.hub.subscribe_to(lane.as_ref(), selectors, start);
        if let Some(on_bus) = &mut new.on_bus {
            on_bus.told_away = self.told_away();
        }
        *self = new;
    }

    /// Whether the cursor lies beyond what this instance has of the log.
    pub(super) fn is_ahead(&mut self) -> bool {
        let Some(OnBus { line, era, look: waits @ Some(_), .. }) = self.on_bus.as_deref_mut()
        else {
            return false;
        };
        // Asked first: the head is read behind the look's.
        let has_looked = waits.as_ref().is_some_and(|look| line.has_looked(look.number));
        if era.head().seq >= self.position.seq {
            if let Some(look) = waits.take() {
                line.leave_look(look.key);
            }
            return false;
        }
        if has_looked {
            // There is no such event. What the cursor is need not be known: it is none of this history.
            let unknown = EventId { epoch: !era.epoch, seq: 0 };
            self.join_anew(Start::After(unknown));
        }
        !has_looked
    }

    /// Since when the bus is away, in ms since the epoch, if that is news to the reader: null when it is back.
    pub fn take_away(&mut self) -> Option<Option<u64>> {
        let OnBus { line, told_away, .. } = self.on_bus.as_deref_mut()?;
        let away = line.away_since();
        (std::mem::replace(told_away, away) != away).then_some(away)
    }

    /// Since when the bus is away, as the reader was last told.
    #[must_use]
    pub fn told_away(&self) -> Option<u64> {
        self.on_bus.as_ref()?.told_away
    }
}
