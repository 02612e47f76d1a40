//! The events that Postgres has taken and may yet lose.
//!
//! A commit that does not wait for the disk survives the end of this process, but not a crash of Postgres, which
//! this process outlives. Such a hole nobody would be told of; so the events stay here until a later commit has
//! waited for the disk, and are written again if they are gone.

use std::time::{Duration, Instant};

use crate::store::JournalRow;

/// How long events stay here at most before an append waits for the disk.
const FLUSH_EVERY: Duration = Duration::from_secs(1);

/// How many bytes stay here at most, roughly.
const FLUSH_BYTES: usize = 8 << 20;

/// What an event takes beside its text and its data, in bytes, roughly.
const OVERHEAD: usize = 128;

/// What was acknowledged, and how much of it is on the disk for sure.
#[derive(Default)]
pub(super) struct Tail {
    rows: Vec<JournalRow>,
    bytes: usize,
    since: Option<Instant>,
    /// The head that is on the disk.
    flushed: u64,
    /// The head that was acknowledged last, with its reserve.
    head: u64,
    reserved: u64,
}

impl Tail {
    /// Whether the next append must wait for the disk.
    pub(super) fn is_due(&self) -> bool {
        self.bytes >= FLUSH_BYTES || self.since.is_some_and(|since| since.elapsed() >= FLUSH_EVERY)
    }

    /// Notes what was committed and has yet to come to the disk.
    pub(super) fn push(&mut self, rows: &[JournalRow], head: u64, reserved: u64) {
        self.since.get_or_insert_with(Instant::now);
        let size = |row: &JournalRow| row.data.len() + row.topic.len() + OVERHEAD;
        self.bytes += rows.iter().map(size).sum::<usize>();
        self.rows.extend_from_slice(rows);
        (self.head, self.reserved) = (head, reserved);
    }

    /// Notes that everything up to `head` is on the disk.
    pub(super) fn flush(&mut self, head: u64, reserved: u64) {
        *self = Self { flushed: head, head, reserved, ..Self::default() };
    }

    /// The head that was acknowledged last, with its reserve.
    pub(super) fn head(&self) -> (u64, u64) {
        (self.head, self.reserved)
    }

    /// What must be written again where the database has no more than `found`: null if nothing, `Err` if it is not here.
    pub(super) fn missing(&self, found: u64) -> Result<Option<Missing>, ()> {
        if found >= self.head {
            return Ok(None);
        }
        if found < self.flushed {
            return Err(());
        }
        let rows = self.rows.iter().filter(|row| row.seq > found).cloned().collect();
        Ok(Some(Missing { rows, head: self.head, reserved: self.reserved }))
    }
}

/// An append whose effect is gone.
pub(super) struct Missing {
    pub(super) rows: Vec<JournalRow>,
    pub(super) head: u64,
    pub(super) reserved: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seq: u64, bytes: usize) -> JournalRow {
        let (topic, kind) = ("a".to_owned(), "update".to_owned());
        JournalRow { seq, topic, kind, at: 0, data: vec![b'x'; bytes].into() }
    }

    #[test]
    fn what_the_database_has_lost_since_the_last_flush_is_here() {
        let mut tail = Tail::default();
        tail.flush(5, 0);
        tail.push(&[row(6, 1), row(7, 1)], 7, 0);
        tail.push(&[row(9, 1)], 10, 0);
        assert!(tail.missing(10).unwrap().is_none());
        let missing = tail.missing(6).unwrap().unwrap();
        assert_eq!((missing.rows, missing.head), (vec![row(7, 1), row(9, 1)], 10));
        assert!(tail.missing(4).is_err(), "that was on the disk");
        tail.flush(10, 0);
        assert!(tail.missing(9).is_err());
    }

    #[test]
    fn much_of_it_makes_the_next_append_wait_for_the_disk() {
        let mut tail = Tail::default();
        tail.push(&[row(1, 1)], 1, 0);
        assert!(!tail.is_due());
        tail.push(&[row(2, FLUSH_BYTES)], 2, 0);
        assert!(tail.is_due());
        tail.flush(2, 0);
        assert!(!tail.is_due());
    }
}
