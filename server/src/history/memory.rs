//! What is in memory: the last hour, and minutes that are to be kept.

use std::collections::VecDeque;
use std::sync::Arc;

use tidings_protocol::metrics::Snapshot;

use super::merge;
use super::ring::Ring;
use crate::store::{MINUTE_MS, MinuteRow};

/// Most minutes that wait for a database that is away, six hours: the oldest go, and are a gap. 300 metrics of them are 5 MB.
const MAX_WAITING: usize = 6 * 60;

#[derive(Debug, Default)]
pub(super) struct Memory {
    pub(super) ring: Ring,
    /// Minutes that are over and not yet kept, the oldest first.
    waiting: VecDeque<Arc<MinuteRow>>,
    /// What the run before had of the minute in which this one began.
    before: Option<Arc<MinuteRow>>,
    /// How many minutes were given up.
    pub(super) lost: u64,
}

impl Memory {
    pub(super) fn new(before: Option<MinuteRow>) -> Self {
        Self { before: before.map(Arc::new), ..Self::default() }
    }

    /// Takes a sample; true if a minute is to be kept since.
    ///
    /// Where the clock was set back, it is right by now: what was taken for later than `at` is forgotten, and minutes that are
    /// kept already are kept anew when they come.
    pub(super) fn record(&mut self, at: u64, snapshot: &Snapshot, keeps: bool) -> bool {
        let mut is_over = false;
        match self.ring.newest() {
            Some(newest) if at <= newest => {
                self.ring.forget_from(at);
                self.waiting.retain(|row| row.minute < at / MINUTE_MS);
            }
            Some(newest) if keeps && at / MINUTE_MS > newest / MINUTE_MS => {
                is_over = self.end_minute();
            }
            _ => {}
        }
        self.ring.push(at, snapshot);
        is_over
    }

    /// Has the newest minute kept as it is; false if there is none.
    pub(super) fn end_minute(&mut self) -> bool {
        let newest = self.ring.newest().and_then(|newest| self.minute(newest / MINUTE_MS));
        let Some(row) = newest else { return false };
        self.waiting.retain(|other| other.minute != row.minute);
        if self.waiting.len() >= MAX_WAITING {
            self.waiting.pop_front();
            self.lost += 1;
        }
        self.waiting.push_back(Arc::new(row));
        true
    }

    /// A minute of those that are whole here.
    fn minute(&self, minute: u64) -> Option<MinuteRow> {
        let row = self.ring.minute(minute)?;
        Some(match self.before_minute(minute) {
            Some(before) => merge::minute(before, &row),
            None => row,
        })
    }

    /// What the run before had of a minute that this one goes on with.
    pub(super) fn before_minute(&self, minute: u64) -> Option<&Arc<MinuteRow>> {
        let begun = self.ring.oldest().filter(|_| !self.ring.is_cut())?;
        self.before.as_ref().filter(|row| row.minute == minute && begun / MINUTE_MS == minute)
    }

    /// The oldest minute that waits.
    pub(super) fn next(&self) -> Option<Arc<MinuteRow>> {
        self.waiting.front().cloned()
    }

    /// Those that wait, from `from` until before `until`.
    pub(super) fn waiting(&self, from: u64, until: u64) -> Vec<Arc<MinuteRow>> {
        let is_asked = |row: &&Arc<MinuteRow>| (from..until).contains(&row.minute);
        self.waiting.iter().filter(is_asked).cloned().collect()
    }

    /// It is kept.
    pub(super) fn saved(&mut self, row: &Arc<MinuteRow>) {
        self.waiting.retain(|other| !Arc::ptr_eq(other, row));
    }
}
