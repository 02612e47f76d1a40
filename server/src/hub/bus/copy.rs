//! The hub as a copy of a bus's log.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;

use super::{Line, Standing};
use crate::hub::era::Era;
use crate::hub::event::Event;
use crate::hub::history::{Depth, Log};
use crate::hub::registry::Registry;
use crate::hub::{Hub, HubLimits, Past, PublishError};

impl Hub {
    /// A hub that begins where the bus is.
    pub(super) fn on_bus(limits: HubLimits, standing: &Standing) -> (Self, Arc<Line>) {
        let Standing { log, latest, .. } = standing;
        let line = Arc::new(Line::new(EventId { epoch: log.epoch, seq: log.head }));
        let past = Past::Bus(Arc::clone(&line));
        let hub = Self::build(limits.bounds(Depth::Bus), log, past);
        hub.place_latest(&mut hub.registry(), latest, 0);
        (hub, line)
    }

    pub(in crate::hub) fn line(&self) -> Option<&Arc<Line>> {
        match &self.0.past {
            Past::Bus(line) => Some(line),
            Past::Nowhere | Past::Journal(_) => None,
        }
    }

    /// Since when the bus is away, in ms since the epoch; null while it is there, or there is none.
    #[must_use]
    pub fn away_since(&self) -> Option<u64> {
        self.line()?.away_since()
    }

    pub(in crate::hub) async fn publish_by(
        &self,
        line: &Line,
        topic: &Topic,
        kind: EventType,
        data: Bytes,
    ) -> Result<EventId, PublishError> {
        if self.is_closed() {
            return Err(PublishError::Closed);
        }
        let is_reserved = !self.registry().counts(topic);
        line.publish(topic, kind, data, is_reserved).await
    }

    /// Takes in what was read of the log; all that there is up to `head` was.
    pub(super) fn take_in(&self, line: &Line, events: impl Iterator<Item = Arc<Event>>, head: u64) {
        let mut logs = HashMap::new();
        {
            let mut registry = self.registry();
            let era = line.era();
            for event in events.filter(|event| event.id.epoch == era.epoch) {
                let log = registry.log_of(&event.topic, &self.0.bounds);
                if event.id.seq > log.newest() {
                    registry.push(&log, event, head);
                    logs.insert(Arc::as_ptr(&log), log);
                }
            }
            self.make_room(&mut registry, era.head().seq);
            logs.values().for_each(|log| log.readers.note());
            if head > era.head().seq {
                era.commit(head);
            }
        }
        logs.values().for_each(|log| log.readers.wake(log));
    }

    /// Notes what has left the log, before it was read perhaps.
    pub(super) fn let_go(&self, evicted: &[(Topic, u64)]) {
        let mut registry = self.registry();
        for (topic, seq) in evicted.iter().filter(|(topic, _)| !topic.is_latest_wins()) {
            let log = registry.log_of(topic, &self.0.bounds);
            log.let_all_go(*seq);
            log.readers.note();
        }
    }

    /// Begins the history of another log. Subscriptions find out at their next poll.
    pub(super) fn begin_era(&self, line: &Line, Standing { log, latest, .. }: &Standing) {
        let mut registry = self.registry();
        registry.clear(&self.0.bounds);
        for topic in &log.topics {
            if !registry.is_reserved(&topic.topic) {
                registry.add(Arc::new(Log::recovered(topic, &self.0.bounds)));
            }
        }
        self.place_latest(&mut registry, latest, 0);
        // Under the registry's lock, so that whoever joins finds logs and era that belong together.
        line.begin_era(Era::new(log.epoch, log.head)).end();
        drop(registry);
        self.wake_all();
    }

    /// Puts the newest events of latest-wins topics where they are found at once.
    fn place_latest(&self, registry: &mut Registry, latest: &[Arc<Event>], kept: u64) {
        for event in latest.iter().filter(|event| event.topic.is_latest_wins()) {
            let log = registry.log_of(&event.topic, &self.0.bounds);
            registry.push(&log, Arc::clone(event), kept);
        }
    }
}
