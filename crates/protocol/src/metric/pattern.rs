//! Which metrics somebody means.

use std::fmt;
use std::str::FromStr;

use super::{FAMILIES, Family, Unit, unescape};

/// Longest name or pattern, in bytes.
pub const MAX_METRIC_BYTES: usize = 300;

/// The name of a metric, or of several by `*` in the place of a whole segment: `disk.*.used_percent`.
///
/// All that it may stand for counts the same thing, so that one threshold makes sense for it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetricPattern {
    text: String,
    unit: Unit,
}

/// Text that names no metric.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidMetric {
    /// Nothing between two dots, at an end, or at all.
    EmptySegment,
    /// More than [`MAX_METRIC_BYTES`].
    TooLong,
    /// A star within a segment.
    Star,
    /// A control character, or a percent sign that begins no escape.
    Escape,
    /// No sample ever has such a figure.
    Unknown,
    /// It would stand for percents and for bytes at once, or the like.
    Mixed,
}

impl fmt::Display for InvalidMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptySegment => f.write_str("the name of a metric has no empty segment"),
            Self::TooLong => {
                write!(f, "the name of a metric has at most {MAX_METRIC_BYTES} bytes")
            }
            Self::Star => f.write_str("a * stands for one whole segment, as in disk.*.read"),
            Self::Escape => f.write_str(
                "within a segment . is written %2E, * is %2A and % is %25; control characters likewise, and \
                 nothing else",
            ),
            Self::Unknown => f.write_str("there is no such metric"),
            Self::Mixed => f.write_str("it stands for figures of different units; name one of them"),
        }
    }
}

impl std::error::Error for InvalidMetric {}

impl MetricPattern {
    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What all of its figures count.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Whether it names one metric and no other.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.text.split('.').any(|segment| segment == "*")
    }

    /// Whether it stands for the metric of this name.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        let mut segments = name.split('.');
        self.text.split('.').all(|own| segments.next().is_some_and(|it| own == "*" || own == it))
            && segments.next().is_none()
    }
}

impl fmt::Display for MetricPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for MetricPattern {
    type Err = InvalidMetric;

    fn from_str(text: &str) -> Result<Self, InvalidMetric> {
        if text.len() > MAX_METRIC_BYTES {
            return Err(InvalidMetric::TooLong);
        }
        for segment in text.split('.') {
            match segment {
                "" => return Err(InvalidMetric::EmptySegment),
                "*" => {}
                _ if segment.contains('*') => return Err(InvalidMetric::Star),
                _ if unescape(segment).is_none() => return Err(InvalidMetric::Escape),
                _ => {}
            }
        }
        let mut units = FAMILIES.iter().filter(|family| may_meet(text, family)).map(|f| f.unit);
        let unit = units.next().ok_or(InvalidMetric::Unknown)?;
        if units.any(|other| other != unit) {
            return Err(InvalidMetric::Mixed);
        }
        Ok(Self { text: text.to_owned(), unit })
    }
}

/// Whether some name is meant by both.
fn may_meet(pattern: &str, family: &Family) -> bool {
    let (own, its) = (pattern.split('.'), family.pattern.split('.'));
    own.clone().count() == its.clone().count()
        && own.zip(its).all(|(own, its)| own == "*" || its == "*" || own == its)
}
