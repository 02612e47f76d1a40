//! What one topic still holds for replay: a bounded ring every subscriber reads from, and where there is a
//! journal, what lies there beyond it.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use tidings_protocol::topic::Topic;

use super::event::Event;
use super::journal::{Boundary, RecoveredTopic};
use super::limits::Bounds;
use super::readers::Readers;
use super::retention::Retention;
use crate::sync::{AtomicU64, AtomicUsize, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// So many events that left history may lie in the journal for a minute, whatever its bounds.
const LEAST_DUE: usize = 16;

/// Whether a topic's older events lie in a journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Depth {
    /// What leaves memory is gone.
    Memory,
    /// What leaves memory is in the journal.
    Journal,
    /// What leaves memory is in the log of a bus, which says by itself what is gone.
    Bus,
}

/// The log of one topic.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) topic: Topic,
    /// Whether readers skip to the newest event instead of being told of a gap.
    latest_wins: bool,
    depth: Depth,
    /// Bounds of what can be read.
    retention: Retention,
    /// Bounds of what is in memory.
    memory: Retention,
    /// What all logs together hold in memory; see [`Event::weight`].
    held: Arc<AtomicUsize>,
    ring: RwLock<Ring>,
    /// Sequence number of the newest event there ever was: who has read it need not ask the ring.
    newest: AtomicU64,
    /// Whom a new event wakes.
    pub(super) readers: Readers,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// Whether the log is among those that are asked to make room; see `Memory`.
    is_asked: bool,
    /// Sequence number of the newest event that is not in memory.
    floor: u64,
    /// Sequence number of the newest event that is gone; at most `floor`.
    evicted: u64,
    /// What lies between the two, in the journal.
    cold: Cold,
    /// What the journal was last told to let go of.
    trimmed: u64,
    /// What left history since then, and lies in the journal still.
    due: Cold,
    /// What the journal was last asked to count goes up to this sequence number.
    counted: u64,
    /// What has left memory since, and was not counted.
    uncounted: Cold,
}

#[derive(Clone, Copy, Debug, Default)]
struct Cold {
    events: usize,
    bytes: usize,
}

impl Cold {
    fn add(&mut self, bytes: usize) {
        self.events += 1;
        self.bytes += bytes;
    }
}

impl Ring {
    fn add_cold(&mut self, seq: u64, bytes: usize) {
        self.cold.add(bytes);
        if seq > self.counted {
            self.uncounted.add(bytes);
        }
    }

    /// The oldest event behind `after`. Most readers want the newest or nothing, and need not search.
    fn behind(&self, after: u64) -> Option<&Arc<Event>> {
        let mut newest = self.events.iter().rev();
        let last = newest.next().filter(|event| event.id.seq > after)?;
        if newest.next().is_none_or(|event| event.id.seq <= after) {
            return Some(last);
        }
        let index = self.events.partition_point(|event| event.id.seq <= after);
        self.events.get(index)
    }
}

/// What a reader finds behind its cursor.
#[derive(Debug)]
pub(super) enum Next {
    /// The oldest event it has not seen.
    Event(Arc<Event>),
    /// Events up to this sequence number are gone.
    Lost(u64),
    /// The next event lies in the journal, no further than this sequence number.
    Cold(u64),
}

/// What the journal is to do for a topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Chore {
    /// Let go of events up to this one.
    Trim(u64),
    /// Find out how much must go.
    Bound(Retention),
}

impl Log {
    pub(super) fn new(topic: Topic, bounds: &Bounds) -> Self {
        let latest_wins = topic.is_latest_wins();
        let retention = bounds.retention;
        let retention = if latest_wins { Retention { events: 1, ..retention } } else { retention };
        let depth = if latest_wins { Depth::Memory } else { bounds.depth };
        let memory = match depth {
            Depth::Memory => retention,
            Depth::Journal | Depth::Bus => Retention {
                events: retention.events.min(bounds.memory.events),
                bytes: retention.bytes.min(bounds.memory.bytes),
                age: retention.age,
            },
        };
        Self {
            topic,
            latest_wins,
            depth,
            retention,
            memory,
            held: Arc::clone(&bounds.held),
            ring: RwLock::default(),
            newest: AtomicU64::new(0),
            readers: Readers::default(),
        }
    }

