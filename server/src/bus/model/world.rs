//! Two instances on one log, publishers and readers, moved on one step at a time.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake as _, Waker};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, LocalBoxFuture};
use tidings_protocol::event::{EventId, EventType};
use tokio::runtime::Runtime;

use super::fake::{FakeBus, Log, Shared, lock};
use super::reader::{Flag, Reader};
use super::{Verdict, verdict};
use crate::clock;
use crate::hub::{Hub, HubLimits, PublishError, Retention, Start};
use crate::journal::model::rng::Rng;

const TOPICS: [&str; 7] = ["a/x", "a/y", "b", "c", "jobs/u~1", "jobs/u~2", "jobs/v~1"];
const SELECTORS: [&str; 7] = ["*", "a/*", "b", "a/x", "jobs/*", "jobs/u~*", "jobs/v~1"];
const MOST_READERS: usize = 5;

/// More turns than anything takes that goes on at all.
const MANY: usize = 10_000;

/// Longest a publisher is kept waiting, in ms: its patience, and a step of the clock.
const PATIENCE: u64 = 1_800 + 700;

type Publishing = (usize, u64, LocalBoxFuture<'static, Result<EventId, PublishError>>);

struct Instance {
    hub: Hub,
    follower: BoxFuture<'static, ()>,
    flag: Arc<Flag>,
}

pub(super) struct World<'a> {
    rng: Rng,
    runtime: &'a Runtime,
    log: Shared,
    instances: Vec<Instance>,
    publishing: Vec<Publishing>,
    forgetting: Vec<LocalBoxFuture<'static, ()>>,
    readers: Vec<(usize, Reader)>,
    published: usize,
    now: u64,
    /// Publications whose publishers were told that they are not taken.
    refused: Vec<usize>,
    /// Places that publishers were told.
    acknowledged: Vec<EventId>,
    /// What was done, if somebody wants to know.
    pub(super) trace: Option<Vec<String>>,
}

impl<'a> World<'a> {
    pub(super) fn new(seed: u64, runtime: &'a Runtime) -> Self {
        let mut rng = Rng(seed);
        let mut log = Log::new(Rng(rng.next()));
        let (slow, failing) = (log.slow, log.failing);
        (log.slow, log.failing) = (0, 0);
        let log = Arc::new(Mutex::new(log));
        let limits = HubLimits {
            retention: Retention { events: 1_000, ..Retention::default() },
            memory_events: rng.one_of(&[1, 2, 5, 1_000]),
            memory_bytes: rng.one_of(&[800, 2_500, 1 << 20]),
            topics: TOPICS.len(),
        };
        clock::fix(1_000_000_000);
        let _guard = runtime.enter();
        let instances = (0..2).map(|instance| {
            let bus = FakeBus { log: Arc::clone(&log), instance, run: Mutex::new(0) };
            let joined = Hub::join(limits, Arc::new(bus)).now_or_never().unwrap().unwrap();
            let (hub, follower) = (joined.0, joined.1.seeded(rng.next()));
            let flag = Arc::new(Flag::default());
            Arc::clone(&flag).wake();
            Instance { hub, follower: follower.run().boxed(), flag }
        });
        let instances = instances.collect();
        (lock(&log).slow, lock(&log).failing) = (slow, failing);
        Self {
            rng,
            runtime,
            log,
            instances,
            publishing: Vec::new(),
            forgetting: Vec::new(),
            readers: Vec::new(),
            published: 0,
            now: 0,
            refused: Vec::new(),
            acknowledged: Vec::new(),
            trace: None,
        }
    }

    /// One step of somebody.
    pub(super) fn step(&mut self) -> Verdict {
        match self.rng.below(100) {
            0..30 => self.publish()?,
            30..52 => self.follow()?,
            52..72 => self.read()?,
            72..80 => {
                let time = self.rng.one_of(&[10, 100, 500, 700]);
                self.pass(time)?;
            }
            80..88 => self.connect(),
            88..90 => self.disconnect(),
            90..91 => self.forget()?,
            91..93 => {
                let count = 1 + self.rng.below(3);
                self.note(|| format!("the log lets go of {count}"));
                lock(&self.log).trim(count);
            }
            93..95 => {
                let mut log = lock(&self.log);
                log.is_down = !log.is_down;
                let is_down = log.is_down;
                log.wake();
                drop(log);
                self.note(|| format!("the log is away: {is_down}"));
            }
            95..96 => {
                let lost = self.rng.below(3);
                self.note(|| format!("the log is started anew, without its last {lost}"));
                lock(&self.log).restart(lost);
                lock(&self.log).wake();
            }
            96 => {
                self.note(|| "the log is emptied".to_owned());
                lock(&self.log).flush();
            }
            97 => lock(&self.log).carry_out_late(),
            98 => self.give_up(),
            _ => self.read_all()?,
        }
        self.is_true()
    }

