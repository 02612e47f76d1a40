//! Who reads a topic, and how they are woken.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use slab::Slab;

use super::history::Log;
use super::lane::Lane;
use super::signal::Signal;
use crate::sync::{AtomicBool, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// How many readers are woken under one lock.
const WAKE_AT_ONCE: usize = 512;

/// The subscriptions that read a topic, in groups: those of a lane, or those without.
#[derive(Debug, Default)]
pub(super) struct Readers(RwLock<Vec<Group>>);

/// Where a subscription stands among a topic's readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ReaderKey {
    group: usize,
    reader: usize,
}

/// A group stays once it is there: there are no more than lanes.
#[derive(Debug)]
struct Group {
    lane: Option<Lane>,
    readers: Slab<Reader>,
    /// How many of them take notes.
    noting: usize,
    /// Whether the lane is called and has not answered.
    is_called: AtomicBool,
}

/// A subscription that reads a topic.
#[derive(Debug)]
struct Reader {
    signal: Arc<Signal>,
    /// What the subscription calls the topic.
    number: usize,
    /// Whether it is to be noted there that the topic has an event.
    notes: bool,
}

impl Readers {
    /// The key of the new reader, and what its subscription calls the topic.
    pub(super) fn join(&self, signal: Arc<Signal>) -> (ReaderKey, usize) {
        let mut groups = self.write();
        let is_own = |group: &Group| group.lane.as_ref() == signal.lane();
        let group = groups.iter().position(is_own).unwrap_or_else(|| {
            groups.push(Group {
                lane: signal.lane().cloned(),
                readers: Slab::new(),
                noting: 0,
                is_called: AtomicBool::new(false),
            });
            groups.len() - 1
        });
        let number = signal.number();
        let reader = groups[group].readers.insert(Reader { signal, number, notes: false });
        (ReaderKey { group, reader }, number)
    }

    /// Tells every reader that there is no such topic any more, and lets go of them. Nobody joins from now on.
    pub(super) fn dismiss(&self) {
        // The groups stay: a lane that was called has yet to answer.
        for group in self.write().iter_mut() {
            group.noting = 0;
            for reader in group.readers.drain() {
                reader.signal.forget(reader.number);
            }
        }
    }

    pub(super) fn leave(&self, key: ReaderKey) {
        let group = &mut self.write()[key.group];
        if group.readers.try_remove(key.reader).is_some_and(|reader| reader.notes) {
            group.noting -= 1;
        }
    }

    /// From now on an event is noted for the reader with this key.
    pub(super) fn note_for(&self, key: ReaderKey) {
        let group = &mut self.write()[key.group];
        if let Some(reader) = group.readers.get_mut(key.reader)
            && !std::mem::replace(&mut reader.notes, true)
        {
            group.noting += 1;
        }
    }

    /// Notes that the topic has an event: behind its push, and before it can be read, so that who finds it below
    /// the head finds the note as well.
    pub(super) fn note(&self) {
        for group in self.read().iter().filter(|group| group.noting > 0) {
            for (_, reader) in group.readers.iter().filter(|(_, reader)| reader.notes) {
                reader.signal.note(reader.number);
            }
        }
    }

    /// Wakes everybody, those of a lane by way of it.
    pub(super) fn wake(&self, log: &Arc<Log>) {
        let mut own = None;
        for (index, group) in self.read().iter().enumerate() {
            let Some(lane) = &group.lane else {
                own = Some(index);
                continue;
            };
            if !group.readers.is_empty() && !group.is_called.swap(true, Ordering::AcqRel) {
                lane.call(log, index);
            }
        }
        if let Some(own) = own {
            self.wake_group(own);
        }
    }

    /// Wakes the group of a lane that was called.
    pub(super) fn answer(&self, group: usize) {
        // Before they are woken: what comes from now on is a call of its own.
        self.read()[group].is_called.swap(false, Ordering::AcqRel);
        self.wake_group(group);
    }

    /// Some at a time: whoever joins meanwhile holds up all topics while it waits for this lock.
    fn wake_group(&self, group: usize) {
        let mut next = 0;
        loop {
            let groups = self.read();
            let readers = &groups[group].readers;
            let end = readers.capacity();
            let upto = end.min(next + WAKE_AT_ONCE);
            (next..upto).filter_map(|key| readers.get(key)).for_each(|r| r.signal.wake());
            next = upto;
            if next == end {
                return;
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        self.read().iter().map(|group| group.readers.len()).sum()
    }

    // A panic elsewhere cannot leave these half changed, so a poisoned lock is used on.

    fn read(&self) -> RwLockReadGuard<'_, Vec<Group>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Vec<Group>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}