    /// A log of which all lies in the journal.
    pub(super) fn recovered(topic: &RecoveredTopic, bounds: &Bounds) -> Self {
        let log = Self::new(topic.topic.clone(), bounds);
        let newest = topic.newest.max(topic.evicted);
        log.newest.store(newest, Ordering::Release);
        *log.write() = Ring {
            floor: newest,
            evicted: topic.evicted,
            trimmed: topic.evicted,
            cold: Cold { events: topic.events, bytes: topic.bytes },
            ..Ring::default()
        };
        log
    }

    pub(super) fn is_latest_wins(&self) -> bool {
        self.latest_wins
    }

    /// Takes an event; `kept` is the newest that the journal has, so that nothing leaves memory for nowhere.
    /// Whether the log is to be asked from now on, with this event as its oldest, when room is needed.
    pub(super) fn push(&self, event: Arc<Event>, kept: u64) -> bool {
        let at = event.at;
        let mut ring = self.write();
        ring.bytes += event.data.len();
        self.held.fetch_add(event.weight(), Ordering::Relaxed);
        self.newest.store(event.id.seq, Ordering::Release);
        ring.events.push_back(event);
        self.evict(&mut ring, at, kept);
        // The newest is all there is of the others, and lies nowhere else.
        !self.latest_wins && !std::mem::replace(&mut ring.is_asked, true)
    }

    /// Lets go of what is too old at `now`, in ms since the epoch.
    pub(super) fn sweep(&self, now: u64, kept: u64) {
        self.evict(&mut self.write(), now, kept);
    }

    fn evict(&self, ring: &mut Ring, now: u64, kept: u64) {
        let max_age = self.retention.max_age();
        while let Some(oldest) = ring.events.front() {
            // The newest stays however large it is: it has just been acknowledged.
            let too_many = ring.events.len() > self.memory.events;
            let too_large = ring.bytes > self.memory.bytes && ring.events.len() > 1;
            let too_old = now.saturating_sub(oldest.at) > max_age;
            let goes = too_many || too_large || too_old;
            if !goes || (self.depth == Depth::Journal && oldest.id.seq > kept) {
                break;
            }
            self.let_oldest_go(ring, too_old);
        }
    }

    /// Lets go of the event with this number, if it is the oldest in memory; the number of the oldest that is left
    /// there. Without one, the log is not asked again before its next event.
    pub(super) fn make_room(&self, seq: u64) -> Option<u64> {
        let mut ring = self.write();
        if ring.events.front().is_some_and(|oldest| oldest.id.seq == seq) {
            self.let_oldest_go(&mut ring, false);
        }
        let left = ring.events.front().map(|oldest| oldest.id.seq);
        ring.is_asked = left.is_some();
        left
    }

    /// Takes the oldest event out of memory: into the journal's part of history, or out of it all.
    fn let_oldest_go(&self, ring: &mut Ring, is_too_old: bool) {
        let Some((seq, bytes)) = self.pop_oldest(ring) else { return };
        let fits = ring.cold.events + ring.events.len() < self.retention.events
            && ring.cold.bytes + ring.bytes + bytes <= self.retention.bytes;
        // The newest is history however large it is.
        let is_within = !is_too_old && (fits || ring.events.is_empty());
        if self.depth == Depth::Bus {
            return;
        }
        if self.depth == Depth::Journal && (is_within || ring.cold.events > 0) {
            ring.add_cold(seq, bytes);
        } else {
            ring.evicted = seq;
            ring.cold = Cold::default();
            ring.due.add(bytes);
        }
    }

    /// Takes the oldest event out of memory: its number, and its bytes.
    fn pop_oldest(&self, ring: &mut Ring) -> Option<(u64, usize)> {
        let oldest = ring.events.pop_front()?;
        let (seq, bytes) = (oldest.id.seq, oldest.data.len());
        self.held.fetch_sub(oldest.weight(), Ordering::Relaxed);
        ring.bytes -= bytes;
        ring.floor = seq;
        Some((seq, bytes))
    }

    /// Notes that the journal has failed to take an event, which may lie there all the same: it counts until the
    /// journal is asked.
    pub(super) fn note_unclear(&self, event: &Event) {
        if self.depth == Depth::Journal {
            self.write().add_cold(event.id.seq, event.data.len());
        }
    }

