//! How measurements are spread.

use std::fmt;
use std::time::Duration;

use anyhow::{Context, Result};

/// Measurements in ms, the least first.
#[derive(Clone, Debug, PartialEq)]
pub struct Spread(Vec<f64>);

impl Spread {
    /// Of these, in ms.
    ///
    /// # Errors
    ///
    /// If there are none.
    pub fn of(times: impl IntoIterator<Item = f64>) -> Result<Self> {
        let mut times: Vec<f64> = times.into_iter().collect();
        times.sort_by(f64::total_cmp);
        times.first().context("nothing was measured")?;
        Ok(Self(times))
    }

    /// Of these.
    ///
    /// # Errors
    ///
    /// If there are none.
    pub fn of_times(times: impl IntoIterator<Item = Duration>) -> Result<Self> {
        Self::of(times.into_iter().map(|time| time.as_secs_f64() * 1_000.0))
    }

    /// At most this, in ms, are so many of a hundred.
    #[must_use]
    pub fn percentile(&self, percent: usize) -> f64 {
        let rank = (self.0.len() * percent).div_ceil(100).max(1);
        self.0.get(rank - 1).copied().unwrap_or(f64::NAN)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p90, p95, p99, most] = [50, 90, 95, 99, 100].map(|it| self.percentile(it));
        write!(
            f,
            "p50 {p50:.1}, p90 {p90:.1}, p95 {p95:.1}, p99 {p99:.1}, most {most:.1} ms of {}",
            self.count()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_measurements() {
        let spread = Spread::of((1..=30).rev().map(f64::from)).unwrap();
        assert_eq!([50, 95, 99, 100].map(|it| spread.percentile(it)), [15.0, 29.0, 30.0, 30.0]);
        assert!(Spread::of([]).is_err());
    }
}
