//! Network interfaces: bytes received and sent.

use std::cmp::Reverse;

use tidings_protocol::metrics::{Interface, Snapshot};

use super::rate::Meters;
use super::source::{LinkReading, NetworkSource};
use super::{Collector, Moment};

/// At most this many are listed: those that carried most.
const MAX_INTERFACES: usize = 64;

/// Every interface but loopback and those that are down and never carried a byte, by name.
pub struct NetworkCollector {
    source: NetworkSource,
    meters: Meters,
}

impl NetworkCollector {
    /// Takes the first of the two readings that a rate needs.
    pub fn new() -> Self {
        let mut collector = Self { source: NetworkSource::new(), meters: Meters::default() };
        collector.collect(Moment::now(), &mut Snapshot::default());
        collector
    }
}

impl Default for NetworkCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector for NetworkCollector {
    fn name(&self) -> &'static str {
        "network"
    }

    fn collect(&mut self, at: Moment, snapshot: &mut Snapshot) {
        let links = self.source.read();
        let links = listed(links, |name| self.source.is_up(name));
        self.meters.forget_unseen(|name| links.iter().any(|link| link.name == name));
        snapshot.network =
            links.into_iter().map(|link| interface(link, &mut self.meters, at)).collect();
    }
}

fn interface(link: LinkReading, meters: &mut Meters, at: Moment) -> Interface {
    let [received, sent] = meters.rates(&link.name, [link.received, link.sent], at);
    Interface {
        name: link.name,
        received,
        sent,
        total_received: link.received,
        total_sent: link.sent,
    }
}

/// Picks and orders what is shown. `is_up` is asked only of interfaces that never carried a byte.
fn listed(mut links: Vec<LinkReading>, is_up: impl Fn(&str) -> bool) -> Vec<LinkReading> {
    links.retain(|link| {
        !is_loopback(&link.name) && (link.received > 0 || link.sent > 0 || is_up(&link.name))
    });
    // A host of many containers has hundreds: what it drops is the idle ones, not the way out.
    if links.len() > MAX_INTERFACES {
        links.sort_by_key(|link| Reverse(link.received.saturating_add(link.sent)));
        links.truncate(MAX_INTERFACES);
    }
    links.sort_by(|a, b| a.name.cmp(&b.name));
    links
}

/// `lo` on Linux, `lo0` on macOS and the BSDs, a long name on Windows.
fn is_loopback(name: &str) -> bool {
    name.strip_prefix("lo").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))
        || name.starts_with("Loopback")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(name: &str, received: u64, sent: u64) -> LinkReading {
        LinkReading { name: name.into(), received, sent }
    }

    fn names(links: &[LinkReading]) -> Vec<&str> {
        links.iter().map(|link| link.name.as_str()).collect()
    }

    #[test]
    fn loopback_and_dead_interfaces_are_left_out() {
        let links = vec![
            link("lo", 900, 900),
            link("lo0", 900, 900),
            link("Loopback Pseudo-Interface 1", 1, 1),
            link("wlan0", 0, 0),
            link("ifb0", 0, 0),
            link("eth0", 5, 0),
            link("lorawan0", 1, 0),
            link("docker0", 0, 0),
        ];
        let shown = listed(links, |name| name == "docker0");
        assert_eq!(names(&shown), ["docker0", "eth0", "lorawan0"]);
    }

    #[test]
    fn of_too_many_interfaces_the_busiest_stay() {
        let mut links: Vec<_> = (0..500).map(|i| link(&format!("cali{i:03}"), i, 0)).collect();
        links.push(link("eth0", 1_000_000, 5));
        let shown = listed(links, |_| true);
        assert_eq!(shown.len(), MAX_INTERFACES);
        assert!(names(&shown).contains(&"eth0"));
        assert!(shown.is_sorted_by(|a, b| a.name < b.name));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn totals_lie_between_two_readings_of_proc() {
        let read = |name: &str| {
            let text = std::fs::read_to_string("/proc/net/dev").unwrap();
            let line = text.lines().find(|l| l.trim_start().starts_with(&format!("{name}:")));
            let line = line?.split_once(':')?.1.to_owned();
            let mut fields = line.split_whitespace().map(|field| field.parse::<u64>().unwrap());
            Some([fields.next()?, fields.nth(7)?])
        };
        let mut collector = NetworkCollector::new();
        let mut before = Snapshot::default();
        collector.collect(Moment::now(), &mut before);
        for interface in &before.network {
            let low = read(&interface.name);
            let mut snapshot = Snapshot::default();
            collector.collect(Moment::now(), &mut snapshot);
            let high = read(&interface.name);
            let seen = snapshot.network.iter().find(|i| i.name == interface.name);
            // One that goes away meanwhile proves nothing.
            let (Some(low), Some(seen), Some(high)) = (low, seen, high) else { continue };
            assert!((low[0]..=high[0]).contains(&seen.total_received));
            assert!((low[1]..=high[1]).contains(&seen.total_sent));
        }
    }
}
