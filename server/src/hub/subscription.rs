//! One subscriber's place in the hub: a cursor for each topic it reads.

mod on_bus;

use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use tidings_protocol::event::{EventId, Gap, GapReason};
use tidings_protocol::topic::Selector;

use super::Hub;
use super::cursors::{Cursor, Cursors};
use super::event::Event;
use super::history::{Log, Next};
use super::item::Item;
use super::journal::JournalError;
use super::readers::ReaderKey;
use super::registry::Joined;
use super::replay::{Asked, Replay};
use super::signal::Signal;
use on_bus::OnBus;

/// How far behind the head an event is still read by many at once.
const RECENT: u64 = 1024;

/// Where a subscription begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With what comes next, and the newest event of each latest-wins topic at once.
    Fresh,
    /// Like that, but first with so many of the newest events there are, shared among the topics; of more topics than that, with
    /// the newest event of those that have the newest.
    Recent(usize),
    /// Behind this event.
    After(EventId),
    /// With the oldest event there is: the client named a cursor, but not one that can be read.
    Malformed,
}

/// Reads events in their order; ends when the hub does. Dropping it leaves every topic at once.
#[derive(Debug)]
pub struct Subscription {
    hub: Hub,
    /// What it needs on a bus, and only there.
    on_bus: Option<Box<OnBus>>,
    signal: Arc<Signal>,
    key: usize,
    cursors: Cursors,
    /// Up to here everything is read, or told, of every topic.
    position: EventId,
    /// Head of the hub when the subscription began: what is lost before it was evicted, what is lost
    /// behind it the subscriber was too slow for.
    joined: u64,
    /// To be yielded before anything else.
    first: Option<Item>,
    /// The pages of the journal, while the subscription reads there.
    replay: Option<Box<Replay>>,
}

impl Subscription {
    pub(super) fn new(
        hub: Hub,
        selectors: &[Selector],
        signal: Arc<Signal>,
        joined: Joined,
        start: Start,
    ) -> Self {
        let mut on_bus = hub.line().map(|line| Box::new(OnBus::new(line)));
        let head = on_bus.as_ref().map_or(&hub.0.era, |on_bus| &on_bus.era).head();
        let unusable = match start {
            Start::Fresh | Start::Recent(_) => None,
            Start::Malformed => Some(GapReason::MalformedCursor),
            Start::After(id) if id.epoch != head.epoch => Some(GapReason::UnknownEpoch),
            Start::After(id) if id.seq > head.seq => {
                // Another instance may have read further.
                let is_ahead = on_bus.as_mut().is_some_and(|on_bus| on_bus.await_look(&signal));
                (!is_ahead).then_some(GapReason::UnknownEpoch)
            }
            Start::After(_) => None,
        };
        let Joined { key, logs } = joined;
        let (of_each, oldest) = match start {
            Start::Recent(most) => shares(&logs, most),
            _ => (0, 0),
        };
        let mut cursors: Vec<_> = logs
            .into_iter()
            .map(|(log, key)| {
                let after = match start {
                    Start::After(id) if unusable.is_none() => id.seq,
                    Start::Fresh if !log.is_latest_wins() => head.seq,
                    Start::Recent(_) if log.is_latest_wins() => log.evicted(),
                    Start::Recent(_) if log.newest() < oldest => head.seq,
                    Start::Recent(_) => log.before_newest(of_each),
                    _ => log.evicted(),
                };
                Cursor::new(log, key, after)
            })
            .collect();

        let before = cursors.iter().filter_map(|cursor| cursor.before_next(head.seq)).min();
        let position = match start {
            Start::After(id) if unusable.is_none() => id,
            _ => EventId { seq: before.unwrap_or(head.seq), ..head },
        };
        if unusable.is_some() {
            // The gap speaks for what lies before the position; what a topic has lost behind it is told there.
            cursors.iter_mut().for_each(|cursor| cursor.after = cursor.after.min(position.seq));
        }
        let first = unusable.map(|reason| {
            let topics = selectors.iter().map(ToString::to_string).collect();
            Item::Gap(position, Gap { topics, from: None, to: Some(position), reason })
        });
        let joined = head.seq.max(position.seq);
        Self {
            hub,
            on_bus,
            signal,
            key,
            cursors: Cursors::new(cursors),
            position,
            joined,
            first,
            replay: None,
        }
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
        self.era().head().seq.saturating_sub(event.id.seq) < RECENT
    }

