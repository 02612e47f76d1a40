//! How long to wait before trying again.

use std::time::Duration;

/// Exponential back-off with jitter.
///
/// The n-th wait lies between half and all of `min · 2ⁿ`, capped at `max`: clients that lost the same
/// server at the same moment do not come back at the same moment.
#[derive(Clone, Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    random: u64,
}

impl Backoff {
    /// Back-off from `min` to `max`. `seed` should differ between clients.
    #[must_use]
    pub fn new(min: Duration, max: Duration, seed: u64) -> Self {
        // xorshift has one fixed point, zero.
        Self { min, max, failures: 0, random: seed | 1 }
    }

    /// Failures since the last [`reset`](Self::reset).
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// Counts a failure and says how long to wait before the next attempt.
    pub fn next_wait(&mut self) -> Duration {
        let doubled = self.min.saturating_mul(2_u32.saturating_pow(self.failures));
        self.failures = self.failures.saturating_add(1);
        let full = doubled.min(self.max);
        full / 2 + (full / 2).mul_f64(self.next_fraction())
    }

    /// Forgets past failures.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// A number in `[0, 1)` by xorshift64*; spread is all that is asked of it.
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
    fn next_fraction(&mut self) -> f64 {
        self.random ^= self.random >> 12;
        self.random ^= self.random << 25;
        self.random ^= self.random >> 27;
        let bits = self.random.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11;
        bits as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_wait_lies_between_half_and_all_of_its_step(seed: u64, failures in 0_u32..80) {
            let (min, max) = (Duration::from_millis(500), Duration::from_secs(30));
            let mut backoff = Backoff::new(min, max, seed);
            for n in 0..failures {
                let full = min.saturating_mul(2_u32.saturating_pow(n)).min(max);
                let wait = backoff.next_wait();
                prop_assert!(full / 2 <= wait && wait <= full, "{wait:?} at failure {n}");
            }
        }
    }

    #[test]
    fn a_reset_starts_again_at_the_shortest_wait() {
        let mut backoff = Backoff::new(Duration::from_millis(500), Duration::from_secs(30), 7);
        for _ in 0..10 {
            backoff.next_wait();
        }
        backoff.reset();
        assert!(backoff.next_wait() <= Duration::from_millis(500));
    }

    #[test]
    fn two_seeds_spread_apart() {
        let mut one = Backoff::new(Duration::from_secs(1), Duration::from_secs(30), 1);
        let mut two = Backoff::new(Duration::from_secs(1), Duration::from_secs(30), 99);
        let waits = |b: &mut Backoff| (0..8).map(|_| b.next_wait()).collect::<Vec<_>>();
        assert_ne!(waits(&mut one), waits(&mut two));
    }
}
