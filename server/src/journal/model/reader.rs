//! One subscriber through all its connections, and what it holds the hub to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tidings_protocol::event::{EventId, Gap, GapReason};

use super::truth::{
    PARSED_SELECTORS, SELECTORS, TOPICS, Truth, Verdict, is_latest_wins, matches, verdict,
};
use crate::hub::{Event, Hub, Item, Start, Subscription};

/// Notes that it was woken.
#[derive(Debug, Default)]
pub(super) struct Flag(AtomicBool);

impl Flag {
    pub(super) fn take(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Debug)]
pub(super) struct Reader {
    selectors: Vec<usize>,
    pub(super) subscription: Option<Subscription>,
    woken: Arc<Flag>,
    /// The last poll found nothing: only a wake-up may change that.
    is_idle: bool,
    /// Where it resumes.
    pub(super) position: EventId,
    /// Head when it connected.
    joined: u64,
    /// All that it is owed up to here it got or was told lost.
    settled: u64,
    /// The cursor it came with cannot be used, for this reason: the first item must say so.
    unusable: Option<GapReason>,
    /// Of latest-wins topics, the newest number seen or behind the cursor.
    latest: [u64; TOPICS.len()],
    /// It asked for the recent: of each topic the newest number that came of what was there before.
    recent: Option<[u64; TOPICS.len()]>,
    /// The journal failed while it was read: what is told lost may be there.
    was_failing: bool,
    /// When the journal was last asked for a page and did not answer: it is asked again a while later.
    unanswered: Option<u64>,
}

/// Longest time until a journal that did not answer is asked again, in ms.
const ASKED_AGAIN: u64 = 2_000;

/// What a journal has done so far.
#[derive(Clone, Copy, Debug)]
pub(super) struct Journal {
    /// Turns it took.
    pub(super) waited: u64,
    /// Its failures.
    pub(super) failed: u64,
    /// Pages that were asked for in vain.
    pub(super) unanswered: u64,
}

/// What one poll gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    Item,
    Nothing,
    Ended,
}

impl Reader {
    pub(super) fn connect(selectors: Vec<usize>, start: Start, hub: &Hub) -> Verdict<Self> {
        let mut reader = Self {
            selectors,
            subscription: None,
            woken: Arc::default(),
            is_idle: false,
            position: hub.head(),
            joined: 0,
            settled: 0,
            unusable: None,
            latest: [0; TOPICS.len()],
            recent: None,
            was_failing: false,
            unanswered: None,
        };
        reader.reconnect(start, hub)?;
        Ok(reader)
    }

    /// Connects anew, as a client does that knows nothing but its cursor.
    pub(super) fn reconnect(&mut self, start: Start, hub: &Hub) -> Verdict {
        let head = hub.head();
        let selectors = self.selectors.iter().map(|s| PARSED_SELECTORS[*s].clone()).collect();
        let subscription = hub.subscribe(selectors, start);
        let position = subscription.position();
        self.unusable = match start {
            Start::Malformed => Some(GapReason::MalformedCursor),
            Start::After(id) if id.epoch != head.epoch || id.seq > head.seq => {
                Some(GapReason::UnknownEpoch)
            }
            _ => None,
        };
        let is_valid = match start {
            Start::After(id) if self.unusable.is_none() => position == id,
            _ => position.epoch == head.epoch && position.seq <= head.seq,
        };
        verdict(is_valid, || format!("position {position} for {start:?} at {head}"))?;
        self.settled =
            if matches!(start, Start::Fresh | Start::Recent(_)) { head.seq } else { position.seq };
        self.recent = matches!(start, Start::Recent(_)).then_some([0; TOPICS.len()]);
        let resumed = matches!(start, Start::After(_)) && self.unusable.is_none();
        self.latest = [if resumed { position.seq } else { 0 }; TOPICS.len()];
        (self.position, self.joined, self.is_idle) = (position, head.seq, false);
        (self.was_failing, self.unanswered) = (false, None);
        self.subscription = Some(subscription);
        Ok(())
    }

