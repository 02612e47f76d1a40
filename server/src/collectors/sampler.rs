//! All collectors together: one snapshot a call.

use std::ops::RangeInclusive;
use std::time::Duration;

use tidings_protocol::metrics::Snapshot;

use super::{Collector, Moment, machine_name, registry};

/// What the collectors are told.
#[derive(Clone, Debug)]
pub struct CollectorsConfig {
    /// Time between two samples, within [`CollectorsConfig::INTERVALS`].
    pub interval: Duration,
    /// Time between two readings of the process table, rounded up to whole samples. A machine that
    /// runs thousands of processes is read less often than this.
    pub processes_interval: Duration,
    /// Name of the machine, as in its topic.
    pub host_name: String,
}

impl CollectorsConfig {
    /// Intervals that make sense; [`Sampler::new`] brings others to the nearest.
    pub const INTERVALS: RangeInclusive<Duration> =
        Duration::from_millis(100)..=Duration::from_secs(3600);
}

impl Default for CollectorsConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(1),
            processes_interval: Duration::from_secs(2),
            host_name: machine_name(),
        }
    }
}

/// Takes samples of this machine.
///
/// A call takes a millisecond or a few and reads files, so it belongs on a thread that may block.
pub struct Sampler {
    interval: Duration,
    collectors: Vec<Box<dyn Collector>>,
}

impl Sampler {
    /// Takes the first readings, so that a sample 50 ms or more later has every figure.
    pub fn new(config: &CollectorsConfig) -> Self {
        let (least, most) =
            (CollectorsConfig::INTERVALS.start(), CollectorsConfig::INTERVALS.end());
        let interval = config.interval.clamp(*least, *most);
        Self { interval, collectors: registry(&CollectorsConfig { interval, ..config.clone() }) }
    }

    /// Time between two samples: call [`sample`](Self::sample) this often. Rates stay true if a call
    /// comes late.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// Samples every family at `at`, which is now.
    pub fn sample(&mut self, at: Moment) -> Snapshot {
        let mut snapshot = Snapshot {
            interval_ms: u64::try_from(self.interval.as_millis()).unwrap_or(u64::MAX),
            ..Snapshot::default()
        };
        for collector in &mut self.collectors {
            collector.collect(at, &mut snapshot);
        }
        snapshot
    }
}

/// How many samples make up `every`, rounded up and at least one.
pub(crate) fn samples_in(every: Duration, interval: Duration) -> u64 {
    let samples = every.as_nanos().div_ceil(interval.as_nanos().max(1));
    u64::try_from(samples).unwrap_or(u64::MAX).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_out_of_range_is_brought_to_the_nearest() {
        for (asked, taken) in [(0, 100), (100, 100), (1000, 1000), (1 << 40, 3_600_000)] {
            let interval = Duration::from_millis(asked);
            let sampler = Sampler::new(&CollectorsConfig { interval, ..Default::default() });
            assert_eq!(sampler.interval(), Duration::from_millis(taken));
        }
    }

    #[test]
    fn an_interval_of_a_family_is_a_whole_number_of_samples() {
        let ms = Duration::from_millis;
        for (every, interval, samples) in
            [(2000, 1000, 2), (2000, 1500, 2), (2000, 3000, 1), (2000, 100, 20), (0, 1000, 1)]
        {
            assert_eq!(samples_in(ms(every), ms(interval)), samples, "{every} of {interval}");
        }
    }

    #[test]
    fn a_snapshot_is_finite_and_goes_through_json() {
        let mut sampler = Sampler::new(&CollectorsConfig::default());
        let mut at = Moment::now();
        for _ in 0..3 {
            at.instant += Duration::from_secs(1);
            let snapshot = sampler.sample(at);
            let disks = snapshot.disks.iter().flat_map(|disk| [disk.read, disk.write]);
            let links = snapshot.network.iter().flat_map(|link| [link.received, link.sent]);
            assert!(disks.chain(links).flatten().all(|rate| rate.is_finite() && rate >= 0.0));
            // NaN and infinities are written as null, which no plain number can be read from.
            let json = serde_json::to_string(&snapshot).unwrap();
            let back: Snapshot = serde_json::from_str(&json).unwrap();
            assert_eq!(back.processes, snapshot.processes);
        }
    }

    #[test]
    fn the_second_sample_has_every_family_this_system_has() {
        let mut sampler = Sampler::new(&CollectorsConfig::default());
        let mut at = Moment::now();
        at.instant += Duration::from_secs(1);
        let snapshot = sampler.sample(at);
        assert!(snapshot.memory.is_some());
        assert!(snapshot.processes.is_some());
        for interface in &snapshot.network {
            assert!(interface.received.is_some() && interface.sent.is_some());
        }
    }
}
