//! One subscriber through all its connections, to whichever instance, and what it holds them to.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

use tidings_protocol::event::{EventId, Gap, GapReason};
use tidings_protocol::topic::{Selector, Topic};

use super::fake::{Log, Shared, lock};
use super::{Verdict, verdict};
use crate::hub::{Hub, Item, Start, Subscription};

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
    selector: Selector,
    pub(super) subscription: Option<Subscription>,
    /// Where it resumes.
    pub(super) position: EventId,
    /// All that it is owed up to here it got or was told lost.
    settled: u64,
    /// Of each latest-wins topic, the newest number it has.
    latest: HashMap<Topic, u64>,
    /// Of what it had not asked for, it is owed none of latest-wins topics either.
    asked: u64,
    /// Its cursor is made up: it may be told so.
    is_made_up: bool,
    /// Its cursor is of another log than its instance has.
    is_behind: bool,
    /// It asked for what was there before as well.
    is_recent: bool,
    woken: Arc<Flag>,
    is_idle: bool,
}

impl Reader {
    pub(super) fn connect(selector: Selector, start: Start, hub: &Hub, log: &Log) -> Self {
        let mut reader = Self {
            selector,
            subscription: None,
            position: hub.head(),
            settled: 0,
            latest: HashMap::new(),
            asked: 0,
            is_made_up: false,
            is_behind: false,
            is_recent: false,
            woken: Arc::default(),
            is_idle: false,
        };
        if let Start::After(id) = start {
            reader.position = id;
            // Of no event that ever was, nor of a number that was passed over.
            reader.is_made_up = id.epoch == log.epoch && id.seq > log.seq;
        }
        reader.join(start, hub);
        reader
    }

    /// Connects anew, as a client does that knows nothing but its cursor.
    pub(super) fn reconnect(&mut self, hub: &Hub) {
        self.join(Start::After(self.position), hub);
    }

    fn join(&mut self, start: Start, hub: &Hub) {
        let subscription = hub.subscribe(vec![self.selector.clone()], start);
        let position = subscription.position();
        if matches!(start, Start::Fresh | Start::Recent(_)) || position.epoch == self.position.epoch
        {
            self.position = position;
            (self.settled, self.asked) = (position.seq, position.seq);
        }
        self.is_recent = matches!(start, Start::Recent(_));
        if self.is_recent {
            self.settled = hub.head().seq;
        }
        // An instance that has not heard yet that there is another log takes a cursor of that for one of no log.
        self.is_behind = position.epoch != self.position.epoch;
        self.is_idle = false;
        self.subscription = Some(subscription);
    }

    /// Polls once. Whether there was something.
    pub(super) fn poll(&mut self, log: &Shared) -> Verdict<bool> {
        let Some(subscription) = &mut self.subscription else { return Ok(false) };
        let slept = self.is_idle && !self.woken.take();
        let waker = Waker::from(Arc::clone(&self.woken));
        let polled = subscription.poll_next(&mut Context::from_waker(&waker));
        self.is_idle = polled.is_pending();
        verdict(!slept || polled.is_pending(), || format!("nobody woke it for {polled:?}"))?;
        let item = match polled {
            Poll::Pending => return Ok(false),
            Poll::Ready(None) => return Err("the stream ended by itself".to_owned()),
            Poll::Ready(Some(item)) => item,
        };
        let log = lock(log);
        let id = item.id();
        match &item {
            Item::Event(event) => {
                let known = log.history.get(&(id.epoch, id.seq));
                let text = std::str::from_utf8(&event.data).unwrap();
                let is_true =
                    known.is_some_and(|(topic, data)| *topic == event.topic && data == text);
                verdict(is_true, || format!("{item:?} never was in a log"))?;
                verdict(self.selector.matches(&event.topic), || {
                    format!("{item:?} is unasked for")
                })?;
                self.follows(id)?;
                // Of what was there before, a reader who asked for the recent gets a part.
                if id.seq > self.settled || !self.is_recent {
                    self.settle(id.seq - 1, |_, _| false, &log)?;
                    self.settled = id.seq;
                }
                self.latest.insert(event.topic.clone(), id.seq);
            }
            Item::Gap(_, gap) => self.gap(id, gap, &log)?,
        }
        self.position = id;
        let known = self.subscription.as_ref().map(Subscription::position);
        verdict(known == Some(id), || format!("position {known:?} behind {id}"))?;
        Ok(true)
    }