    /// Polls once.
    pub(super) fn poll(
        &mut self,
        hub: &Hub,
        truth: &mut Truth,
        journal: impl Fn() -> Journal,
        is_closed: bool,
    ) -> Verdict<Step> {
        let Some(subscription) = &mut self.subscription else { return Ok(Step::Ended) };
        let slept = self.is_idle && !self.woken.take();
        let before = journal();
        let waker = Waker::from(Arc::clone(&self.woken));
        let polled = subscription.poll_next(&mut Context::from_waker(&waker));
        let after = journal();
        let (waits, has_failed) = (after.waited != before.waited, after.failed != before.failed);
        self.was_failing |= has_failed;
        if after.unanswered != before.unanswered {
            self.unanswered = Some(truth.now);
        }
        let is_to_ask_again = self.unanswered.is_some_and(|asked| truth.now < asked + ASKED_AGAIN);
        verdict(!slept || polled.is_pending(), || format!("nobody woke it for {polled:?}"))?;
        self.is_idle = polled.is_pending() && !waits;
        match polled {
            Poll::Pending if waits || is_to_ask_again => Ok(Step::Nothing),
            Poll::Pending => self.has_all(hub, truth).map(|()| Step::Nothing),
            Poll::Ready(None) => {
                self.subscription = None;
                verdict(is_closed, || "the stream ended by itself".to_owned())?;
                if !waits && !has_failed && !is_to_ask_again {
                    self.has_all(hub, truth)?;
                }
                Ok(Step::Ended)
            }
            Poll::Ready(Some(item)) => {
                // Nothing comes while a page is waited for.
                self.unanswered = None;
                let before = self.position;
                let id = match &item {
                    Item::Event(event) => event.id,
                    Item::Gap(id, _) => *id,
                };
                let follows = match self.unusable {
                    Some(_) => id == before,
                    None => id.epoch == before.epoch && id.seq > before.seq,
                };
                verdict(follows, || format!("{id} follows {before}"))?;
                verdict(id <= hub.head(), || format!("{id} is beyond {}", hub.head()))?;
                match item {
                    Item::Event(event) => self.event(&event, truth)?,
                    Item::Gap(id, gap) => self.gap(id, &gap, truth)?,
                }
                self.position = id;
                let known = self.subscription.as_ref().map(Subscription::position);
                verdict(known == Some(id), || format!("position {known:?} behind {id}"))?;
                Ok(Step::Item)
            }
        }
    }

    fn wants(&self, topic: usize) -> bool {
        self.selectors.iter().any(|selector| matches(*selector, topic))
    }

    fn event(&mut self, event: &Event, truth: &mut Truth) -> Verdict {
        verdict(self.unusable.is_none(), || format!("{} before the gap", event.id))?;
        let n: usize = std::str::from_utf8(&event.data).unwrap().trim().parse().unwrap();
        let topic = truth.events[n].topic;
        verdict(event.topic.as_str() == TOPICS[topic], || {
            format!("#{n} of {} came on {}", TOPICS[topic], event.topic)
        })?;
        verdict(event.at == truth.events[n].at, || format!("#{n} came with {}", event.at))?;
        verdict(self.wants(topic), || format!("#{n} of {} is unasked for", event.topic))?;
        truth.learn(n, event.id)?;
        let seq = event.id.seq;
        if is_latest_wins(topic) {
            let newest = truth.newest[topic];
            verdict(seq >= newest, || format!("{} is not the newest, {newest}", event.id))?;
            self.latest[topic] = seq;
            return self.settle(seq - 1, |_| false, truth);
        }
        if seq <= self.joined
            && let Some(recent) = &mut self.recent
        {
            let before = std::mem::replace(&mut recent[topic], seq);
            let mut between = truth.owed.range(before + 1..seq).map(|(_, n)| *n);
            let lost = between.find(|n| before > 0 && truth.events[*n].topic == topic);
            let is_whole = lost.is_none_or(|n| truth.may_be_gone(n) || self.was_failing);
            return verdict(is_whole, || format!("#{lost:?} lies before {}", event.id));
        }
        verdict(seq > self.settled, || format!("{} is older than asked for", event.id))?;
        self.settle(seq - 1, |_| false, truth)?;
        self.settled = seq;
        Ok(())
    }

