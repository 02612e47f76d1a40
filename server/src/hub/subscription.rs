//! One subscriber's place in the hub: a cursor for each topic it reads.

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tidings_protocol::event::{EventId, Gap, GapReason};
use tidings_protocol::topic::Selector;

use super::Hub;
use super::event::Event;
use super::history::{Log, Next};
use super::signal::Signal;

/// How far behind the head an event is still read by many at once.
const RECENT: u64 = 1024;

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes next, and the newest event of each latest-wins topic at once.
    Fresh,
    /// Behind this event.
    After(EventId),
    /// With the oldest event there is: the client named a cursor, but not one that can be read.
    Malformed,
}

/// What a subscription yields.
#[derive(Debug)]
pub enum Item {
    /// An event.
    Event(Arc<Event>),
    /// Events are lost; the id is the gap's own.
    Gap(EventId, Gap),
}

/// Reads events in their order; ends when the hub does. Dropping it leaves every topic at once.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    signal: Arc<Signal>,
    watcher: usize,
    cursors: Vec<Cursor>,
    /// Last id yielded, or the one the subscription began behind.
    position: EventId,
    /// Head of the hub when the subscription began: what is lost before it was evicted, what is lost
    /// behind it the subscriber was too slow for.
    joined: u64,
    /// To be yielded before anything else.
    first: Option<Item>,
}

#[derive(Debug)]
struct Cursor {
    log: Arc<Log>,
    /// Key of the subscription's signal in the log.
    key: usize,
    /// All of this topic up to here is read, told lost, or not asked for.
    after: u64,
}

impl Subscription {
    pub(super) fn new(
        hub: Hub,
        selectors: Arc<[Selector]>,
        signal: Arc<Signal>,
        watcher: usize,
        logs: Vec<(Arc<Log>, usize)>,
        start: Start,
    ) -> Self {
        let head = hub.head();
        let unusable = match start {
            Start::Fresh => None,
            Start::Malformed => Some(GapReason::MalformedCursor),
            Start::After(id) if id.epoch != head.epoch || id.seq > head.seq => {
                Some(GapReason::UnknownEpoch)
            }
            Start::After(_) => None,
        };
        let cursors: Vec<_> = logs
            .into_iter()
            .map(|(log, key)| {
                let after = match start {
                    Start::After(id) if unusable.is_none() => id.seq,
                    Start::Fresh if !log.is_latest_wins() => head.seq,
                    _ => log.evicted(),
                };
                Cursor { log, key, after }
            })
            .collect();

        let oldest =
            cursors.iter().filter_map(|c| c.log.next(c.after, head.seq)).map(|n| n.seq()).min();
        let position = match start {
            Start::After(id) if unusable.is_none() => id,
            _ => EventId { seq: oldest.map_or(head.seq, |seq| seq - 1), ..head },
        };
        let first = unusable.map(|reason| {
            let topics = selectors.iter().map(ToString::to_string).collect();
            Item::Gap(position, Gap { topics, from: None, to: Some(position), reason })
        });
        Self { hub, signal, watcher, cursors, position, joined: head.seq, first }
    }

    /// The id a client resumes from if it has seen nothing yet.
    #[must_use]
    pub fn position(&self) -> EventId {
        self.position
    }

    /// The gap the subscription begins with, if its cursor could not be used and nothing was read yet.
    pub fn take_gap(&mut self) -> Option<Item> {
        self.first.take()
    }

    /// Whether others are likely to read this event now, too.
    #[must_use]
    pub fn is_recent(&self, event: &Event) -> bool {
        self.hub.head().seq.saturating_sub(event.id.seq) < RECENT
    }

    /// The time within which to leave, once the hub asks for it; the task that polled last is woken then.
    #[must_use]
    pub fn drain(&self) -> Option<Duration> {
        self.hub.0.drain.get().copied()
    }

    /// The next item; null when the hub has ended and everything is read.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        // Registered before looking, so that an event between the two wakes.
        self.signal.register(cx.waker());
        let closed = self.hub.is_closed();
        let head = self.hub.head();
        self.adopt_new_topics();

        let next = self
            .cursors
            .iter_mut()
            .filter_map(|cursor| Some((cursor.log.next(cursor.after, head.seq)?, cursor)))
            .min_by_key(|(next, _)| next.seq());
        let Some((next, cursor)) = next else {
            for cursor in &mut self.cursors {
                cursor.after = cursor.after.max(head.seq);
            }
            return if closed { Poll::Ready(None) } else { Poll::Pending };
        };

        // Of this topic: what lies between two events of others may be lost as well.
        let from = EventId { seq: cursor.after, ..head };
        cursor.after = next.seq();
        let id = EventId { seq: next.seq(), ..head };
        self.position = id;
        Poll::Ready(Some(match next {
            Next::Event(event) => Item::Event(event),
            Next::Lost(to) => {
                let reason =
                    if to <= self.joined { GapReason::Evicted } else { GapReason::SlowConsumer };
                let topics = vec![cursor.log.topic.to_string()];
                Item::Gap(id, Gap { topics, from: Some(from), to: Some(id), reason })
            }
        }))
    }

    /// The next item, for callers that are not a body.
    pub async fn next(&mut self) -> Option<Item> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    fn adopt_new_topics(&mut self) {
        for (log, key) in self.signal.take_added() {
            self.cursors.push(Cursor { log, key, after: 0 });
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // The registry's lock keeps a topic from being added meanwhile.
        let hub = self.hub.clone();
        let mut registry = hub.registry();
        registry.watchers.try_remove(self.watcher);
        self.adopt_new_topics();
        for cursor in &self.cursors {
            cursor.log.leave(cursor.key);
        }
    }
}
