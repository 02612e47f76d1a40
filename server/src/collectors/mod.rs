//! What a machine is doing, one file a family of metrics.
//!
//! [`registry`] is the table of contents: a new family is one file and one line there. A collector
//! keeps what it needs of its last reading, so a rate is always a difference over the time that really
//! passed. What is not known yet, or cannot be had on this system, stays null or an empty list.
//!
//! How the numbers are read from the system lies in `source`, the only place with platform code.
//!
//! | family | source on Linux | at most |
//! |---|---|---|
//! | [`host`] | configuration, os-release, `/proc/uptime` | – |
//! | [`cpu`] | `/proc/stat`, `/proc/loadavg` | 256 cores |
//! | [`memory`] | `/proc/meminfo` | – |
//! | [`disks`] | `/proc/self/mountinfo`, `statvfs`, `/proc/diskstats` | 64 |
//! | [`network`] | `/proc/net/dev` | 64 |
//! | [`temperatures`] | `/sys/class/hwmon`, every 5 s | 128 |
//! | [`processes`] | `/proc/{pid}/stat`, every 2 s | 20, names of 64 bytes |

pub mod cpu;
pub mod disks;
pub mod host;
pub mod memory;
mod moment;
pub mod network;
pub mod processes;
mod rate;
mod sampler;
mod source;
mod task;
pub mod temperatures;
mod text;

use tidings_protocol::metrics::Snapshot;

pub use self::host::machine_name;
pub use self::moment::Moment;
pub use self::sampler::{CollectorsConfig, Sampler};
pub(crate) use self::source::{ProcessReading, ProcessesSource};
pub(crate) use self::task::start;
pub(crate) use self::text::cut;

/// Samples one family of metrics.
pub trait Collector: Send {
    /// Name of the family.
    fn name(&self) -> &'static str;

    /// Writes the family's part of `snapshot`, taken at `at`. Nothing here may wait: no network, no
    /// file system that another machine or process serves.
    fn collect(&mut self, at: Moment, snapshot: &mut Snapshot);
}

/// Every collector, in the order of the snapshot.
pub fn registry(config: &CollectorsConfig) -> Vec<Box<dyn Collector>> {
    vec![
        Box::new(host::HostCollector::new(config)),
        Box::new(cpu::CpuCollector::new()),
        Box::new(memory::MemoryCollector::new()),
        Box::new(disks::DisksCollector::new()),
        Box::new(network::NetworkCollector::new()),
        Box::new(temperatures::TemperaturesCollector::new(config)),
        Box::new(processes::ProcessesCollector::new(config)),
    ]
}
