//! One subscriber's place in the hub: a cursor for each topic it reads.

use std::collections::HashMap;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tidings_protocol::event::{EventId, Gap, GapReason};
use tidings_protocol::topic::Selector;

use super::Hub;
use super::event::Event;
use super::history::{Log, Next};
use super::journal::{JournalError, PageRequest};
use super::registry::Joined;
use super::replay::Replay;
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
    key: usize,
    cursors: Vec<Cursor>,
    /// Last id yielded, or the one the subscription began behind.
    position: EventId,
    /// Head of the hub when the subscription began: what is lost before it was evicted, what is lost
    /// behind it the subscriber was too slow for.
    joined: u64,
    /// To be yielded before anything else.
    first: Option<Item>,
    /// A page of the journal, while the subscription reads there.
    replay: Option<Box<Replay>>,
}

#[derive(Debug)]
struct Cursor {
    log: Arc<Log>,
    /// Key of the subscription's signal in the log.
    key: usize,
    /// All of this topic up to here is read, told lost, or not asked for.
    after: u64,
    /// Whether the page of the journal speaks for this topic.
    in_page: bool,
}

impl Subscription {
    pub(super) fn new(
        hub: Hub,
        selectors: &[Selector],
        signal: Arc<Signal>,
        joined: Joined,
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
        let Joined { key, logs } = joined;
        let cursors: Vec<_> = logs
            .into_iter()
            .map(|(log, key)| {
                let after = match start {
                    Start::After(id) if unusable.is_none() => id.seq,
                    Start::Fresh if !log.is_latest_wins() => head.seq,
                    _ => log.evicted(),
                };
                Cursor { log, key, after, in_page: false }
            })
            .collect();

        let before = cursors.iter().filter_map(|cursor| cursor.before_next(head.seq)).min();
        let position = match start {
            Start::After(id) if unusable.is_none() => id,
            _ => EventId { seq: before.unwrap_or(head.seq), ..head },
        };
        let first = unusable.map(|reason| {
            let topics = selectors.iter().map(ToString::to_string).collect();
            Item::Gap(position, Gap { topics, from: None, to: Some(position), reason })
        });
        let joined = head.seq;
        Self { hub, signal, key, cursors, position, joined, first, replay: None }
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

    /// The next item; null when the hub has ended and everything in memory is read, or the journal fails.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        // Registered before looking, so that an event between the two wakes.
        self.signal.register(cx.waker());
        let closed = self.hub.is_closed();
        let head = self.hub.head();
        self.adopt_new_topics();
        loop {
            match self.poll_replay(cx) {
                Poll::Ready(Ok(())) => {}
                // What is left lies where the client finds it again.
                Poll::Ready(Err(JournalError)) => return Poll::Ready(None),
                Poll::Pending => return if closed { Poll::Ready(None) } else { Poll::Pending },
            }
            match self.look(head.seq) {
                Look::Nothing => {
                    for cursor in &mut self.cursors {
                        cursor.after = cursor.after.max(head.seq);
                    }
                    return if closed { Poll::Ready(None) } else { Poll::Pending };
                }
                Look::Cold => self.start_replay(head.seq),
                Look::Page => {
                    if let Some(item) = self.take_from_page() {
                        return Poll::Ready(Some(item));
                    }
                }
                Look::Log(index, next) => return Poll::Ready(Some(self.take(index, next, head))),
            }
        }
    }

    /// The next item, for callers that are not a body.
    pub async fn next(&mut self) -> Option<Item> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Where the next item is.
    fn look(&self, upto: u64) -> Look {
        let page = self.replay.as_ref().and_then(|replay| Some(replay.front()?.id.seq));
        let mut found: Option<(usize, Next)> = None;
        for (index, cursor) in self.cursors.iter().enumerate() {
            let Some(next) = cursor.log.next(cursor.after, upto) else { continue };
            if let Next::Cold(_) = next {
                if page.is_some() && cursor.in_page {
                    continue;
                }
                return Look::Cold;
            }
            if found.as_ref().is_none_or(|(_, best)| next.seq() < best.seq()) {
                found = Some((index, next));
            }
        }
        match (page, found) {
            // What a page holds is whole, even of a topic that has lost more since.
            (Some(seq), Some((_, next))) if seq <= next.seq() => Look::Page,
            (Some(_), None) => Look::Page,
            (_, Some((index, next))) => Look::Log(index, next),
            (None, None) => Look::Nothing,
        }
    }

