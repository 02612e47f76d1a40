//! A subscription on a bus: whose log may become another one, be read further elsewhere, or be away.

use std::sync::Arc;

use tidings_protocol::event::EventId;

use super::{Start, Subscription};

impl Subscription {
    /// Begins anew in the history that there is now.
    pub(super) fn join_anew(&mut self, start: Start) {
        let lane = self.signal.lane().cloned();
        let mut new = self.hub.subscribe_to(lane.as_ref(), Arc::clone(&self.selectors), start);
        new.told_away = self.told_away;
        *self = new;
    }

    /// Whether the cursor lies beyond what this instance has of the log.
    pub(super) fn is_ahead(&mut self) -> bool {
        let (Some(look), Some(line)) = (self.look, self.hub.line()) else { return false };
        // Asked first: the head is read behind the look's.
        let has_looked = line.has_looked(look);
        if self.era.head().seq >= self.position.seq {
            line.leave_look();
            self.look = None;
        } else if has_looked {
            // There is no such event. What the cursor is need not be known: it is none of this history.
            self.join_anew(Start::After(EventId { epoch: !self.era.epoch, seq: 0 }));
            return false;
        }
        self.look.is_some()
    }

    /// Since when the bus is away, in ms since the epoch, if that is news to the reader: null when it is back.
    pub fn take_away(&mut self) -> Option<Option<u64>> {
        let away = self.hub.away_since();
        (std::mem::replace(&mut self.told_away, away) != away).then_some(away)
    }

    /// Since when the bus is away, as the reader was last told.
    #[must_use]
    pub fn told_away(&self) -> Option<u64> {
        self.told_away
    }
}
