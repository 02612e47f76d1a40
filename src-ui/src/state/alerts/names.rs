//! Which figures there are, to choose one for a rule.

use tidings_protocol::metric::{FAMILIES, Family, MetricPattern, each};
use tidings_protocol::metrics::Snapshot;

use super::words::figure;

/// Names that a rule may have, each with what it says: every kind of figure, and those of this machine one by one.
#[must_use]
pub fn known(snapshot: Option<&Snapshot>) -> Vec<(String, &'static str)> {
    let mut names: Vec<_> =
        FAMILIES.iter().map(|family| (family.pattern.to_owned(), family.text)).collect();
    for (name, _) in figures(snapshot) {
        if !names.iter().any(|(known, _)| *known == name) {
            let text = text(&name);
            names.push((name, text));
        }
    }
    names
}

fn figures(snapshot: Option<&Snapshot>) -> Vec<(String, f64)> {
    let mut figures = Vec::new();
    if let Some(snapshot) = snapshot {
        each(snapshot, |name, value| figures.push((name.to_owned(), value)));
    }
    figures
}

/// What figures of this name say, in a line; nothing where it is no name.
#[must_use]
pub fn text(metric: &str) -> &'static str {
    let of = |family: &&Family| {
        family.pattern.parse::<MetricPattern>().is_ok_and(|pattern| pattern.matches(metric))
    };
    FAMILIES.iter().find(of).map_or("", |family| family.text)
}

/// What figures of this name are at the moment, in words; none where there is no such figure.
#[must_use]
pub fn now(metric: &MetricPattern, snapshot: &Snapshot) -> Option<String> {
    let (mut count, mut least, mut most) = (0, f64::INFINITY, f64::NEG_INFINITY);
    for (name, value) in figures(Some(snapshot)) {
        if metric.matches(&name) {
            (count, least, most) = (count + 1, least.min(value), most.max(value));
        }
    }
    let unit = metric.unit();
    match count {
        0 => None,
        1 => Some(format!("Now {}.", figure(most, unit))),
        count => Some(format!(
            "Now {count} figures, from {} to {}.",
            figure(least, unit),
            figure(most, unit)
        )),
    }
}

/// The kind of figure whose name is most like one that there is not.
#[must_use]
pub fn nearest(metric: &str) -> &'static str {
    let patterns = FAMILIES.iter().map(|family| family.pattern);
    patterns.min_by_key(|pattern| distance(metric, pattern)).unwrap_or_default()
}

/// How many letters must be put in, left out or replaced.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let cost = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = cost.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn snapshot() -> Snapshot {
        let text = r#"{"intervalMs":1000,"host":{"name":"a","os":"","kernel":"","uptime":90},
            "cpu":{"total":34.2,"cores":[10.0,58.4],"load":[1.0,2.0,3.0]}}"#;
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn kinds_and_figures_of_the_machine_can_be_chosen_once_each() {
        let names = known(Some(&snapshot()));
        let count = |name: &str| names.iter().filter(|(known, _)| known == name).count();
        assert_eq!((count("cpu.total"), count("cpu.core.*"), count("cpu.core.1")), (1, 1, 1));
        let core = names.iter().find(|(name, _)| name == "cpu.core.1").unwrap();
        assert_eq!(core.1, "Use of one core, counted from 0");
        assert_eq!(known(None).len(), FAMILIES.len());
    }

    #[test]
    fn what_figures_are_now_is_told_of_one_and_of_several() {
        let now = |metric: &str| now(&metric.parse().unwrap(), &snapshot());
        assert_eq!(now("cpu.total").unwrap(), "Now 34.2\u{a0}%.");
        assert_eq!(now("cpu.core.*").unwrap(), "Now 2 figures, from 10.0\u{a0}% to 58.4\u{a0}%.");
        assert_eq!(now("swap.used"), None);
    }

    #[test]
    fn a_misspelt_name_is_told_what_it_is_like() {
        assert_eq!(nearest("cpu.totl"), "cpu.total");
        assert_eq!(nearest("disk.*.used_percnt"), "disk.*.used_percent");
        assert_eq!(nearest("memory.usedpercent"), "memory.used_percent");
    }
}
