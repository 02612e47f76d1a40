//! How a hub begins, ends and crashes.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

use futures_util::FutureExt;
use futures_util::future::join;
use tidings_protocol::event::EventId;

use super::super::truth::{PARSED_TOPICS, is_latest_wins, weight};
use super::{Flag, MANY, MOST_BYTES, Step, TOPICS, Verdict, World, verdict};
use crate::hub::{Durability, Hub, Item, Start};
use crate::journal::open_hub;
use crate::store::Store as _;

impl World<'_> {
    /// Everybody comes back, and gets all that is left for them.
    pub(in super::super) fn end(&mut self) -> Verdict {
        self.note(|| "ends".to_owned());
        self.calm();
        for reader in &mut self.readers {
            if reader.subscription.is_none() {
                reader.reconnect(Start::After(reader.position), &self.hub)?;
            }
        }
        for time in [0, 100, 1_000, 61_000, 1_000] {
            self.pass(time);
            for _ in 0..10 {
                self.write()?;
            }
            self.read_all()?;
        }
        verdict(self.publishing.is_empty(), || "a publisher was never told".to_owned())?;
        self.fits()?;
        self.is_bounded()?;
        self.readers.clear();
        let (subscribers, readers) = (self.hub.subscribers(), self.hub.readers());
        verdict((subscribers, readers) == (0, 0), || {
            format!("{subscribers} subscribers and {readers} readers are left behind")
        })?;
        self.forget_all()?;
        self.close()
    }

    /// With its topic goes what is held of it, and nothing else.
    fn forget_all(&mut self) -> Verdict {
        let (held, topics) = (self.hub.held(), self.hub.topics());
        let all = Start::After(EventId { epoch: self.truth.epoch, seq: 0 });
        let selectors = ["metrics/*", "jobs/*"].map(|selector| selector.parse().unwrap());
        let mut latest = self.hub.subscribe(selectors.to_vec(), all);
        let (read, mut cx) = (self.hub.readers(), Context::from_waker(Waker::noop()));
        let mut freed = 0;
        while let Poll::Ready(Some(Item::Event(event))) = latest.poll_next(&mut cx) {
            freed += weight(event.data.len());
        }
        for topic in PARSED_TOPICS.iter() {
            let _ = self.hub.forget(topic).now_or_never();
        }
        let left = (self.hub.held(), self.hub.topics(), self.hub.readers());
        let expected = (held - freed, topics - read, 0);
        verdict(left == expected, || format!("{left:?} are left, not {expected:?}"))
    }

    /// Memory holds what it may, the newest event, and the newest of each latest-wins topic.
    pub(super) fn fits(&self) -> Verdict {
        let latest = (0..TOPICS.len()).filter(|topic| is_latest_wins(*topic)).count();
        let most = self.limits.memory_bytes + (1 + latest) * weight(MOST_BYTES);
        let held = self.hub.held();
        verdict(held <= most, || format!("{held} bytes are in memory; at most {most} may be"))
    }

    /// History keeps to its bounds, but for a sixteenth.
    fn is_bounded(&mut self) -> Verdict {
        let first = EventId { epoch: self.truth.epoch, seq: 0 };
        let mut held = self.hub.subscribe(vec!["*".parse().unwrap()], Start::After(first));
        let mut counts = [0; TOPICS.len()];
        let mut cx = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(item)) = held.poll_next(&mut cx) {
            if let Item::Event(event) = item {
                counts[TOPICS.iter().position(|t| *t == event.topic.as_str()).unwrap()] += 1;
            }
        }
        let most = self.limits.retention.events;
        let most = most + most / 16;
        let fits = counts.iter().all(|count| *count <= most);
        verdict(fits, || format!("{counts:?} events are held; at most {most} may be"))
    }

    pub(super) fn open(&mut self, goes_on: Option<bool>) -> Verdict {
        self.durability = self.rng.one_of(&[Durability::Relaxed, Durability::Durable]);
        let durability = self.durability;
        self.note(|| format!("opens {durability:?}"));
        if let Some(disk) = &self.disk {
            let failing = std::mem::take(&mut self.nature.lock().unwrap().failing);
            let durable = self.durability == Durability::Durable;
            let store = Arc::new(disk.open(durable, Arc::clone(&self.nature)));
            let opening = open_hub(store.clone(), self.limits, self.durability);
            let (hub, writer, keeper) = finish(opening).unwrap();
            let flag = Arc::new(Flag::default());
            Arc::clone(&flag).wake();
            (self.hub, self.store) = (hub, Some(store));
            self.writer = Some((join(writer.run(), keeper.run()).map(|_| ()).boxed(), flag));
            let mut nature = self.nature.lock().unwrap();
            (nature.failing, nature.failed_writes) = (failing, 0);
            (nature.ended, nature.was_to_end) = (false, false);
        } else {
            self.hub = Hub::new(self.limits);
        }
        self.truth.begin(self.hub.head(), goes_on)
    }

    pub(super) fn restart(&mut self, clean: bool) -> Verdict {
        self.note(|| format!("{} and starts again", if clean { "ends" } else { "crashes" }));
        let goes_on = if clean {
            self.close()?;
            let nature = self.nature.lock().unwrap();
            match self.durability {
                _ if self.disk.is_none() => Some(false),
                Durability::Durable => Some(true),
                Durability::Relaxed if nature.ended => Some(true),
                // An end that failed may be on the disk all the same, but none that lacks events.
                Durability::Relaxed => (!nature.was_to_end).then_some(false),
            }
        } else {
            self.publishing.clear();
            self.writer = None;
            Some(self.disk.is_some() && self.durability == Durability::Durable)
        };
        for reader in &mut self.readers {
            reader.subscription = None;
        }
        if let Some(store) = self.store.take() {
            finish(store.close());
        }
        self.open(goes_on)
    }

    /// As a server does that is asked to end.
    fn close(&mut self) -> Verdict {
        self.hub.close();
        for _ in 0..MANY {
            self.write()?;
            if self.writer.is_none() {
                break;
            }
            self.pass(10);
        }
        verdict(self.writer.is_none(), || "the writer does not end".to_owned())?;
        verdict(self.publishing.is_empty(), || "a publisher was never told".to_owned())?;
        for index in 0..self.readers.len() {
            while self.poll(index)? == Step::Item {}
            let is_open = self.readers[index].subscription.is_some();
            verdict(!is_open, || format!("reader {index} does not end"))?;
        }
        Ok(())
    }
}

/// Runs something to its end that waits for nobody else.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut cx = Context::from_waker(Waker::noop());
    for _ in 0..MANY {
        if let Poll::Ready(done) = future.as_mut().poll(&mut cx) {
            return done;
        }
    }
    panic!("it does not end")
}