    /// The time within which to leave, once the hub asks for it.
    pub fn poll_drain(&self, cx: &Context<'_>) -> Poll<Duration> {
        self.signal.register(cx.waker());
        self.hub.0.drain.get().map_or(Poll::Pending, |window| Poll::Ready(*window))
    }

    /// The next item; null when the hub has ended and everything in memory is read.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Item>> {
        // Registered before looking, so that an event between the two wakes.
        self.signal.register(cx.waker());
        if self.is_over() {
            // Of another epoch, its cursor leads to a gap.
            self.join_anew(Start::After(self.position));
            self.signal.register(cx.waker());
        }
        let closed = self.hub.is_closed();
        if self.is_ahead() {
            return if closed { Poll::Ready(None) } else { Poll::Pending };
        }
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(first));
        }
        // The head first: whatever lies below it is noted, and of a topic that is known then.
        let head = self.era().head();
        self.cursors.take_news(&self.signal);
        loop {
            match self.poll_replay(cx) {
                Poll::Ready(Ok(())) => {}
                // What is left lies where the client finds it again.
                Poll::Ready(Err(_)) if closed => return Poll::Ready(None),
                Poll::Ready(Err(_)) => self.give_up_page(),
                Poll::Pending => return if closed { Poll::Ready(None) } else { Poll::Pending },
            }
            match self.look(head.seq) {
                Look::Nothing => {
                    // A client that has nothing new can resume here as well.
                    self.position = head;
                    self.replay = None;
                    return if closed { Poll::Ready(None) } else { Poll::Pending };
                }
                Look::Cold => self.start_replay(head.seq),
                Look::Page => {
                    if let Some(item) = self.take_from_page() {
                        return Poll::Ready(Some(item));
                    }
                }
                Look::Log(index, event) => {
                    self.cursors[index].after = event.id.seq;
                    self.position = event.id;
                    return Poll::Ready(Some(Item::Event(event)));
                }
                Look::Lost(to, losers) => return Poll::Ready(Some(self.tell_lost(to, losers))),
            }
        }
    }

    /// The next item, for callers that are not a body.
    pub async fn next(&mut self) -> Option<Item> {
        std::future::poll_fn(|cx| self.poll_next(cx)).await
    }

    /// Where the next item is.
    fn look(&mut self, upto: u64) -> Look {
        let page = self.replay.as_ref().and_then(|replay| Some(replay.front()?.id.seq));
        let (behind, limit) = (self.position.seq, page.unwrap_or(upto));
        let (mut found, mut lost, mut losers) = (None, u64::MAX, Vec::new());
        while let Some((least, index)) = self.cursors.first() {
            if least > limit {
                break;
            }
            let cursor = &self.cursors[index];
            let Some(next) = cursor.next(behind, upto, page.is_some()) else {
                self.cursors.pass_over(behind, upto, page.is_some());
                continue;
            };
            let least = least.max(match &next {
                Next::Event(event) => event.id.seq,
                Next::Lost(_) | Next::Cold(_) => cursor.after.max(behind) + 1,
            });
            if !self.cursors.put_off(least) || least > limit {
                continue;
            }
            found = match next {
                Next::Lost(to) => {
                    lost = lost.min(to);
                    losers.push(index);
                    self.cursors.take_first();
                    continue;
                }
                Next::Event(event) => Some((least, Look::Log(index, event))),
                Next::Cold(_) => Some((least, Look::Cold)),
            };
            break;
        }
        // Up to the next event, even if more is lost behind it: who has that event as its cursor has been told of
        // all that is lost before it.
        let first = found.as_ref().map(|(least, _)| *least).or(page);
        let to = lost.min(first.map_or(upto, |seq| seq - 1));
        if !losers.is_empty() && to > behind {
            return Look::Lost(to, losers);
        }
        losers.into_iter().for_each(|index| self.cursors.line_up(index, behind));
        match found {
            Some((_, look)) => look,
            None if page.is_some() => Look::Page,
            None => Look::Nothing,
        }
    }

    /// Tells what the topics of these cursors have lost that lies between the last item and `to`: in one gap, since
    /// two would have the same id.
    fn tell_lost(&mut self, to: u64, losers: Vec<usize>) -> Item {
        let from = self.position;
        let mut topics = Vec::new();
        let in_page = self.replay.as_ref().is_some_and(|replay| replay.front().is_some());
        for index in losers {
            let cursor = &mut self.cursors[index];
            if let Some(Next::Lost(_)) = cursor.next(from.seq, to, in_page) {
                topics.push(cursor.log.topic.to_string());
                cursor.after = to;
            }
            self.cursors.line_up(index, from.seq);
        }
        let id = EventId { seq: to, ..from };
        self.position = id;
        let reason = if to <= self.joined { GapReason::Evicted } else { GapReason::SlowConsumer };
        Item::Gap(id, Gap { topics, from: Some(from), to: Some(id), reason })
    }

    /// Takes the page's oldest event, unless it was read or told lost already.
    fn take_from_page(&mut self) -> Option<Item> {
        let (event, index) = self.replay.as_mut()?.pop()?;
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
        let Some(pages) = self.hub.pages() else { return };
        let (mut after, mut upto) = (u64::MAX, 0);
        let read = self.position.seq;
        self.cursors.unpark(read);
        let asked = self.cursors.park(|cursor| {
            let behind = cursor.after.max(read);
            let Some(Next::Cold(floor)) = cursor.next(behind, head, false) else {
                cursor.page = None;
                return false;
            };
            cursor.page = Some(0);
            after = after.min(behind);
            upto = upto.max(floor);
            true
        });
        let last = self.replay.take().map(|last| last.into_asked());
        let asked = Asked::new(asked, &self.cursors, last);
        let after = EventId { seq: after, ..self.position };
        self.replay = Some(Box::new(Replay::start(pages, asked, after, upto)));
    }

    /// A page cannot be read: once more, then it is lost. Who came back for it would not find it either.
    fn give_up_page(&mut self) {
        let Some(replay) = self.replay.take() else { return };
        let is_second = self.cursors.has_failed;
        let behind = self.position.seq;
        for index in replay.asked() {
            let cursor = &mut self.cursors[*index];
            cursor.page = None;
            if is_second {
                cursor.give_up_cold(behind);
            }
        }
        self.cursors.unpark(behind);
        self.cursors.has_failed = !is_second;
    }

    /// Ready when no page is on its way.
    fn poll_replay(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), JournalError>> {
        let Some(replay) = &mut self.replay else { return Poll::Ready(Ok(())) };
        let behind = self.position.seq;
        if let Some(evicted) = std::task::ready!(replay.poll_read(cx))? {
            self.cursors.has_failed = false;
            for (index, seq) in evicted {
                self.cursors[index].log.let_all_go(seq);
            }
            // Of a topic that has lost events since it was asked for, the page may miss some: what is up to
            // there is told as a gap. What is lost from now on, the page has.
            for index in replay.asked() {
                let cursor = &mut self.cursors[*index];
                cursor.page = Some(cursor.log.evicted());
            }
            replay.retain(|event, index| {
                let cursor = &self.cursors[index];
                event.id.seq > cursor.after.max(cursor.page.unwrap_or_default())
            });
            self.cursors.unpark_losers(behind);
        }
        if let Some(reached) = replay.end() {
            for index in replay.asked() {
                let cursor = &mut self.cursors[*index];
                // Not past what is lost, which is still to be told.
                if cursor.page.take().is_some_and(|lost| lost <= cursor.after) {
                    cursor.after = cursor.after.max(reached);
                }
            }
            self.cursors.unpark(behind);
        }
        Poll::Ready(Ok(()))
    }
}