    fn follows(&self, id: EventId) -> Verdict {
        let Self { position, .. } = self;
        verdict(id.epoch == position.epoch && id.seq > position.seq, || {
            format!("{id} follows {position}")
        })
    }

    fn gap(&mut self, id: EventId, gap: &Gap, log: &Log) -> Verdict {
        verdict(gap.to == Some(id), || format!("gap {id} leads to {:?}", gap.to))?;
        if gap.reason == GapReason::UnknownEpoch {
            let is_due = id.epoch != self.position.epoch || self.is_made_up || self.is_behind;
            verdict(is_due, || format!("{} is told unknown at {id}", self.position))?;
            verdict(gap.from.is_none(), || format!("{gap:?} knows where it begins"))?;
            (self.is_made_up, self.is_behind) = (false, false);
            (self.position, self.settled, self.asked) = (id, 0, id.seq);
            self.latest.clear();
            // What follows begins with the oldest there is.
            return self.settle(id.seq, |_, _| true, log);
        }
        self.follows(id)?;
        let from = gap.from.ok_or("a gap without from")?;
        // It may have gone on where there was nothing for it.
        let is_behind = from.epoch == id.epoch && (self.position.seq..id.seq).contains(&from.seq);
        verdict(is_behind, || format!("a gap from {from} at {}", self.position))?;
        let is_told =
            |seq: u64, topic: &str| seq > from.seq && gap.topics.iter().any(|t| t == topic);
        self.settle(id.seq, is_told, log)
    }

    /// Goes over what is owed up to a number; each must be told lost, and be gone.
    fn settle(&mut self, upto: u64, is_told: impl Fn(u64, &str) -> bool, log: &Log) -> Verdict {
        if upto <= self.settled {
            return Ok(());
        }
        let epoch = self.position.epoch;
        for (&(_, seq), (topic, _)) in log.history.range((epoch, self.settled + 1)..=(epoch, upto))
        {
            if !self.selector.matches(topic)
                || topic.is_latest_wins()
                || log.lost.contains(&(epoch, seq))
            {
                continue;
            }
            verdict(is_told(seq, topic.as_str()), || format!("{seq} of {topic} is lost silently"))?;
            // Of a log that is gone nobody knows any more.
            let is_gone = epoch != log.epoch || log.evicted.get(topic).is_some_and(|e| *e >= seq);
            verdict(is_gone, || format!("{seq} of {topic} is told lost, and is there"))?;
        }
        self.settled = upto;
        Ok(())
    }

    /// It has everything.
    pub(super) fn has_all(&mut self, log: &Shared) -> Verdict {
        let log = lock(log);
        let position = self.subscription.as_ref().map_or(self.position, Subscription::position);
        verdict(position.epoch == log.epoch && !self.is_made_up, || {
            format!("it stands at {position}, and the log's epoch is {:08x}", log.epoch)
        })?;
        for (topic, latest) in log.latest.iter().filter(|(topic, _)| self.selector.matches(topic)) {
            let newest = latest.event.id.seq;
            let seen = self.latest.get(topic).copied().unwrap_or(0);
            let is_owed = newest > self.asked && !log.is_forgotten(topic, newest);
            verdict(!is_owed || seen == newest, || {
                format!("{topic} stands at {seen}, not at {newest}")
            })?;
        }
        self.settle(log.seq, |_, _| false, &log)
    }
}
