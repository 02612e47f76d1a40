//! Disks: space, and bytes read and written a second.

use std::path::Path;

use tidings_protocol::metrics::{Disk, Snapshot};

use super::rate::Meters;
use super::source::{DiskReading, DisksSource};
use super::{Collector, Moment};

/// At most this many are listed.
const MAX_DISKS: usize = 64;

/// File systems that lie on a device of this machine, each device once, the root first.
pub struct DisksCollector {
    source: DisksSource,
    meters: Meters,
}

impl DisksCollector {
    /// Takes the first of the two readings that a rate needs.
    pub fn new() -> Self {
        let mut collector = Self { source: DisksSource::new(), meters: Meters::default() };
        collector.collect(Moment::now(), &mut Snapshot::default());
        collector
    }
}

impl Default for DisksCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector for DisksCollector {
    fn name(&self) -> &'static str {
        "disks"
    }

    fn collect(&mut self, at: Moment, snapshot: &mut Snapshot) {
        let mut readings = self.source.read(at);
        // The root first; the rest by place, so that the list keeps its order.
        readings
            .sort_by(|a, b| (!is_root(&a.mount), &a.mount).cmp(&(!is_root(&b.mount), &b.mount)));
        readings.truncate(MAX_DISKS);
        self.meters.forget_unseen(|name| readings.iter().any(|reading| reading.name == name));
        snapshot.disks =
            readings.into_iter().map(|reading| disk(reading, &mut self.meters, at)).collect();
    }
}

fn disk(reading: DiskReading, meters: &mut Meters, at: Moment) -> Disk {
    let [read, write] = match reading.counters {
        Some(counters) => meters.rates(&reading.name, counters, at),
        None => [None; 2],
    };
    let available = reading.available.min(reading.total);
    Disk {
        name: reading.name,
        mount: reading.mount,
        file_system: reading.file_system,
        total: reading.total,
        used: reading.total - available,
        available,
        read,
        write,
    }
}

fn is_root(mount: &str) -> bool {
    let mount = Path::new(mount);
    mount == Path::new(if cfg!(windows) { "C:\\" } else { "/" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reading(name: &str, mount: &str, counters: Option<[u64; 2]>) -> DiskReading {
        DiskReading {
            name: name.into(),
            mount: mount.into(),
            file_system: "ext4".into(),
            total: 100,
            available: 40,
            counters,
        }
    }

    #[test]
    fn used_is_what_an_unprivileged_program_cannot_write() {
        let disk = disk(reading("sda1", "/", None), &mut Meters::default(), Moment::now());
        assert_eq!((disk.total, disk.used, disk.available), (100, 60, 40));
    }

    #[test]
    fn a_disk_without_counters_has_no_rates_rather_than_zero() {
        let (mut meters, at) = (Meters::default(), Moment::now());
        let disk = disk(reading("overlay", "/", None), &mut meters, at);
        assert_eq!((disk.read, disk.write), (None, None));
    }

    #[test]
    fn this_machine_shows_its_root_first_and_each_name_once() {
        let mut snapshot = Snapshot::default();
        DisksCollector::new().collect(Moment::now(), &mut snapshot);
        let Some(first) = snapshot.disks.first() else {
            return; // a sandbox without any file system of its own
        };
        assert!(first.total > 0);
        assert!(snapshot.disks.iter().skip(1).all(|disk| !is_root(&disk.mount)));
        let mut names: Vec<_> = snapshot.disks.iter().map(|disk| &disk.name).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), snapshot.disks.len());
    }
}
