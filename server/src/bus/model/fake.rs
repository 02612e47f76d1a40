//! A log that instances share, in memory: slow, failing and forgetful as chance will have it.

mod session;

use std::collections::{BTreeMap, HashMap};
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Poll, Waker};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tidings_protocol::event::EventId;
use tidings_protocol::topic::Topic;

use crate::hub::{
    Bus, BusError, Event, Opened, Outgoing, Recovered, RecoveredTopic, Refusal, Standing,
};
use crate::journal::model::rng::Rng;
use session::FakeSession;

/// How far numbers jump when the log was started anew.
const JUMP: u64 = 100;

/// What stands in the log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) rng: Rng,
    pub(super) epoch: u32,
    pub(super) seq: u64,
    pub(super) entries: Vec<Entry>,
    /// Newest number of each topic that is gone.
    pub(super) evicted: BTreeMap<Topic, u64>,
    trimmed: u64,
    newest: BTreeMap<Topic, u64>,
    /// Newest event of each latest-wins topic.
    pub(super) latest: BTreeMap<Topic, Entry>,
    /// Where the log ended when an instance let go of a topic.
    forgotten: BTreeMap<Topic, (u32, u64)>,
    /// What each run began with.
    runs: Vec<u64>,
    sessions: HashMap<usize, u64>,
    pub(super) is_down: bool,
    /// Chance in percent that an operation takes one more turn, and that it fails.
    pub(super) slow: usize,
    pub(super) failing: usize,
    /// What is carried out later, though nobody hears of it.
    late: Vec<(usize, u64, Outgoing)>,
    /// Every event that ever was in a log, with its payload.
    pub(super) history: BTreeMap<(u32, u64), (Topic, String)>,
    /// Of these, what a restart has lost.
    pub(super) lost: Vec<(u32, u64)>,
    wakers: Vec<Waker>,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) event: Arc<Event>,
    from: (usize, u64),
}

impl Entry {
    fn is_latest_wins(&self) -> bool {
        self.event.topic.is_latest_wins()
    }
}

pub(super) type Shared = Arc<Mutex<Log>>;

#[derive(Debug)]
pub(super) struct FakeBus {
    pub(super) log: Shared,
    pub(super) instance: usize,
    /// The run of its last session, from 1.
    pub(super) run: Mutex<usize>,
}

enum Outcome {
    Done,
    Failed,
    /// Happened, and the answer is lost.
    Unheard,
    /// Will happen, and nobody hears of it.
    Late,
}

impl Log {
    pub(super) fn new(mut rng: Rng) -> Self {
        Self {
            epoch: rng.next() as u32,
            seq: 0,
            entries: Vec::new(),
            evicted: BTreeMap::new(),
            trimmed: 0,
            newest: BTreeMap::new(),
            latest: BTreeMap::new(),
            forgotten: BTreeMap::new(),
            runs: vec![0],
            sessions: HashMap::new(),
            is_down: false,
            slow: rng.one_of(&[0, 20, 60]),
            failing: rng.one_of(&[0, 2, 10]),
            late: Vec::new(),
            history: BTreeMap::new(),
            lost: Vec::new(),
            wakers: Vec::new(),
            rng,
        }
    }

    fn begin_epoch(&mut self) {
        self.epoch = self.rng.next() as u32;
        (self.seq, self.trimmed) = (0, 0);
        self.entries.clear();
        self.evicted.clear();
        self.newest.clear();
        self.latest.clear();
        // What was sent to another log is refused, whenever it comes.
        self.sessions.clear();
        let run = self.runs.len();
        self.runs = vec![0; run];
    }

    /// As `FLUSHALL` does.
    pub(super) fn flush(&mut self) {
        self.begin_epoch();
        self.wake();
    }

    /// Is started anew, without its last events.
    pub(super) fn restart(&mut self, lost: usize) {
        for _ in 0..lost.min(self.entries.len()) {
            if let Some(entry) = self.entries.pop() {
                let id = entry.event.id;
                self.lost.push((id.epoch, id.seq));
                self.seq = id.seq - 1;
                self.latest.retain(|_, latest| latest.event.id.seq < id.seq);
            }
        }
        self.newest = self.evicted.clone();
        for Entry { event, .. } in self.entries.iter().filter(|entry| !entry.is_latest_wins()) {
            self.newest.insert(event.topic.clone(), event.id.seq);
        }
        self.runs.push(self.seq);
        self.seq += JUMP;
        self.late.clear();
    }

    /// Lets go of the newest event of a latest-wins topic.
    pub(super) fn forget(&mut self, topic: &Topic) {
        self.latest.remove(topic);
    }

    /// Notes that an instance lets go of a topic, whether the log does so or not.
    pub(super) fn note_forgotten(&mut self, topic: &Topic) {
        self.forgotten.insert(topic.clone(), (self.epoch, self.seq));
    }

