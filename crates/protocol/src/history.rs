//! What the figures of a machine were: columns for charts.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize, Serializer};

use crate::metric::Unit;

/// Longest time that is kept, in seconds: eight days.
pub const MAX_RANGE_SECONDS: u64 = 8 * 24 * 60 * 60;
/// Up to here, in seconds, figures are told as they were sampled where they still are in memory.
pub const FULL_RATE_SECONDS: u64 = 60 * 60;
/// Most points of a series.
pub const MAX_POINTS: usize = 3_600;
/// Most series of an answer.
pub const MAX_SERIES: usize = 100;

/// How far back from now: digits and one of `s`, `m`, `h` and `d`, such as `90s`, `5m`, `1h`, `7d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range(u64);

/// Text that is no range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidRange {
    /// It is not digits and a unit.
    Form,
    /// It is nothing, or more than [`MAX_RANGE_SECONDS`].
    Bounds,
}

impl fmt::Display for InvalidRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "a range is a number and s, m, h or d, as in 5m or 1h",
            Self::Bounds => "a range is at least 1s and at most 8d",
        })
    }
}

impl std::error::Error for InvalidRange {}

impl Range {
    /// An hour, what is answered to who names no other.
    pub const HOUR: Self = Self(FULL_RATE_SECONDS);

    /// In seconds.
    #[must_use]
    pub fn seconds(self) -> u64 {
        self.0
    }

    /// In milliseconds.
    #[must_use]
    pub fn ms(self) -> u64 {
        self.0 * 1_000
    }
}

impl FromStr for Range {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        let unit = text.chars().next_back().ok_or(InvalidRange::Form)?;
        let seconds = match unit {
            's' => 1,
            'm' => 60,
            'h' => 60 * 60,
            'd' => 24 * 60 * 60,
            _ => return Err(InvalidRange::Form),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(InvalidRange::Form);
        }
        // What is no number by now has too many digits.
        let count: u64 = digits.parse().map_err(|_| InvalidRange::Bounds)?;
        let seconds = count.checked_mul(seconds).ok_or(InvalidRange::Bounds)?;
        (1..=MAX_RANGE_SECONDS)
            .contains(&seconds)
            .then_some(Self(seconds))
            .ok_or(InvalidRange::Bounds)
    }
}

/// Answer of `GET` [`path::METRICS_HISTORY`](crate::api::path::METRICS_HISTORY).
///
/// All series have a value for each time, in the same order. The times are `times` where they are told, else
/// `from`, `from + stepMs` and so on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct History {
    /// The machine.
    pub host: String,
    /// Where it begins, in ms since the epoch.
    pub from: u64,
    /// Where it ends, in ms since the epoch: when it was asked for.
    pub to: u64,
    /// Time from one point to the next where nothing is missing, in ms.
    pub step_ms: u64,
    /// When the newest sample in it was taken, in ms since the epoch; null where all are minutes of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<u64>,
    /// Time of each point in ms since `from`, ascending; null where there is one at every step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<Vec<u64>>,
    /// The figures, in the order they were asked for.
    pub series: Vec<Series>,
}

/// A metric over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Series {
    /// Its name.
    pub metric: String,
    /// What it counts.
    pub unit: Unit,
    /// Each the sample, or the mean of what was sampled from one time to the next; null where there is none: a
    /// line breaks there.
    #[serde(serialize_with = "numbers")]
    pub values: Vec<Option<f64>>,
    /// The least of what `values` has the mean of; none where all are samples.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "some_numbers")]
    pub min: Option<Vec<Option<f64>>>,
    /// The greatest.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "some_numbers")]
    pub max: Option<Vec<Option<f64>>>,
}

impl History {
    /// Rounds all figures to so many significant digits, 1 to 7: for a chart four are more than can be seen, and half the bytes.
    pub fn round(&mut self, digits: u8) {
        for Series { values, min, max, .. } in &mut self.series {
            for column in std::iter::once(values).chain(min).chain(max) {
                for value in column.iter_mut().flatten() {
                    *value = rounded(*value, digits);
                }
            }
        }
    }

    /// How many points each series has.
    #[must_use]
    pub fn points(&self) -> usize {
        let series = || self.series.first().map_or(0, |series| series.values.len());
        self.times.as_ref().map_or_else(series, Vec::len)
    }

    /// When the point of this number was, in ms since the epoch; none if there is no such point.
    #[must_use]
    pub fn time(&self, point: usize) -> Option<u64> {
        let offset = match &self.times {
            Some(times) => *times.get(point)?,
            None if point < self.points() => {
                u64::try_from(point).ok()?.checked_mul(self.step_ms)?
            }
            None => return None,
        };
        self.from.checked_add(offset)
    }
}

/// A figure in the fewest digits that say as much as is kept of it: see [`kept`].
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = kept(self.0);
        if value.fract() == 0.0 && value.abs() < EXACT {
            serializer.serialize_i64(value as i64)
        } else if f64::from(value as f32) == value {
            serializer.serialize_f32(value as f32)
        } else {
            serializer.serialize_f64(value)
        }
    }
}

fn rounded(value: f64, digits: u8) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let places = i32::from(digits) - 1 - value.abs().log10().floor() as i32;
    // Both exact for what figures there are: a power of ten below 10^22.
    let scale = 10_f64.powi(places.abs());
    let rounded =
        if places < 0 { (value / scale).round() * scale } else { (value * scale).round() / scale };
    if rounded.is_finite() { kept(rounded) } else { value }
}

/// Whole numbers up to here are exact.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// What is kept of a figure: whole numbers as they are, fractions to the seven digits of a float of 32 bits.
#[must_use]
pub fn kept(value: f64) -> f64 {
    let rounded = f64::from(value as f32);
    // No minus before a zero.
    if value.fract() == 0.0 || !rounded.is_finite() { value + 0.0 } else { rounded + 0.0 }
}

fn numbers<S: Serializer>(values: &[Option<f64>], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|value| value.map(Number)))
}

fn some_numbers<S: Serializer>(
    values: &Option<Vec<Option<f64>>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match values {
        Some(values) => numbers(values, serializer),
        None => serializer.serialize_none(),
    }
}
