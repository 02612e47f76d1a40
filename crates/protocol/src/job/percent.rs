//! How far a job is.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How far a job is, from 0 to 100, in tenths; the number on the wire has a fraction where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percent(u16);

/// A number that is no percentage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidPercent;

impl fmt::Display for InvalidPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("progress is a number from 0 to 100, or null if nobody knows")
    }
}

impl std::error::Error for InvalidPercent {}

impl Percent {
    /// Nothing is done.
    pub const ZERO: Self = Self(0);
    /// All is done.
    pub const FULL: Self = Self(1_000);

    /// So many tenths of a percent, at most all of them.
    #[must_use]
    pub fn of_tenths(tenths: u16) -> Self {
        Self(tenths.min(1_000))
    }

    /// How much `done` is of `total`, rounded down: only what is done is full. None of nothing.
    #[must_use]
    pub fn of(done: u64, total: u64) -> Option<Self> {
        let tenths = u128::from(done.min(total)) * 1_000;
        let tenths = tenths.checked_div(u128::from(total))?;
        u16::try_from(tenths).ok().map(Self::of_tenths)
    }

    /// In tenths of a percent.
    #[must_use]
    pub fn tenths(self) -> u16 {
        self.0
    }

    /// As a number from 0 to 100.
    #[must_use]
    pub fn value(self) -> f64 {
        f64::from(self.0) / 10.0
    }
}

impl TryFrom<f64> for Percent {
    type Error = InvalidPercent;

    /// Rounded down to tenths.
    fn try_from(value: f64) -> Result<Self, InvalidPercent> {
        if !(0.0..=100.0).contains(&value) {
            return Err(InvalidPercent);
        }
        // 0.3 is a little less than three tenths, and what is a little less than all is not all.
        let tenths = (value * 10.0 + 1e-6) as u16;
        Ok(if value < 100.0 { Self::of_tenths(tenths.min(999)) } else { Self::FULL })
    }
}

impl fmt::Display for Percent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 % 10 {
            0 => write!(f, "{}%", self.0 / 10),
            tenth => write!(f, "{}.{tenth}%", self.0 / 10),
        }
    }
}

impl Serialize for Percent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 % 10 {
            0 => serializer.serialize_u16(self.0 / 10),
            _ => serializer.serialize_f64(self.value()),
        }
    }
}

impl<'de> Deserialize<'de> for Percent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::try_from(value).map_err(serde::de::Error::custom)
    }
}