    /// Whether some instance may have let go of this event.
    pub(super) fn is_forgotten(&self, topic: &Topic, seq: u64) -> bool {
        self.forgotten.get(topic).is_some_and(|end| self.epoch == end.0 && seq <= end.1)
    }

    /// Lets go of the oldest.
    pub(super) fn trim(&mut self, count: usize) {
        for entry in self.entries.drain(..count.min(self.entries.len())) {
            // Of these nobody is told.
            if entry.is_latest_wins() {
                continue;
            }
            let event = entry.event;
            self.evicted.insert(event.topic.clone(), event.id.seq);
            self.trimmed = event.id.seq;
        }
    }

    pub(super) fn carry_out_late(&mut self) {
        for (instance, session, event) in std::mem::take(&mut self.late) {
            let _ = self.add(instance, session, &event);
        }
    }

    fn add(&mut self, instance: usize, session: u64, event: &Outgoing) -> Result<EventId, Refusal> {
        if self.is_down {
            return Err(Refusal::Unclear);
        }
        if self.sessions.get(&instance) != Some(&session) {
            return Err(Refusal::Ended);
        }
        self.seq += 1;
        let id = EventId { epoch: self.epoch, seq: self.seq };
        let text = String::from_utf8(event.data.to_vec()).unwrap();
        self.history.insert((id.epoch, id.seq), (event.topic.clone(), text));
        let Outgoing { topic, kind, data, nonce, .. } = event.clone();
        let event = Arc::new(Event::new(id, topic.clone(), kind, 1, data));
        let entry = Entry { event, from: (instance, nonce) };
        if entry.is_latest_wins() {
            self.latest.insert(topic, entry.clone());
        } else {
            self.newest.insert(topic, id.seq);
        }
        self.entries.push(entry);
        self.wake();
        Ok(id)
    }

    pub(super) fn wake(&mut self) {
        self.wakers.drain(..).for_each(Waker::wake);
    }

    fn outcome(&mut self) -> Outcome {
        if self.is_down {
            return Outcome::Failed;
        }
        if !self.rng.percent(self.failing) {
            return Outcome::Done;
        }
        match self.rng.below(3) {
            0 => Outcome::Failed,
            1 => Outcome::Unheard,
            _ => Outcome::Late,
        }
    }
}

pub(super) fn lock(log: &Shared) -> MutexGuard<'_, Log> {
    log.lock().unwrap()
}

/// Waits for some turns.
async fn turns(log: &Shared) {
    poll_fn(|cx| {
        let mut log = lock(log);
        let slow = log.slow;
        if log.rng.percent(slow) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    })
    .await;
}

impl FakeBus {
    async fn begin(&self, seen: Option<EventId>) -> Result<Opened, BusError> {
        turns(&self.log).await;
        let opened = {
            let mut log = lock(&self.log);
            let outcome = log.outcome();
            if matches!(outcome, Outcome::Failed) {
                return Err(BusError);
            }
            let last = std::mem::replace(&mut *self.run.lock().unwrap(), log.runs.len());
            let base = log.runs.iter().skip(last).copied().chain([log.seq]).min();
            if seen.is_some_and(|seen| seen.epoch == log.epoch && base < Some(seen.seq)) {
                log.begin_epoch();
            }
            let number = log.rng.next();
            log.sessions.insert(self.instance, number);
            if !matches!(outcome, Outcome::Done) {
                return Err(BusError);
            }
            let topic = |(topic, newest): (&Topic, &u64)| RecoveredTopic {
                topic: topic.clone(),
                evicted: log.evicted.get(topic).copied().unwrap_or(0),
                newest: *newest,
                events: 0,
                bytes: 0,
            };
            let topics = log.newest.iter().map(topic).collect();
            let latest = log.latest.values().map(|latest| Arc::clone(&latest.event));
            let mut latest: Vec<_> = latest.collect();
            latest.sort_by_key(|event| event.id.seq);
            let recovered = Recovered { epoch: log.epoch, head: log.seq, topics };
            let session = FakeSession {
                log: Arc::clone(&self.log),
                instance: self.instance,
                number,
                run: log.runs.len(),
                epoch: log.epoch,
                is_over: Mutex::new(false),
                must_look: Mutex::new(true),
            };
            Opened { session: Arc::new(session), standing: Standing { log: recovered, latest } }
        };
        turns(&self.log).await;
        Ok(opened)
    }
}

impl Bus for FakeBus {
    fn open(
        self: Arc<Self>,
        seen: Option<EventId>,
    ) -> BoxFuture<'static, Result<Opened, BusError>> {
        async move { self.begin(seen).await }.boxed()
    }
}