    fn gap(&mut self, id: EventId, gap: &Gap, truth: &Truth) -> Verdict {
        verdict(gap.to == Some(id), || format!("gap {id} leads to {:?}", gap.to))?;
        if let Some(reason) = self.unusable.take() {
            let selectors: Vec<_> = self.selectors.iter().map(|s| SELECTORS[*s]).collect();
            let expected = Gap {
                topics: selectors.iter().map(ToString::to_string).collect(),
                from: None,
                to: Some(id),
                reason,
            };
            verdict(*gap == expected, || format!("{gap:?} in place of {expected:?}"))?;
            // What follows begins with the oldest there is: nothing before is kept.
            self.settled = 0;
            return self.settle(id.seq, |_| true, truth);
        }
        let reason =
            if id.seq <= self.joined { GapReason::Evicted } else { GapReason::SlowConsumer };
        verdict(gap.reason == reason, || format!("{gap:?} is for {reason:?}"))?;
        let from = gap.from.ok_or("a gap without from")?;
        let is_range = from.epoch == id.epoch && from.seq < id.seq;
        verdict(is_range, || format!("a gap from {from} to {id}"))?;
        let mut topics = Vec::new();
        for name in &gap.topics {
            let topic = TOPICS.iter().position(|topic| topic == name);
            let topic = topic.filter(|t| self.wants(*t) && !is_latest_wins(*t));
            topics.push(topic.ok_or_else(|| format!("{name} can have no gap"))?);
        }
        for topic in &topics {
            // Something of the topic is gone behind `from`, at this place or behind it.
            let mut lost = truth.owed.range(from.seq + 1..).map(|(_, n)| *n);
            let lost = lost.find(|n| truth.events[*n].topic == *topic);
            let unknown = truth
                .events
                .iter()
                .any(|e| e.topic == *topic && !e.acknowledged && e.head.epoch == truth.epoch);
            let is_true = lost.map_or(unknown, |n| unknown || truth.may_be_gone(n));
            let is_true = is_true || self.was_failing;
            verdict(is_true, || format!("{} has lost nothing behind {from}", TOPICS[*topic]))?;
        }
        self.settle(id.seq, |(seq, topic)| seq > from.seq && topics.contains(&topic), truth)
    }

    /// Goes over what is owed up to a number; each must be told lost, and be so.
    fn settle(
        &mut self,
        upto: u64,
        is_told: impl Fn((u64, usize)) -> bool,
        truth: &Truth,
    ) -> Verdict {
        if upto <= self.settled {
            return Ok(());
        }
        for (seq, n) in truth.owed.range(self.settled + 1..=upto) {
            let topic = truth.events[*n].topic;
            if !self.wants(topic) {
                continue;
            }
            verdict(is_told((*seq, topic)), || {
                format!("#{n} ({}, seq {seq}) is lost silently", TOPICS[topic])
            })?;
            verdict(truth.may_be_gone(*n) || self.was_failing, || {
                format!("#{n} ({}, seq {seq}) is told lost, and must be kept", TOPICS[topic])
            })?;
        }
        self.settled = upto;
        Ok(())
    }

    /// It has everything up to the head.
    fn has_all(&mut self, hub: &Hub, truth: &Truth) -> Verdict {
        verdict(self.unusable.is_none(), || "the gap never came".to_owned())?;
        self.settle(hub.head().seq, |_| false, truth)?;
        for topic in (0..TOPICS.len()).filter(|topic| is_latest_wins(*topic)) {
            let (seen, newest) = (self.latest[topic], truth.newest(topic));
            verdict(!self.wants(topic) || seen >= newest, || {
                format!("{} stands at {seen}, not at {newest}", TOPICS[topic])
            })?;
        }
        Ok(())
    }
}
