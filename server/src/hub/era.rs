//! One unbroken history: its epoch, and how far it goes.

use std::sync::atomic::Ordering;

use tidings_protocol::event::EventId;

use super::Hub;
use crate::sync::{AtomicBool, AtomicU64};

/// An epoch and its numbers. A hub has one at a time, and but for a bus that lost its log, one for ever.
#[derive(Debug)]
pub(super) struct Era {
    pub(super) epoch: u32,
    /// Newest sequence number whose event can be read.
    committed: AtomicU64,
    /// Newest sequence number that was given away, to an event that was kept or not.
    given: AtomicU64,
    /// Newest sequence number the journal has, or has refused.
    kept: AtomicU64,
    /// Whether another one has begun. Nothing is added to the logs of this one then.
    is_over: AtomicBool,
}

impl Era {
    pub(super) fn new(epoch: u32, head: u64) -> Self {
        Self {
            epoch,
            committed: AtomicU64::new(head),
            given: AtomicU64::new(head),
            kept: AtomicU64::new(head),
            is_over: AtomicBool::new(false),
        }
    }

    /// Id of the newest event that can be read.
    pub(super) fn head(&self) -> EventId {
        EventId { epoch: self.epoch, seq: self.committed.load(Ordering::Acquire) }
    }

    /// Makes everything up to `seq` readable.
    pub(super) fn commit(&self, seq: u64) {
        self.committed.store(seq, Ordering::Release);
    }

    pub(super) fn next_seq(&self) -> u64 {
        self.given.load(Ordering::Acquire) + 1
    }

    /// Gives no number up to this one away again.
    pub(super) fn skip_to(&self, seq: u64) {
        self.given.store(seq, Ordering::Release);
    }

    /// Notes that a publisher was told this number, before its event was read perhaps.
    pub(super) fn note_given(&self, seq: u64) {
        self.given.fetch_max(seq, Ordering::AcqRel);
    }

    /// Id of the newest event that is known: read, or told to its publisher.
    pub(super) fn known(&self) -> EventId {
        let head = self.head();
        EventId { seq: head.seq.max(self.given.load(Ordering::Acquire)), ..head }
    }

    pub(super) fn kept(&self) -> u64 {
        self.kept.load(Ordering::Acquire)
    }

    pub(super) fn note_kept(&self, seq: u64) {
        self.kept.fetch_max(seq, Ordering::AcqRel);
    }

    pub(super) fn end(&self) {
        self.is_over.store(true, Ordering::Release);
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }
}

/// Numbers are given away and kept here only where there is no bus, and then there is one era for ever.
impl Hub {
    pub(super) fn next_seq(&self) -> u64 {
        self.0.era.next_seq()
    }

    /// Gives no number up to this one away again.
    pub(super) fn skip_to(&self, seq: u64) {
        self.0.era.skip_to(seq);
    }

    pub(super) fn kept(&self) -> u64 {
        self.0.era.kept()
    }

    pub(super) fn note_kept(&self, seq: u64) {
        self.0.era.note_kept(seq);
    }
}
