//! What one subscriber got of its topic: everything once and in order, or not.

use std::ops::Range;

/// How an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Arrival {
    /// Behind all that came before it
    New,
    /// After a later one
    Reordered,
    /// Not for the first time
    Again,
}

/// The numbers that came.
#[derive(Debug, Default)]
pub(super) struct Tally {
    next: u32,
    /// Those that were passed over, in ranges; none where all goes well.
    missing: Vec<Range<u32>>,
}

impl Tally {
    /// Takes a number.
    pub(super) fn take(&mut self, seq: u32) -> Arrival {
        if seq >= self.next {
            if seq > self.next {
                self.missing.push(self.next..seq);
            }
            self.next = seq + 1;
            return Arrival::New;
        }
        let Some(index) = self.missing.iter().position(|range| range.contains(&seq)) else {
            return Arrival::Again;
        };
        let range = self.missing.swap_remove(index);
        let parts = [range.start..seq, seq + 1..range.end];
        self.missing.extend(parts.into_iter().filter(|part| !part.is_empty()));
        Arrival::Reordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Arrival::{Again, New, Reordered};

    #[test]
    fn each_number_counts_once_and_a_late_one_is_no_repeat() {
        let mut tally = Tally::default();
        let come = [(0, New), (0, Again), (5, New), (3, Reordered), (3, Again), (1, Reordered)];
        for (seq, arrival) in come {
            assert_eq!(tally.take(seq), arrival, "{seq}");
        }
        let come = [(2, Reordered), (4, Reordered), (4, Again), (6, New), (2, Again)];
        for (seq, arrival) in come {
            assert_eq!(tally.take(seq), arrival, "{seq}");
        }
        assert_eq!(tally.missing, []);
    }
}