    /// Takes what [`look`](Self::look) has found in a log.
    fn take(&mut self, index: usize, next: Next, head: EventId) -> Item {
        let cursor = &mut self.cursors[index];
        // Of this topic: what lies between two events of others may be lost as well.
        let from = EventId { seq: cursor.after, ..head };
        cursor.after = next.seq();
        let id = EventId { seq: next.seq(), ..head };
        self.position = id;
        match next {
            Next::Event(event) => Item::Event(event),
            Next::Lost(to) | Next::Cold(to) => {
                let reason =
                    if to <= self.joined { GapReason::Evicted } else { GapReason::SlowConsumer };
                let topics = vec![cursor.log.topic.to_string()];
                Item::Gap(id, Gap { topics, from: Some(from), to: Some(id), reason })
            }
        }
    }

    /// Takes the page's oldest event, unless it was read or told lost already.
    fn take_from_page(&mut self) -> Option<Item> {
        let replay = self.replay.as_mut()?;
        let event = replay.pop()?;
        let index = *replay.asked().get(&event.topic)?;
        let cursor = &mut self.cursors[index];
        if event.id.seq <= cursor.after {
            return None;
        }
        cursor.after = event.id.seq;
        self.position = event.id;
        Some(Item::Event(event))
    }

    /// Asks the journal for what the cursors are missing in memory.
    fn start_replay(&mut self, head: u64) {
        let Some(journal) = self.hub.journal() else { return };
        let mut asked = HashMap::new();
        let (mut after, mut upto) = (u64::MAX, 0);
        for (index, cursor) in self.cursors.iter_mut().enumerate() {
            let next = cursor.log.next(cursor.after, head);
            cursor.in_page = matches!(next, Some(Next::Cold(_)));
            if let Some(Next::Cold(floor)) = next {
                asked.insert(cursor.log.topic.clone(), index);
                after = after.min(cursor.after);
                upto = upto.max(floor);
            }
        }
        let topics = asked.keys().cloned().collect();
        self.replay = Some(Box::new(Replay::start(journal, asked, |max_events, max_bytes| {
            PageRequest { topics, after, upto, max_events, max_bytes }
        })));
    }

    /// Ready when no page is on its way.
    fn poll_replay(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), JournalError>> {
        let Some(replay) = &mut self.replay else { return Poll::Ready(Ok(())) };
        if std::task::ready!(replay.poll_read(cx))? {
            // Of a topic that has lost events since it was asked for, the page may miss some: what is up to
            // there is told as a gap.
            let seen = replay.asked().values().map(|index| {
                let Cursor { log, after, .. } = &self.cursors[*index];
                (&log.topic, log.evicted().max(*after))
            });
            let seen: HashMap<_, _> = seen.collect();
            replay.retain(|event| seen.get(&event.topic).is_some_and(|upto| event.id.seq > *upto));
        }
        if replay.front().is_none() {
            let reached = replay.reached();
            for index in replay.asked().values() {
                let cursor = &mut self.cursors[*index];
                // Not past what is lost, which is still to be told.
                if cursor.log.evicted() <= cursor.after {
                    cursor.after = cursor.after.max(reached);
                }
                cursor.in_page = false;
            }
            self.replay = None;
        }
        Poll::Ready(Ok(()))
    }

    fn adopt_new_topics(&mut self) {
        for (log, key) in self.signal.take_added() {
            self.cursors.push(Cursor { log, key, after: 0, in_page: false });
        }
    }
}

/// Where the next item of a subscription is.
enum Look {
    Nothing,
    /// In the journal, not read yet.
    Cold,
    /// In the page that was read.
    Page,
    /// In the log of this cursor.
    Log(usize, Next),
}

impl Cursor {
    /// The place right before what this cursor reads next, as far as that is known.
    fn before_next(&self, upto: u64) -> Option<u64> {
        Some(match self.log.next(self.after, upto)? {
            Next::Cold(_) => self.after,
            next => next.seq() - 1,
        })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // The registry's lock keeps a topic from being added meanwhile.
        let hub = self.hub.clone();
        let mut registry = hub.registry();
        registry.leave(self.key);
        self.adopt_new_topics();
        for cursor in &self.cursors {
            cursor.log.leave(cursor.key);
        }
    }
}
