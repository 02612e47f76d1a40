//! How fast a job is, and how long it will take: from what it told, without a clock of its own.

use std::collections::VecDeque;
use std::time::Duration;

/// How far back the rate looks: long enough not to jump, short enough to follow a disk that slows down.
const WINDOW: Duration = Duration::from_secs(15);

/// Least time between two samples that are kept.
const SPACING: Duration = Duration::from_millis(500);

/// Nothing is said before this much was seen.
const LEAST: Duration = Duration::from_secs(2);

/// Whoever does nothing for so long stands still.
const STALLED_AFTER: Duration = Duration::from_secs(10);

/// A time beyond is nobody's to know.
const MOST_SECONDS: f64 = 30.0 * 24.0 * 3_600.0;

/// The recent past of an amount.
#[derive(Clone, Debug, Default)]
pub(super) struct Estimate {
    samples: VecDeque<(Duration, u64)>,
    /// The newest, kept or not.
    newest: Option<(Duration, u64)>,
    /// When it last became more.
    moved: Duration,
}

impl Estimate {
    /// Notes that so much is done at this time since whenever. An amount that shrinks is a new one.
    pub(super) fn note(&mut self, now: Duration, done: u64) {
        match self.newest {
            Some((_, before)) if done < before => *self = Self::default(),
            _ => {}
        }
        if self.newest.is_none_or(|(_, before)| done > before) {
            self.moved = now;
        }
        self.newest = Some((now, done));
        let is_due = |(at, _): &(Duration, u64)| now.saturating_sub(*at) >= SPACING;
        if self.samples.back().is_none_or(is_due) {
            self.samples.push_back((now, done));
        }
        // One at least as old as the window stays, or there would be less to look at than that.
        while self.samples.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= WINDOW) {
            self.samples.pop_front();
        }
    }

    /// How much of it a second lately; none if that is not known, or it stands still.
    pub(super) fn rate(&self, now: Duration) -> Option<f64> {
        let ((from, before), (_, done)) = (self.samples.front()?, self.newest?);
        let elapsed = now.saturating_sub(*from);
        if elapsed < LEAST || self.is_stalled(now) {
            return None;
        }
        let rate = done.saturating_sub(*before) as f64 / elapsed.as_secs_f64();
        (rate > 0.0).then_some(rate)
    }

    /// How long the rest of `total` will take, in seconds; none if that is not known.
    pub(super) fn seconds_left(&self, now: Duration, total: u64) -> Option<u64> {
        let (_, done) = self.newest?;
        let left = total.checked_sub(done)? as f64 / self.rate(now)?;
        (left <= MOST_SECONDS).then_some(left.ceil() as u64)
    }

    fn is_stalled(&self, now: Duration) -> bool {
        now.saturating_sub(self.moved) >= STALLED_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds)
    }

    /// An amount that grows by so much a second, told ten times a second.
    fn steady(estimate: &mut Estimate, from: f64, until: f64, begun: u64, rate: f64) -> u64 {
        let steps = ((until - from) * 10.0).round() as u64;
        let mut done = begun;
        for step in 0..=steps {
            done = begun + (step as f64 / 10.0 * rate) as u64;
            estimate.note(at(from + step as f64 / 10.0), done);
        }
        done
    }

    #[test]
    fn nothing_is_said_of_what_has_only_begun() {
        let mut estimate = Estimate::default();
        assert_eq!((estimate.rate(at(0.0)), estimate.seconds_left(at(0.0), 10)), (None, None));
        steady(&mut estimate, 0.0, 1.5, 0, 100.0);
        assert_eq!(estimate.rate(at(1.5)), None);
        steady(&mut estimate, 1.6, 3.0, 160, 100.0);
        assert!((estimate.rate(at(3.0)).unwrap() - 100.0).abs() < 5.0);
    }

    #[test]
    fn a_steady_job_ends_when_it_was_said_to() {
        let mut estimate = Estimate::default();
        let done = steady(&mut estimate, 0.0, 30.0, 0, 100.0);
        assert_eq!(done, 3_000);
        assert!((estimate.rate(at(30.0)).unwrap() - 100.0).abs() < 1.0);
        let left = estimate.seconds_left(at(30.0), 6_000).unwrap();
        assert!((29..=31).contains(&left), "{left}");
        assert_eq!(estimate.seconds_left(at(30.0), 3_000), Some(0));
        assert_eq!(estimate.seconds_left(at(30.0), 10), None, "there is more than all");
        assert_eq!(estimate.seconds_left(at(30.0), u64::MAX), None);
    }

    #[test]
    fn what_slows_down_is_told_within_the_window_and_without_a_jump() {
        let mut estimate = Estimate::default();
        let done = steady(&mut estimate, 0.0, 30.0, 0, 100.0);
        let mut before = estimate.rate(at(30.0)).unwrap();
        for second in 0..15 {
            let from = 30.0 + f64::from(second);
            let begun = done + u64::from(second as u32 * 10);
            steady(&mut estimate, from, from + 0.9, begun, 10.0);
            let rate = estimate.rate(at(from + 0.9)).unwrap();
            assert!(rate <= before + 0.1 && before - rate < 8.0, "{before} to {rate}");
            before = rate;
        }
        assert!((before - 10.0).abs() < 5.0, "{before}");
    }

    #[test]
    fn what_stands_still_has_no_rate_and_no_end() {
        let mut estimate = Estimate::default();
        let done = steady(&mut estimate, 0.0, 20.0, 0, 100.0);
        for second in 21..=40 {
            estimate.note(at(f64::from(second)), done);
        }
        assert_eq!((estimate.rate(at(40.0)), estimate.seconds_left(at(40.0), 9_999)), (None, None));
        // Neither has what tells nothing any more.
        let mut silent = Estimate::default();
        steady(&mut silent, 0.0, 20.0, 0, 100.0);
        assert_eq!(silent.rate(at(31.0)), None);
        assert!(silent.rate(at(25.0)).is_some());
        // It goes on.
        steady(&mut silent, 40.0, 60.0, 2_000, 50.0);
        assert!((silent.rate(at(60.0)).unwrap() - 50.0).abs() < 2.0);
    }

    #[test]
    fn an_amount_that_shrinks_is_a_new_one() {
        let mut estimate = Estimate::default();
        steady(&mut estimate, 0.0, 20.0, 0, 100.0);
        estimate.note(at(20.1), 5);
        assert_eq!(estimate.rate(at(20.1)), None);
        steady(&mut estimate, 20.2, 30.0, 6, 10.0);
        assert!((estimate.rate(at(30.0)).unwrap() - 10.0).abs() < 1.0);
    }

    #[test]
    fn however_often_it_is_told_little_is_kept() {
        let mut estimate = Estimate::default();
        for step in 0..100_000_u32 {
            estimate.note(Duration::from_millis(u64::from(step)), u64::from(step));
        }
        assert!(estimate.samples.len() <= 32, "{}", estimate.samples.len());
    }
}
