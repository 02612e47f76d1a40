//! Which figures there are, to choose one for a rule.

use tidings_protocol::metric::{FAMILIES, Family, MetricPattern, each};
use tidings_protocol::metrics::Snapshot;

use super::words::figure;
use crate::text::{self as language, fill};

/// Names that a rule may have, each with what it says: every kind of figure, and those of this machine one by one.
#[must_use]
pub fn known(snapshot: Option<&Snapshot>) -> Vec<(String, &'static str)> {
    let mut names: Vec<_> =
        FAMILIES.iter().map(|family| (family.pattern.to_owned(), says(family))).collect();
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
    FAMILIES.iter().find(of).map_or("", says)
}

/// What a family's figures say, in the language of the page; of one that it does not know, as the server has it.
fn says(family: &Family) -> &'static str {
    let figures = &language::text().figures;
    match family.pattern {
        "host.uptime" => figures.host_uptime,
        "cpu.total" => figures.cpu_total,
        "cpu.core.*" => figures.cpu_core,
        "load.1" => figures.load_1,
        "load.5" => figures.load_5,
        "load.15" => figures.load_15,
        "memory.total" => figures.memory_total,
        "memory.used" => figures.memory_used,
        "memory.available" => figures.memory_available,
        "memory.used_percent" => figures.memory_used_percent,
        "swap.total" => figures.swap_total,
        "swap.used" => figures.swap_used,
        "swap.used_percent" => figures.swap_used_percent,
        "disk.*.total" => figures.disk_total,
        "disk.*.used" => figures.disk_used,
        "disk.*.available" => figures.disk_available,
        "disk.*.used_percent" => figures.disk_used_percent,
        "disk.*.read" => figures.disk_read,
        "disk.*.write" => figures.disk_write,
        "disks.read" => figures.disks_read,
        "disks.write" => figures.disks_write,
        "network.*.received" => figures.network_received,
        "network.*.sent" => figures.network_sent,
        "network.*.total_received" => figures.network_total_received,
        "network.*.total_sent" => figures.network_total_sent,
        "networks.received" => figures.networks_received,
        "networks.sent" => figures.networks_sent,
        "temperature.*" => figures.temperature,
        "process.count" => figures.process_count,
        _ => family.text,
    }
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
    let (unit, words) = (metric.unit(), &language::text().alerts);
    match count {
        0 => None,
        1 => Some(fill(words.now, &[&figure(most, unit)])),
        count => {
            let [least, most] = [least, most].map(|value| figure(value, unit));
            Some(fill(words.now_several, &[&count.to_string(), &least, &most]))
        }
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
    use crate::text::{Language, Marks};

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
    fn every_kind_of_figure_has_words_in_each_language() {
        let english: Vec<_> = FAMILIES.iter().map(says).collect();
        assert_eq!(english, FAMILIES.iter().map(|family| family.text).collect::<Vec<_>>());
        language::choose(Language::German, "de", Marks { decimal: ',', group: '.' });
        for (family, english) in FAMILIES.iter().zip(english) {
            assert_ne!(says(family), english, "{}", family.pattern);
        }
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
