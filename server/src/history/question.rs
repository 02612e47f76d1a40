//! What is asked for.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidings_protocol::history::Range;
use tidings_protocol::metric::{FAMILIES, InvalidMetric, MetricPattern};

use super::HistoryError;
use crate::config::nearest;

/// What somebody wants to know of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The machine; without a name the server's own.
    pub host: Option<String>,
    /// Metrics, one or many by each.
    pub metrics: Vec<Wanted>,
    /// How far back.
    pub range: Range,
}

/// A metric or several: a name, a pattern as alerts have it, though of whatever units, or `*`, which is all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted(String);

/// All metrics.
const ALL: &str = "*";

impl Wanted {
    /// By a name or a pattern.
    ///
    /// # Errors
    ///
    /// If it is neither.
    pub fn new(text: &str) -> Result<Self, HistoryError> {
        match text.parse::<MetricPattern>() {
            // Each figure has a column of its own.
            Ok(_) | Err(InvalidMetric::Mixed) => Ok(Self(text.to_owned())),
            Err(_) if text == ALL => Ok(Self(text.to_owned())),
            Err(InvalidMetric::Unknown) => {
                let families = FAMILIES.iter().map(|family| family.pattern.to_owned());
                Err(unknown(text, &families.collect::<Vec<_>>()))
            }
            Err(error) => {
                Err(HistoryError::Invalid { metric: text.to_owned(), reason: error.to_string() })
            }
        }
    }

    /// As it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one metric and no other.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        !self.0.split('.').any(|segment| segment == ALL)
    }

    fn matches(&self, name: &str) -> bool {
        let mut segments = name.split('.');
        self.0 == ALL
            || self
                .0
                .split('.')
                .all(|own| segments.next().is_some_and(|it| own == ALL || own == it))
                && segments.next().is_none()
    }
}

/// The names in `known` that are wanted, each once: in the order they are asked for, those of a pattern by their own.
pub(super) fn names(
    wanted: &[Wanted],
    known: &BTreeSet<Arc<str>>,
) -> Result<Vec<Arc<str>>, HistoryError> {
    let mut names: Vec<Arc<str>> = Vec::new();
    let mut taken = BTreeSet::new();
    for wanted in wanted {
        let mut found: Vec<_> = match known.get(wanted.as_str()) {
            Some(name) if wanted.is_exact() => vec![name],
            _ => known.iter().filter(|name| wanted.matches(name)).collect(),
        };
        // Core 10 behind core 9.
        found.sort_by_cached_key(|name| natural(name));
        if found.is_empty() {
            let known: Vec<_> = known.iter().map(ToString::to_string).collect();
            return Err(unknown(wanted.as_str(), &known));
        }
        names.extend(found.into_iter().filter(|name| taken.insert(Arc::clone(name))).cloned());
    }
    Ok(names)
}

/// Orders texts with numbers in them as people do: by length of a number first.
fn natural(name: &str) -> Vec<(usize, String)> {
    let key = |segment: &str| {
        let is_number = !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_digit());
        (if is_number { segment.len() } else { 0 }, segment.to_owned())
    };
    name.split('.').map(key).collect()
}

fn unknown(metric: &str, known: &[String]) -> HistoryError {
    let nearest = Some(nearest(metric, known)).filter(|nearest| !nearest.is_empty());
    HistoryError::UnknownMetric { metric: metric.to_owned(), nearest }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(wanted: &[&str], known: &[&str]) -> Result<Vec<String>, String> {
        let known = known.iter().map(|name| Arc::from(*name)).collect();
        let wanted: Result<Vec<_>, _> = wanted.iter().map(|text| Wanted::new(text)).collect();
        let names = wanted.and_then(|wanted| names(&wanted, &known));
        names
            .map(|names| names.iter().map(ToString::to_string).collect())
            .map_err(|e| e.to_string())
    }

    const KNOWN: &[&str] = &[
        "cpu.core.0",
        "cpu.core.10",
        "cpu.core.9",
        "cpu.total",
        "disk.sda1.read",
        "disk.sda1.total",
    ];

    #[test]
    fn names_come_in_the_order_they_are_asked_for_and_each_once() {
        let names = |wanted: &[&str]| found(wanted, KNOWN).unwrap();
        assert_eq!(names(&["disk.sda1.read", "cpu.total"]), ["disk.sda1.read", "cpu.total"]);
        assert_eq!(names(&["cpu.core.*"]), ["cpu.core.0", "cpu.core.9", "cpu.core.10"]);
        assert_eq!(names(&["cpu.total", "*"]).len(), KNOWN.len());
        assert_eq!(names(&["disk.sda1.*"]).len(), 2, "of whatever units");
        assert_eq!(names(&["cpu.*"]), ["cpu.total"]);
    }

    #[test]
    fn a_metric_that_is_not_there_is_told_with_the_nearest_that_is() {
        for (wanted, nearest) in [
            ("cpu.totl", "cpu.total"),
            ("disk.sdb1.read", "disk.sda1.read"),
            ("cpu.core.77", "cpu.core."),
        ] {
            let error = found(&[wanted], KNOWN).unwrap_err();
            let expected =
                format!("there is no metric `{wanted}` on this machine; did you mean `{nearest}");
            assert!(error.starts_with(&expected), "{error}");
        }
        assert!(!found(&["cpu.total"], &[]).unwrap_err().contains("did you mean"));
        assert!(found(&["cpu..total"], KNOWN).unwrap_err().contains("empty segment"));
    }
}
