//! The largest of many, in little memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use serde::Serialize;

/// Something of a size.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Sized {
    pub(super) bytes: u64,
    pub(super) path: String,
}

/// The largest of what it was offered.
#[derive(Debug)]
pub(super) struct Largest {
    most: usize,
    /// The smallest of them on top.
    heap: BinaryHeap<Reverse<Sized>>,
}

impl Largest {
    /// Keeps at most so many.
    pub(super) fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::with_capacity(most + 1) }
    }

    /// Keeps it if it is larger than the smallest; asks for its path only then.
    pub(super) fn offer(&mut self, bytes: u64, path: impl FnOnce() -> String) {
        let full = self.heap.len() >= self.most;
        if full && self.heap.peek().is_none_or(|Reverse(least)| least.bytes >= bytes) {
            return;
        }
        self.heap.push(Reverse(Sized { bytes, path: path() }));
        if full {
            self.heap.pop();
        }
    }

    /// The largest first.
    pub(super) fn into_sorted(self) -> Vec<Sized> {
        let mut kept: Vec<_> = self.heap.into_iter().map(|Reverse(kept)| kept).collect();
        kept.sort_unstable_by(|a, b| b.bytes.cmp(&a.bytes).then_with(|| a.path.cmp(&b.path)));
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_stay_and_the_first_of_them_is_the_largest() {
        let mut largest = Largest::new(3);
        for bytes in [5, 1, 9, 7, 3, 9] {
            largest.offer(bytes, || bytes.to_string());
        }
        let kept: Vec<_> = largest.into_sorted().into_iter().map(|kept| kept.bytes).collect();
        assert_eq!(kept, [9, 9, 7]);
    }
}
