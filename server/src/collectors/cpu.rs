//! Processors: use of all together and of each, and the load averages.

use sysinfo::System;
use tidings_protocol::metrics::{Cpu, Snapshot};

use super::rate::{MIN_ELAPSED, percent};
use super::source::{CpuSource, CpuUse};
use super::{Collector, Moment};

/// At most this many cores are listed; the total counts all.
const MAX_CORES: usize = 256;

/// Busy share since the sample before. Time stolen by a hypervisor counts as busy, waiting for a disk
/// as idle.
pub struct CpuCollector {
    source: CpuSource,
    read: Moment,
    last: Option<CpuUse>,
}

impl CpuCollector {
    /// Takes the first of the two readings that a share needs.
    pub fn new() -> Self {
        let mut source = CpuSource::new();
        let read = Moment::now();
        source.read();
        Self { source, read, last: None }
    }
}

impl Default for CpuCollector {
    fn default() -> Self {
        Self::new()
    }
}

impl Collector for CpuCollector {
    fn name(&self) -> &'static str {
        "cpu"
    }

    fn collect(&mut self, at: Moment, snapshot: &mut Snapshot) {
        if at.since(self.read) >= MIN_ELAPSED {
            self.last = self.source.read();
            self.read = at;
        }
        snapshot.cpu = self.last.as_ref().map(|usage| Cpu {
            total: share(usage.total),
            cores: usage.cores.iter().take(MAX_CORES).copied().map(share).collect(),
            load: load(),
        });
    }
}

fn share(value: f32) -> f32 {
    if value.is_finite() { percent(f64::from(value).clamp(0.0, 100.0)) } else { 0.0 }
}

/// The load averages; Windows has none and its stand-in would be a made-up figure.
fn load() -> Option<[f64; 3]> {
    if cfg!(windows) {
        return None;
    }
    let load = System::load_average().ok()?;
    let load = [load.one, load.five, load.fifteen];
    load.iter().all(|value| value.is_finite()).then_some(load)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_first_sample_right_after_the_start_has_no_cpu() {
        let mut collector = CpuCollector::new();
        let mut snapshot = Snapshot::default();
        let at = collector.read;
        collector.collect(at, &mut snapshot);
        assert_eq!(snapshot.cpu, None);
    }

    #[test]
    fn a_sample_too_close_repeats_the_last_figures() {
        let mut collector = CpuCollector::new();
        collector.last = Some(CpuUse { total: 12.5, cores: vec![25.0, 0.0] });
        let mut snapshot = Snapshot::default();
        let at = Moment { instant: collector.read.instant + Duration::from_millis(1), wall_ms: 0 };
        collector.collect(at, &mut snapshot);
        assert_eq!(snapshot.cpu.unwrap().cores, [25.0, 0.0]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn load_agrees_with_proc() {
        let read = || {
            let text = std::fs::read_to_string("/proc/loadavg").unwrap();
            let mut values = text.split(' ').map(|value| value.parse::<f64>().unwrap_or(0.0));
            [(); 3].map(|()| values.next().unwrap())
        };
        // The kernel takes a new average every five seconds: one of the two must be the same.
        let (before, seen, after) = (read(), load().unwrap(), read());
        assert!(seen == before || seen == after, "{before:?} {seen:?} {after:?}");
    }
}