    /// What the journal has to do so that the topic keeps to its bounds; it is asked about what it has up to
    /// `kept`. `is_thorough`: however little it is. `is_old`: some of it is past its age.
    pub(super) fn chore(&self, kept: u64, is_thorough: bool, is_old: bool) -> Option<Chore> {
        if self.depth != Depth::Journal {
            return None;
        }
        let mut ring = self.write();
        // Some slack, since finding the place costs a look at all of it.
        let Retention { events, bytes, .. } = self.retention;
        let count = ring.cold.events + ring.events.len();
        let too_many = count > events + events / 16;
        let too_large = ring.cold.bytes + ring.bytes > bytes + bytes / 16 && count > 1;
        if ring.cold.events > 0 && (too_many || too_large || is_old) {
            (ring.counted, ring.uncounted) = (kept, Cold::default());
            return Some(Chore::Bound(self.retention));
        }
        let is_due = ring.due.events > LEAST_DUE.max(events / 16) || ring.due.bytes > bytes / 16;
        (ring.evicted > ring.trimmed && (is_due || is_thorough))
            .then_some(Chore::Trim(ring.evicted))
    }

    /// Says which events are gone, before the journal lets go of them: a reader that misses one
    /// there then knows. `counted` is the newest that the journal was asked about.
    pub(super) fn let_go(&self, boundary: Boundary, counted: u64) {
        let seq = boundary.evicted;
        let mut ring = self.write();
        while ring.events.front().is_some_and(|oldest| oldest.id.seq <= seq) {
            self.pop_oldest(&mut ring);
        }
        ring.evicted = ring.evicted.max(seq);
        ring.floor = ring.floor.max(ring.evicted);
        // What is in memory still, and what left it since, is to be told from what the journal counted.
        let both = ring.events.iter().take_while(|event| event.id.seq <= counted);
        let (events, bytes) =
            both.fold((0, 0), |(events, bytes), event| (events + 1, bytes + event.data.len()));
        ring.cold = Cold {
            events: boundary.events.saturating_sub(events) + ring.uncounted.events,
            bytes: boundary.bytes.saturating_sub(bytes) + ring.uncounted.bytes,
        };
    }

    /// Everything up to here is gone, as whoever keeps it says.
    pub(super) fn let_all_go(&self, seq: u64) {
        let mut ring = self.write();
        if seq <= ring.evicted {
            return;
        }
        while ring.events.front().is_some_and(|oldest| oldest.id.seq <= seq) {
            self.pop_oldest(&mut ring);
        }
        ring.evicted = seq;
        ring.floor = ring.floor.max(seq);
        self.newest.fetch_max(seq, Ordering::AcqRel);
    }

    /// Lets go of what is in memory: the log belongs to an era that is over.
    pub(super) fn retire(&self) {
        let mut ring = self.write();
        while self.pop_oldest(&mut ring).is_some() {}
    }

    /// Whether nothing was published since, in ms since the epoch.
    pub(super) fn is_silent(&self, since: u64) -> bool {
        self.read().events.back().is_none_or(|newest| newest.at < since)
    }

    /// Sequence number of the newest event there ever was.
    pub(super) fn newest(&self) -> u64 {
        self.newest.load(Ordering::Acquire)
    }

    /// Notes what the journal has let go of.
    pub(super) fn trimmed(&self, seq: u64) {
        let mut ring = self.write();
        ring.trimmed = ring.trimmed.max(seq);
        ring.due = Cold::default();
    }

    /// The place right before the newest `count` events that are in memory; where none is, before the newest there ever was.
    pub(super) fn before_newest(&self, count: usize) -> u64 {
        let ring = self.read();
        let first = ring.events.len().saturating_sub(count);
        let before = ring.events.get(first).map_or_else(|| self.newest(), |event| event.id.seq);
        before.saturating_sub(1).max(ring.evicted)
    }

    /// What lies behind `after`, no further than `upto`: what is newer is not committed yet.
    pub(super) fn next(&self, after: u64, upto: u64) -> Option<Next> {
        if after >= self.newest.load(Ordering::Acquire) {
            return None;
        }
        let ring = self.read();
        if !self.latest_wins {
            if after < ring.evicted.min(upto) {
                return Some(Next::Lost(ring.evicted.min(upto)));
            }
            if after < ring.floor.min(upto) {
                return Some(Next::Cold(ring.floor.min(upto)));
            }
        }
        let event = ring.behind(after).filter(|event| event.id.seq <= upto)?;
        Some(Next::Event(Arc::clone(event)))
    }

    /// Sequence number of the newest event that is gone; reading on from it loses nothing more.
    pub(super) fn evicted(&self) -> u64 {
        self.read().evicted
    }

    // A panic elsewhere cannot leave it half changed, so a poisoned lock is used on.

    fn read(&self) -> RwLockReadGuard<'_, Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Ring> {
        self.ring.write().unwrap_or_else(PoisonError::into_inner)
    }
}
