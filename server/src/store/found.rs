//! What a page holds: the numbers found so far, within its limits; and how a backend looks for more.

use super::PageLimits;

/// Least events looked at in one search among all.
pub(super) const LEAST_SCAN: usize = 256;

/// Topics that are fewer than one event in so many are rare.
pub(super) const RARE: usize = 8;

/// Most by which a window grows at once.
pub(super) const GROWTH: i64 = 16;

/// The numbers found so far, and how much more the page takes.
#[derive(Debug)]
pub(super) struct Found {
    numbers: Vec<i64>,
    bytes: usize,
    limits: PageLimits,
    full: bool,
}

impl Found {
    /// Nothing yet, of a page within `limits`.
    pub(super) fn new(limits: PageLimits) -> Self {
        Self { numbers: Vec::new(), bytes: 0, limits, full: false }
    }

    /// In the order in which they were found.
    pub(super) fn numbers(&self) -> &[i64] {
        &self.numbers
    }

    /// Whether nothing else fits.
    pub(super) fn is_full(&self) -> bool {
        self.full
    }

    /// Adds the next number unless the page is full; it is full from then on if that was the last to fit.
    pub(super) fn push(&mut self, seq: i64, bytes: i64) {
        let bytes = usize::try_from(bytes).unwrap_or_default();
        let total = self.bytes.saturating_add(bytes);
        if self.full || (total > self.limits.bytes && !self.numbers.is_empty()) {
            self.full = true;
            return;
        }
        self.bytes = total;
        self.numbers.push(seq);
        self.full = self.numbers.len() >= self.limits.events;
    }

    /// How many events more it may have.
    pub(super) fn room(&self) -> usize {
        self.limits.events - self.numbers.len()
    }
}
