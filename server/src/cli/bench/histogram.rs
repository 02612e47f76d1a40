//! Percentiles of any number of durations in a fixed number of bytes.

use serde::Serialize;

/// Steps within a power of two: figures are off by less than 1%.
const STEPS: u64 = 128;

/// Powers of two that are told apart; what is longer (25 days) counts as that.
const POWERS: usize = 34;

/// Durations in µs.
#[derive(Clone, Debug)]
pub(super) struct Histogram {
    counts: Vec<u64>,
    total: u64,
    max: u64,
}

/// What a histogram comes down to, in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    pub(super) p90: f64,
    pub(super) p99: f64,
    pub(super) max: f64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self {
            counts: vec![0; (POWERS + 1) * usize::try_from(STEPS).unwrap_or(0)],
            total: 0,
            max: 0,
        }
    }
}

impl Histogram {
    /// Counts one.
    pub(super) fn add(&mut self, micros: u64) {
        let last = self.counts.len() - 1;
        self.counts[slot(micros).min(last)] += 1;
        self.total += 1;
        self.max = self.max.max(micros);
    }

    /// Percentiles, none of nothing.
    pub(super) fn percentiles(&self) -> Option<Percentiles> {
        let at = |share: f64| self.at(share) as f64 / 1e3;
        (self.total > 0).then(|| Percentiles {
            p50: at(0.5),
            p90: at(0.9),
            p99: at(0.99),
            max: self.max as f64 / 1e3,
        })
    }

    fn at(&self, share: f64) -> u64 {
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        let slot = self.counts.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        slot.map_or(self.max, |slot| highest(slot).min(self.max))
    }
}

/// Values below 128 have a slot each; from there each power of two has 128.
fn slot(micros: u64) -> usize {
    let power = micros.checked_ilog2().unwrap_or(0).saturating_sub(STEPS.ilog2());
    usize::try_from((micros >> power) + u64::from(power) * STEPS).unwrap_or(usize::MAX)
}

/// Highest value of a slot.
fn highest(slot: usize) -> u64 {
    let slot = slot as u64;
    if slot < 2 * STEPS {
        return slot;
    }
    let power = slot / STEPS - 1;
    ((slot - power * STEPS + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lies_in_its_slot_and_is_off_by_less_than_one_percent() {
        for value in (0..100_000).chain([1 << 20, (1 << 30) + 12_345, (1 << 40) - 1]) {
            let highest = highest(slot(value));
            assert!(highest >= value, "{value} ends up below itself, at {highest}");
            assert!(highest - value <= value / 100, "{value} ends up at {highest}");
        }
    }

    #[test]
    fn percentiles_are_those_of_the_values() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentiles(), None);
        (1..=100).for_each(|micros| histogram.add(micros));
        let expected = Percentiles { p50: 0.05, p90: 0.09, p99: 0.099, max: 0.1 };
        assert_eq!(histogram.percentiles(), Some(expected));
    }

    #[test]
    fn what_is_longer_than_anything_counts_as_the_longest() {
        let mut histogram = Histogram::default();
        histogram.add(u64::MAX);
        assert!(histogram.percentiles().unwrap().p50 > 1e9);
    }
}