    fn publish(&mut self) -> Verdict {
        let (n, topic) = (self.published, self.rng.below(TOPICS.len()));
        self.published += 1;
        let at = self.rng.below(self.instances.len());
        self.note(|| format!("publishes #{n} to {} at {at}", TOPICS[topic]));
        let hub = self.instances[at].hub.clone();
        let publishing = async move {
            let topic = TOPICS[topic].parse().unwrap();
            hub.publish(&topic, EventType::update(), Bytes::from(n.to_string())).await
        };
        self.publishing.push((n, self.now, publishing.boxed_local()));
        self.hear()
    }

    /// Publishers hear what became of their events.
    fn hear(&mut self) -> Verdict {
        let _guard = self.runtime.enter();
        let mut cx = Context::from_waker(Waker::noop());
        self.forgetting.retain_mut(|forgetting| forgetting.as_mut().poll(&mut cx).is_pending());
        let mut index = 0;
        while index < self.publishing.len() {
            let (n, since, publishing) = &mut self.publishing[index];
            let (n, waited) = (*n, self.now - *since);
            let polled = publishing.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            let Poll::Ready(told) = polled else {
                verdict(waited <= PATIENCE, || format!("#{n} waits since {waited} ms"))?;
                index += 1;
                continue;
            };
            drop(self.publishing.remove(index));
            self.note(|| format!("  #{n} is {told:?}"));
            match told {
                Ok(id) => {
                    let log = lock(&self.log);
                    let known = log.history.get(&(id.epoch, id.seq)).map(|(_, data)| data);
                    verdict(known == Some(&n.to_string()), || format!("#{n} is not at {id}"))?;
                    self.acknowledged.push(id);
                }
                Err(PublishError::Unconfirmed) => {}
                Err(PublishError::Unavailable) => self.refused.push(n),
                Err(error) => return Err(format!("#{n} was refused: {error}")),
            }
        }
        Ok(())
    }

    /// An instance has a topic forgotten, of whatever kind.
    fn forget(&mut self) -> Verdict {
        let (at, topic) = (self.rng.below(self.instances.len()), self.rng.below(TOPICS.len()));
        self.note(|| format!("forgets {} at {at}", TOPICS[topic]));
        let hub = self.instances[at].hub.clone();
        let topic = TOPICS[topic].parse().unwrap();
        lock(&self.log).note_forgotten(&topic);
        let forgetting = async move { hub.forget(&topic).await };
        self.forgetting.push(forgetting.boxed_local());
        // It goes from the hub at once.
        self.hear()
    }

    /// A publisher hangs up.
    fn give_up(&mut self) {
        if !self.publishing.is_empty() {
            let index = self.rng.below(self.publishing.len());
            drop(self.publishing.remove(index));
        }
    }

    /// An instance takes a few turns, if it is woken.
    fn follow(&mut self) -> Verdict {
        let at = self.rng.below(self.instances.len());
        for _ in 0..=self.rng.below(6) {
            let Instance { follower, flag, hub } = &mut self.instances[at];
            if !flag.take() {
                break;
            }
            let waker = Waker::from(Arc::clone(flag));
            let guard = self.runtime.enter();
            let ended = Pin::new(follower).poll(&mut Context::from_waker(&waker)).is_ready();
            drop(guard);
            verdict(!ended, || format!("instance {at} ended by itself"))?;
            let head = hub.head();
            self.note(|| format!("instance {at} moves, to {head}"));
            self.hear()?;
        }
        Ok(())
    }

    fn pass(&mut self, ms: u64) -> Verdict {
        self.note(|| format!("{ms} ms pass"));
        self.now += ms;
        self.runtime.block_on(tokio::time::advance(Duration::from_millis(ms)));
        self.hear()
    }

    fn connect(&mut self) {
        let at = self.rng.below(self.instances.len());
        let gone = self.readers.iter().position(|(_, reader)| reader.subscription.is_none());
        if let Some(index) = gone
            && self.rng.percent(70)
        {
            self.note(|| format!("reader {index} comes back, to {at}"));
            let (instance, reader) = &mut self.readers[index];
            *instance = at;
            return reader.reconnect(&self.instances[at].hub);
        }
        let selector = SELECTORS[self.rng.below(SELECTORS.len())];
        let hub = &self.instances[at].hub;
        let log = lock(&self.log);
        let end = EventId { epoch: log.epoch, seq: log.seq };
        let start = match self.rng.below(10) {
            0..2 => Start::Fresh,
            2..4 => Start::Recent(1 + self.rng.below(20)),
            4..8 => Start::After(EventId { seq: self.rng.next() % (end.seq + 1), ..end }),
            8 => Start::After(EventId { seq: end.seq + 1_000, ..end }),
            _ => Start::After(EventId { epoch: end.epoch ^ 1, ..end }),
        };
        let reader = Reader::connect(selector.parse().unwrap(), start, hub, &log);
        drop(log);
        self.note(|| format!("a reader of {selector} connects to {at} with {start:?}"));
        if self.readers.len() == MOST_READERS {
            let index = self.rng.below(MOST_READERS);
            self.readers.swap_remove(index);
        }
        self.readers.push((at, reader));
    }

