//! How long to wait before trying again.

use std::time::Duration;

/// Exponential back-off with jitter.
///
/// The n-th wait lies between half and all of `min · 2ⁿ`, capped at `max`: clients that lost the same
/// server at the same moment do not come back at the same moment. A [floor](Self::set_floor) lengthens the
/// waits below it, each by up to a quarter more, for the same reason.
#[derive(Clone, Debug)]
pub struct Backoff {
    min: Duration,
    max: Duration,
    floor: Duration,
    failures: u32,
    random: u64,
}

impl Backoff {
    /// Back-off from `min` to `max`. `seed` should differ between clients.
    #[must_use]
    pub fn new(min: Duration, max: Duration, seed: u64) -> Self {
        // xorshift has one fixed point, zero.
        Self { min, max, floor: Duration::ZERO, failures: 0, random: seed | 1 }
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
        let wait = full / 2 + (full / 2).mul_f64(self.next_fraction());
        let floor = self.floor + (self.floor / 4).mul_f64(self.next_fraction());
        wait.max(floor)
    }

    /// The least that later waits last, as far as the longest goes: what a server asks for counts within
    /// reason. The quarter by chance comes on top even there, where most waits that are asked for end up.
    pub fn set_floor(&mut self, floor: Duration) {
        self.floor = floor.min(self.max);
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
    fn no_wait_is_shorter_than_the_floor_or_longer_than_the_longest_and_a_quarter() {
        let (min, max) = (Duration::from_millis(500), Duration::from_secs(30));
        for seed in 0..50 {
            let mut backoff = Backoff::new(min, max, seed);
            backoff.set_floor(Duration::from_secs(2));
            let waits: Vec<_> = (0..10).map(|_| backoff.next_wait()).collect();
            let quarter_more = Duration::from_millis(2_500);
            assert!(waits.iter().all(|wait| (Duration::from_secs(2)..=max).contains(wait)));
            assert!(waits[0] <= quarter_more, "{waits:?}");
            assert!(waits[9] >= max / 2, "it grows all the same: {waits:?}");
            backoff.set_floor(Duration::MAX);
            let is_bounded = (max..=max + max / 4).contains(&backoff.next_wait());
            assert!(is_bounded, "what a server asks for is bounded");
            backoff.set_floor(Duration::ZERO);
            backoff.reset();
            assert!(backoff.next_wait() <= min);
        }
    }

    #[test]
    fn one_floor_for_all_does_not_bring_them_back_at_once() {
        for floor in [2, 30, 3_600].map(Duration::from_secs) {
            let first = |seed| {
                let mut backoff =
                    Backoff::new(Duration::from_millis(500), Duration::from_secs(30), seed);
                backoff.set_floor(floor);
                backoff.next_wait()
            };
            assert_ne!(first(1), first(99), "{floor:?}");
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
