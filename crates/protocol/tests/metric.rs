//! Figures by name: what a sample has, what a pattern stands for, and what the table in the docs says of both.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidings_protocol::metric::{
    FAMILIES, InvalidMetric, MetricPattern, Unit, each, escape, label, unescape,
};
use tidings_protocol::metrics::{
    Cpu, Disk, Host, Interface, Memory, Processes, Snapshot, Temperature,
};

fn figures(snapshot: &Snapshot) -> BTreeMap<String, f64> {
    let mut figures = BTreeMap::new();
    each(snapshot, |name, value| {
        assert_eq!(figures.insert(name.to_owned(), value), None, "{name}");
    });
    figures
}

/// A machine that has everything.
fn full() -> Snapshot {
    let disk = |name: &str| Disk {
        name: name.to_owned(),
        total: 200,
        used: 50,
        available: 150,
        read: Some(1.5),
        write: Some(0.0),
        ..Disk::default()
    };
    Snapshot {
        host: Host { uptime: 7, ..Host::default() },
        cpu: Some(Cpu { total: 12.5, cores: vec![25.0, 0.0], load: Some([0.5, 0.25, 0.125]) }),
        memory: Some(Memory { total: 8, used: 2, available: 6, swap_total: 4, swap_used: 3 }),
        disks: vec![disk("sda1"), disk("tank/a.b")],
        network: vec![Interface {
            name: "eth0.7".to_owned(),
            received: Some(9.0),
            sent: Some(8.0),
            total_received: 7,
            total_sent: 6,
        }],
        temperatures: vec![Temperature {
            label: "Core 0 *".to_owned(),
            celsius: 41.5,
            critical: None,
        }],
        processes: Some(Processes { count: 123, ..Processes::default() }),
        ..Snapshot::default()
    }
}

#[test]
fn every_figure_of_a_sample_has_a_name_and_its_value() {
    let figures = figures(&full());
    for (name, value) in [
        ("host.uptime", 7.0),
        ("cpu.total", 12.5),
        ("cpu.core.1", 0.0),
        ("load.15", 0.125),
        ("memory.used_percent", 25.0),
        ("swap.used_percent", 75.0),
        ("disk.sda1.used_percent", 25.0),
        ("disk.tank/a%2Eb.read", 1.5),
        ("network.eth0%2E7.sent", 8.0),
        ("disks.read", 3.0),
        ("networks.sent", 8.0),
        ("temperature.Core 0 %2A", 41.5),
        ("process.count", 123.0),
    ] {
        assert_eq!(figures.get(name), Some(&value), "{name}");
    }
}

#[test]
fn every_figure_is_of_one_family_and_every_family_has_figures() {
    let figures = figures(&full());
    let patterns: Vec<MetricPattern> =
        FAMILIES.iter().map(|family| family.pattern.parse().expect(family.pattern)).collect();
    for name in figures.keys() {
        assert_eq!(patterns.iter().filter(|pattern| pattern.matches(name)).count(), 1, "{name}");
        assert!(name.parse::<MetricPattern>().is_ok_and(|own| own.is_exact()), "{name}");
    }
    for (pattern, family) in patterns.iter().zip(FAMILIES) {
        assert!(figures.keys().any(|name| pattern.matches(name)), "{pattern}");
        assert_eq!(pattern.unit(), family.unit);
    }
}

#[test]
fn what_a_machine_does_not_have_is_left_out() {
    assert_eq!(figures(&Snapshot::default()), BTreeMap::new());
    let mut poor = full();
    poor.memory = Some(Memory { total: 0, swap_total: 0, ..Memory::default() });
    poor.cpu = Some(Cpu { total: f32::NAN, cores: vec![f32::INFINITY], load: None });
    poor.disks.iter_mut().for_each(|disk| disk.read = None);
    let figures = figures(&poor);
    for name in [
        "memory.used_percent",
        "swap.used_percent",
        "cpu.total",
        "cpu.core.0",
        "disk.sda1.read",
        "disks.read",
    ] {
        assert!(!figures.contains_key(name), "{name}");
    }
}

#[test]
fn a_star_stands_for_one_segment() {
    for (pattern, name, matches) in [
        ("disk.*.read", "disk.sda1.read", true),
        ("disk.*.read", "disk.tank/a%2Eb.read", true),
        ("disk.*.read", "disk.sda1.write", false),
        ("disk.*.read", "disk.a.b.read", false),
        ("disk.*.read", "disks.read", false),
        ("cpu.core.*", "cpu.core.11", true),
        ("cpu.total", "cpu.total", true),
        ("cpu.total", "cpu.total.x", false),
    ] {
        let parsed: MetricPattern = pattern.parse().unwrap();
        assert_eq!(parsed.matches(name), matches, "{pattern} {name}");
        assert_eq!(parsed.is_exact(), !pattern.contains('*'));
    }
}

#[test]
fn what_names_no_metric_says_why() {
    use InvalidMetric::{EmptySegment, Escape, Mixed, Star, TooLong, Unknown};
    for (text, why) in [
        ("", EmptySegment),
        ("cpu..total", EmptySegment),
        ("disk.sd*.read", Star),
        ("disk.100%.read", Escape),
        ("disk.%2e.read", Escape),
        ("disk.%41.read", Escape),
        ("disk.a\nb.read", Escape),
        ("cpu.totl", Unknown),
        ("cpu", Unknown),
        ("disk.sda1", Unknown),
        ("memory.*", Mixed),
        ("disk.sda1.*", Mixed),
        (&"x".repeat(301), TooLong),
    ] {
        assert_eq!(text.parse::<MetricPattern>(), Err(why), "{text:?}");
    }
    assert_eq!("load.*".parse::<MetricPattern>().unwrap().unit(), Unit::Count);
}

#[test]
fn people_read_which_it_is() {
    for (metric, text) in [
        ("cpu.total", "CPU"),
        ("disk.tank/a%2Eb.used_percent", "Disk tank/a.b"),
        ("disk.*.used_percent", "Disk any"),
        ("temperature.%", "Temperature of "),
        ("x.y", "x.y"),
    ] {
        assert_eq!(label(metric), text);
    }
}

proptest! {
    #[test]
    fn a_name_comes_back_from_its_segment(name in any::<String>()) {
        let segment = escape(&name);
        prop_assert!(!segment.is_empty() && !segment.contains(['.', '*']));
        prop_assert_eq!(unescape(&segment), Some(name));
    }

    #[test]
    fn a_name_has_one_segment(segment in "[a%.2E5*\u{c4}]{0,6}") {
        if let Some(name) = unescape(&segment) {
            prop_assert_eq!(escape(&name), segment);
        }
    }
}

#[test]
fn the_docs_have_every_family_with_its_unit_and_nothing_else() {
    let docs = include_str!("../../../docs/metrics.md");
    let rows: Vec<_> = docs.lines().filter_map(|line| line.strip_prefix("| `")).collect();
    let expected: Vec<_> = FAMILIES
        .iter()
        .map(|family| {
            let Unit::Unknown = family.unit else {
                return format!("{}` | {} | {} |", family.pattern, family.unit.text(), family.text);
            };
            panic!("{} has no unit", family.pattern);
        })
        .collect();
    assert_eq!(rows, expected);
}