    fn disconnect(&mut self) {
        if !self.readers.is_empty() {
            let index = self.rng.below(self.readers.len());
            self.note(|| format!("reader {index} goes"));
            self.readers[index].1.subscription = None;
        }
    }

    fn read(&mut self) -> Verdict {
        if self.readers.is_empty() {
            return Ok(());
        }
        let index = self.rng.below(self.readers.len());
        for _ in 0..=self.rng.below(4) {
            if !self.poll(index)? {
                break;
            }
        }
        Ok(())
    }

    fn poll(&mut self, index: usize) -> Verdict<bool> {
        let guard = self.runtime.enter();
        let (at, reader) = &mut self.readers[index];
        let (at, before) = (*at, reader.position);
        let found = reader.poll(&self.log);
        let after = reader.position;
        drop(guard);
        self.note(|| format!("reader {index} at {at} reads: {found:?}, from {before} to {after}"));
        found.map_err(|why| format!("reader {index}: {why}"))
    }

    fn read_all(&mut self) -> Verdict {
        for index in 0..self.readers.len() {
            for turn in 0..MANY {
                verdict(turn + 1 < MANY, || format!("reader {index} never comes to an end"))?;
                if !self.poll(index)? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Nothing was taken twice, and nothing whose publisher was told that it is not.
    fn is_true(&self) -> Verdict {
        let mut places = HashMap::new();
        let log = lock(&self.log);
        // What a restart has lost may be sent again.
        for (id, (_, data)) in log.history.iter().filter(|(id, _)| !log.lost.contains(id)) {
            let n: usize = data.parse().unwrap();
            let before = places.insert(n, *id);
            verdict(before.is_none(), || format!("#{n} is at {before:?} and at {id:?}"))?;
            verdict(!self.refused.contains(&n), || format!("#{n} was refused, and is at {id:?}"))?;
        }
        Ok(())
    }

    /// Everybody comes back, and gets all that is left for them.
    pub(super) fn end(&mut self) -> Verdict {
        self.note(|| "ends".to_owned());
        {
            let mut log = lock(&self.log);
            (log.slow, log.failing, log.is_down) = (0, 0, false);
            log.carry_out_late();
        }
        for (at, reader) in &mut self.readers {
            if reader.subscription.is_none() {
                reader.reconnect(&self.instances[*at].hub);
            }
        }
        // Publishers, an attempt that hangs, back-off, and looks at the log's end.
        for _ in 0..40 {
            self.pass(200)?;
            for _ in 0..15 {
                self.follow()?;
            }
            self.read_all()?;
        }
        verdict(self.publishing.is_empty(), || "a publisher was never told".to_owned())?;
        verdict(self.forgetting.is_empty(), || "it is never forgotten".to_owned())?;
        let log = Arc::clone(&self.log);
        for (index, (_, reader)) in self.readers.iter_mut().enumerate() {
            reader.has_all(&log).map_err(|why| format!("reader {index} at the end: {why}"))?;
        }
        self.readers.clear();
        {
            let log = lock(&self.log);
            // Readers hear of it by the epoch: none that goes on in this one has been told.
            let is_silent =
                |id: &&EventId| id.epoch == log.epoch && log.lost.contains(&(id.epoch, id.seq));
            let silent = self.acknowledged.iter().find(is_silent);
            verdict(silent.is_none(), || {
                format!("{silent:?} was acknowledged, and is lost silently")
            })?;
        }
        for Instance { hub, .. } in &self.instances {
            verdict(hub.away_since().is_none(), || "the bus is thought away".to_owned())?;
            let left = (hub.subscribers(), hub.readers());
            verdict(left == (0, 0), || format!("{left:?} are left behind"))?;
        }
        self.is_true()?;
        self.close()
    }

    fn close(&mut self) -> Verdict {
        for Instance { hub, .. } in &self.instances {
            hub.close();
        }
        for (at, Instance { follower, .. }) in self.instances.iter_mut().enumerate() {
            let _guard = self.runtime.enter();
            let mut cx = Context::from_waker(Waker::noop());
            let ended = (0..MANY).any(|_| Pin::new(&mut *follower).poll(&mut cx).is_ready());
            verdict(ended, || format!("instance {at} does not end"))?;
        }
        Ok(())
    }

    fn note(&mut self, what: impl FnOnce() -> String) {
        if let Some(trace) = &mut self.trace {
            trace.push(what());
        }
    }
}
