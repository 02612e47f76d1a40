//! From counters that only grow to rates.

use std::collections::HashMap;
use std::time::Duration;

use super::Moment;

/// Two readings closer than this are noise rather than a rate.
pub(crate) const MIN_ELAPSED: Duration = Duration::from_millis(50);

/// A share in percent as it is sent: to the hundredth.
pub(crate) fn percent(value: f64) -> f32 {
    ((value * 100.0).round() / 100.0) as f32
}

/// Growth a second. None where it cannot be known: the counter went back (it was reset, or it
/// wrapped), or hardly any time passed.
pub(crate) fn per_second(before: u64, now: u64, elapsed: Duration) -> Option<f64> {
    if elapsed < MIN_ELAPSED {
        return None;
    }
    let grown = now.checked_sub(before)?;
    Some(grown as f64 / elapsed.as_secs_f64())
}

/// The last reading of two counters of one thing, in and out, and the rates it gave.
#[derive(Clone, Copy, Debug)]
struct Reading {
    at: Moment,
    counters: [u64; 2],
    rates: [Option<f64>; 2],
}

/// Rates of the things of one family, by name.
#[derive(Debug, Default)]
pub(crate) struct Meters {
    readings: HashMap<String, Reading>,
}

impl Meters {
    /// Takes the counters of `name` and gives their rates, null at the first sight of it.
    pub(crate) fn rates(&mut self, name: &str, counters: [u64; 2], at: Moment) -> [Option<f64>; 2] {
        let Some(last) = self.readings.get_mut(name) else {
            let first = Reading { at, counters, rates: [None; 2] };
            self.readings.insert(name.to_owned(), first);
            return first.rates;
        };
        let elapsed = at.since(last.at);
        if elapsed >= MIN_ELAPSED {
            // A thing that was made anew counts from zero: both rates are unknown then.
            // Whole bytes: the rest is digits without meaning.
            let [a, b] =
                [0, 1].map(|i| per_second(last.counters[i], counters[i], elapsed).map(f64::round));
            let rates = if a.is_some() && b.is_some() { [a, b] } else { [None; 2] };
            *last = Reading { at, counters, rates };
        }
        last.rates
    }

    /// Forgets whatever is not there any more, so that its return is a first sight again.
    pub(crate) fn forget_unseen(&mut self, seen: impl Fn(&str) -> bool) {
        self.readings.retain(|name, _| seen(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn later(start: Moment, ms: u64) -> Moment {
        Moment { instant: start.instant + Duration::from_millis(ms), wall_ms: start.wall_ms + ms }
    }

    #[test]
    fn a_rate_is_growth_over_the_time_that_passed_and_unknown_otherwise() {
        for (before, now, elapsed, rate) in [
            (0, 1000, SECOND, Some(1000.0)),
            (1000, 1500, SECOND / 2, Some(1000.0)),
            (1000, 3000, SECOND * 4, Some(500.0)),
            (7, 7, SECOND, Some(0.0)),
            (1000, 3, SECOND, None),
            (u64::MAX, 0, SECOND, None),
            (0, 1000, Duration::ZERO, None),
            (0, 1000, Duration::from_millis(1), None),
            (0, u64::MAX, SECOND, Some(u64::MAX as f64)),
        ] {
            assert_eq!(per_second(before, now, elapsed), rate, "{before} → {now} in {elapsed:?}");
        }
    }

    #[test]
    fn the_first_sight_of_a_thing_has_no_rate() {
        let (mut meters, start) = (Meters::default(), Moment::now());
        assert_eq!(meters.rates("eth0", [5000, 700], start), [None, None]);
        let rates = meters.rates("eth0", [6000, 700], later(start, 2000));
        assert_eq!(rates, [Some(500.0), Some(0.0)]);
    }

    #[test]
    fn a_reset_gives_one_unknown_rate_and_then_goes_on_from_the_new_count() {
        let (mut meters, start) = (Meters::default(), Moment::now());
        meters.rates("sda", [5000, 10], start);
        // One of the two counters may have outgrown its old value already.
        assert_eq!(meters.rates("sda", [100, 400], later(start, 1000)), [None, None]);
        let rates = meters.rates("sda", [300, 400], later(start, 2000));
        assert_eq!(rates, [Some(200.0), Some(0.0)]);
    }

    #[test]
    fn a_thing_that_went_away_and_came_back_begins_anew() {
        let (mut meters, start) = (Meters::default(), Moment::now());
        meters.rates("wwan0", [1000, 0], start);
        meters.forget_unseen(|_| false);
        assert_eq!(meters.rates("wwan0", [9000, 0], later(start, 1000)), [None, None]);
    }

    #[test]
    fn two_readings_at_once_repeat_the_last_rate() {
        let (mut meters, start) = (Meters::default(), Moment::now());
        meters.rates("eth0", [0, 0], start);
        meters.rates("eth0", [1000, 0], later(start, 1000));
        let rates = meters.rates("eth0", [1001, 0], later(start, 1001));
        assert_eq!(rates[0], Some(1000.0));
        let rates = meters.rates("eth0", [2000, 0], later(start, 2000));
        assert_eq!(rates[0], Some(1000.0));
    }
}