/// How many events of each topic make `most` in all, and the number that the newest event of a topic has at least that has a share.
fn shares(logs: &[(Arc<Log>, ReaderKey)], most: usize) -> (usize, u64) {
    let logs = logs.iter().map(|(log, _)| log).filter(|log| !log.is_latest_wins());
    let mut newest: Vec<u64> = logs.map(|log| log.newest()).filter(|newest| *newest > 0).collect();
    if newest.len() <= most {
        return (most / newest.len().max(1), 0);
    }
    let (_, oldest, _) = newest.select_nth_unstable_by(most.saturating_sub(1), |a, b| b.cmp(a));
    (1, *oldest)
}

/// Where the next item of a subscription is.
enum Look {
    Nothing,
    /// In the journal, not read yet.
    Cold,
    /// In the page that was read.
    Page,
    /// In the log of this cursor, the first in line.
    Log(usize, Arc<Event>),
    /// Gone, up to here, for these cursors, which are to be put in line again.
    Lost(u64, Vec<usize>),
}

impl Drop for Subscription {
    fn drop(&mut self) {
        // The registry's lock keeps a topic from being added meanwhile.
        let hub = self.hub.clone();
        let mut registry = hub.registry();
        registry.leave(self.key);
        self.cursors.take_news(&self.signal);
        for cursor in self.cursors.iter() {
            cursor.log.readers.leave(cursor.key);
        }
    }
}
