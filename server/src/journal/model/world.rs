//! A hub with its journal, publishers and readers, moved on one step at a time.

mod ends;

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use tidings_protocol::event::{EventId, EventType};
use tokio::runtime::Runtime;

use super::disk::{Disk, FaultyStore, Nature};
use super::reader::{Flag, Journal, Reader, Step};
use super::rng::Rng;
use super::truth::{
    PARSED_TOPICS, Published, SELECTORS, TOPICS, Truth, Verdict, is_latest_wins, verdict,
};
use crate::clock;
use crate::hub::{Durability, Hub, HubLimits, PublishError, Retention, Start};

/// How long a publisher waits for the journal, in ms.
const PATIENCE: u64 = 10_000;

/// More turns than anything takes that goes on at all.
const MANY: usize = 10_000;

const MOST_READERS: usize = 5;

/// Largest payload.
const MOST_BYTES: usize = 30;

type Publishing = (usize, LocalBoxFuture<'static, Result<EventId, PublishError>>);

pub(super) struct World<'a> {
    pub(super) rng: Rng,
    runtime: &'a Runtime,
    disk: Option<Disk>,
    nature: Arc<Mutex<Nature>>,
    limits: HubLimits,
    truth: Truth,
    hub: Hub,
    durability: Durability,
    store: Option<Arc<FaultyStore>>,
    writer: Option<(BoxFuture<'static, ()>, Arc<Flag>)>,
    publishing: Vec<Publishing>,
    readers: Vec<Reader>,
    /// What was done, if somebody wants to know.
    pub(super) trace: Option<Vec<String>>,
}

impl<'a> World<'a> {
    pub(super) fn new(seed: u64, runtime: &'a Runtime, disk: Option<Disk>) -> Verdict<Self> {
        let mut rng = Rng(seed);
        let large = 10_000;
        let retention = Retention {
            events: rng.one_of(&[1, 2, 3, 5, 20, large]),
            bytes: rng.one_of(&[20, 60, large, large, large]),
            age: Duration::from_secs(rng.one_of(&[30, 3_600, 3_600])),
        };
        let limits = HubLimits {
            retention,
            memory_events: rng.one_of(&[1, 2, 3, 10, large]),
            // Of one event, of a few, of all.
            memory_bytes: rng.one_of(&[800, 2_500, 6_000, 1 << 20, 1 << 20, 1 << 20]),
            topics: TOPICS.len(),
        };
        let nature = Nature {
            rng: Rng(rng.next()),
            slow: rng.one_of(&[0, 20, 60]),
            failing: rng.one_of(&[0, 0, 5, 20]),
            can_be_read: false,
            is_away: false,
            waited: 0,
            unanswered: 0,
            failed: 0,
            failed_writes: 0,
            ended: false,
            was_to_end: false,
            hangs: false,
        };
        let memory = disk.is_none().then_some(limits.memory_bytes);
        let now = 1_000_000_000;
        clock::fix(now);
        let mut world = Self {
            truth: Truth::new(retention, memory, now),
            nature: Arc::new(Mutex::new(nature)),
            hub: Hub::new(limits),
            durability: Durability::Relaxed,
            store: None,
            writer: None,
            publishing: Vec::new(),
            readers: Vec::new(),
            trace: None,
            rng,
            runtime,
            disk,
            limits,
        };
        world.open(None)?;
        Ok(world)
    }

    /// One step of somebody.
    pub(super) fn step(&mut self) -> Verdict {
        match self.rng.below(100) {
            0..40 => self.publish()?,
            40..67 => self.read()?,
            67..77 => self.write()?,
            77..82 => {
                let time = self.rng.one_of(&[100, 100, 1_000, 1_000, 20_000, 61_000]);
                self.pass(time);
                self.write()?;
            }
            82..90 => self.connect()?,
            90..92 => self.disconnect(),
            92..94 => self.forget(),
            94..95 => {
                self.note(|| "sweeps".to_owned());
                self.hub.sweep();
            }
            95..97 => self.give_up(),
            97..98 => self.restart(true)?,
            98 => self.restart(false)?,
            _ => self.read_all()?,
        }
        let open = self.readers.iter().filter(|reader| reader.subscription.is_some()).count();
        let counted = self.hub.subscribers();
        verdict(counted == open, || format!("{counted} subscribers are counted, not {open}"))?;
        // With a journal, once that has what was published.
        if self.disk.is_none() { self.fits() } else { Ok(()) }
    }

    fn publish(&mut self) -> Verdict {
        let (n, topic) = (self.truth.events.len(), self.rng.below(TOPICS.len()));
        let bytes = self.rng.one_of(&[4, 10, MOST_BYTES]);
        self.note(|| format!("publishes #{n} to {}", TOPICS[topic]));
        let data = Bytes::from(format!("{n:bytes$}"));
        let (bytes, at, head) = (data.len(), self.truth.now, self.hub.head());
        let event = Published { topic, bytes, at, head, id: None, acknowledged: false };
        self.truth.events.push(event);
        let hub = self.hub.clone();
        let publishing =
            async move { hub.publish(&PARSED_TOPICS[topic], EventType::update(), data).await };
        self.publishing.push((n, publishing.boxed_local()));
        self.hear()
    }

    /// Publishers hear what became of their events.
    fn hear(&mut self) -> Verdict {
        let _guard = self.runtime.enter();
        let mut index = 0;
        while index < self.publishing.len() {
            let (n, publishing) = &mut self.publishing[index];
            let polled = publishing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(told) = polled else {
                index += 1;
                continue;
            };
            let n = *n;
            let waited = self.truth.now - self.truth.events[n].at;
            drop(self.publishing.remove(index));
            let failing = self.nature.lock().unwrap().failed_writes > 0;
            match told {
                Ok(id) => {
                    self.note(|| format!("  #{n} is {id}"));
                    self.truth.acknowledge(n, id, self.hub.head())?;
                }
                Err(PublishError::Unconfirmed) if failing || waited >= PATIENCE => {}
                Err(error) => return Err(format!("#{n} was refused: {error}")),
            }
        }
        Ok(())
    }

    /// Somebody has a topic forgotten, of whatever kind.
    fn forget(&mut self) {
        let topic = self.rng.below(TOPICS.len());
        self.note(|| format!("forgets {}", TOPICS[topic]));
        // There is no bus to wait for.
        let _ = self.hub.forget(&PARSED_TOPICS[topic]).now_or_never();
        if is_latest_wins(topic) {
            self.truth.forget(topic);
        }
    }

    /// A publisher hangs up.
    fn give_up(&mut self) {
        if !self.publishing.is_empty() {
            let index = self.rng.below(self.publishing.len());
            drop(self.publishing.remove(index));
        }
    }

    /// The journal's task takes a few turns, if it is woken.
    fn write(&mut self) -> Verdict {
        for _ in 0..=self.rng.below(4) {
            let Some((writer, flag)) = &mut self.writer else { break };
            if !flag.take() {
                break;
            }
            let waker = Waker::from(Arc::clone(flag));
            let guard = self.runtime.enter();
            let ended = Pin::new(writer).poll(&mut Context::from_waker(&waker)).is_ready();
            drop(guard);
            if ended {
                self.writer = None;
            }
            let nature = self.nature.lock().unwrap();
            let failed = nature.failed_writes;
            drop(nature);
            self.note(|| format!("the writer moves; {failed} writes have failed"));
            self.hear()?;
        }
        Ok(())
    }

    fn pass(&mut self, ms: u64) {
        self.note(|| format!("{ms} ms pass"));
        self.truth.now += ms;
        clock::fix(self.truth.now);
        if self.writer.is_some() {
            self.runtime.block_on(tokio::time::advance(Duration::from_millis(ms)));
        }
    }

    fn connect(&mut self) -> Verdict {
        let gone = self.readers.iter().position(|reader| reader.subscription.is_none());
        if let Some(index) = gone
            && self.rng.percent(70)
        {
            self.note(|| format!("reader {index} comes back"));
            let reader = &mut self.readers[index];
            return reader.reconnect(Start::After(reader.position), &self.hub);
        }
        let selectors = (0..=self.rng.below(3)).map(|_| self.rng.below(SELECTORS.len())).collect();
        let head = self.hub.head();
        let start = match self.rng.below(10) {
            0..2 => Start::Fresh,
            2..4 => Start::Recent(1 + self.rng.below(20)),
            4..7 => Start::After(EventId { seq: self.rng.next() % (head.seq + 1), ..head }),
            7 => Start::After(EventId { seq: head.seq + 1, ..head }),
            8 => Start::After(EventId { epoch: head.epoch ^ 1, ..head }),
            _ => Start::Malformed,
        };
        self.note(|| format!("a reader of {selectors:?} connects with {start:?}"));
        if self.readers.len() == MOST_READERS {
            let index = self.rng.below(MOST_READERS);
            self.readers.swap_remove(index);
        }
        self.readers.push(Reader::connect(selectors, start, &self.hub)?);
        Ok(())
    }

    fn disconnect(&mut self) {
        if !self.readers.is_empty() {
            let index = self.rng.below(self.readers.len());
            self.note(|| format!("reader {index} goes"));
            self.readers[index].subscription = None;
        }
    }

    fn read(&mut self) -> Verdict {
        if self.readers.is_empty() {
            return Ok(());
        }
        let index = self.rng.below(self.readers.len());
        for _ in 0..=self.rng.below(4) {
            if self.poll(index)? != Step::Item {
                break;
            }
        }
        Ok(())
    }

    /// Everybody reads on, until nobody finds anything.
    fn read_all(&mut self) -> Verdict {
        for index in 0..self.readers.len() {
            let mut waited = u64::MAX;
            for _ in 0..MANY {
                let before = self.nature.lock().unwrap().waited;
                let step = self.poll(index)?;
                waited = self.nature.lock().unwrap().waited - before;
                if step == Step::Ended || (step == Step::Nothing && waited == 0) {
                    break;
                }
            }
            verdict(waited == 0 || self.readers[index].subscription.is_none(), || {
                format!("reader {index} never comes to an end")
            })?;
        }
        Ok(())
    }

    fn poll(&mut self, index: usize) -> Verdict<Step> {
        let nature = Arc::clone(&self.nature);
        let journal = || {
            let nature = nature.lock().unwrap();
            Journal { waited: nature.waited, failed: nature.failed, unanswered: nature.unanswered }
        };
        // Who waits for a journal does so by this clock.
        let _guard = self.runtime.enter();
        let closed = self.writer.is_none() && self.disk.is_some();
        let reader = &mut self.readers[index];
        let before = reader.position;
        let step = reader.poll(&self.hub, &mut self.truth, journal, closed || self.disk.is_none());
        let after = reader.position;
        self.note(|| format!("reader {index} reads: {step:?}, from {before} to {after}"));
        step
    }

    fn calm(&mut self) {
        let mut nature = self.nature.lock().unwrap();
        (nature.slow, nature.failing) = (0, 0);
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(what());
        }
    }
}
