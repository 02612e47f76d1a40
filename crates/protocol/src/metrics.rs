//! One sample of a machine, the payload of `metrics/{host}`.
//!
//! Sizes are bytes, rates bytes a second, shares percent of the whole (0–100). A family the machine
//! does not have is an empty list or null, never a zero that looks like a reading.

use serde::{Deserialize, Serialize};

/// Everything sampled at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Snapshot {
    /// Time until the next sample is due, in ms; three of them without one make a panel stale.
    pub interval_ms: u64,
    /// The machine itself.
    pub host: Host,
    /// Processors; null until two readings exist to compare.
    pub cpu: Option<Cpu>,
    /// Main memory and swap.
    pub memory: Option<Memory>,
    /// Mounted file systems that lie on a device, the root first.
    pub disks: Vec<Disk>,
    /// Network interfaces, loopback left out.
    pub network: Vec<Interface>,
    /// Temperature sensors; read every five seconds, so up to that much older.
    pub temperatures: Vec<Temperature>,
    /// The processes that use most; may be older than the rest of the snapshot.
    pub processes: Option<Processes>,
}

/// The machine a snapshot comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Host {
    /// Name of the machine, as in its topic.
    pub name: String,
    /// Operating system and release, such as `Debian GNU/Linux 12`.
    pub os: String,
    /// Kernel release.
    pub kernel: String,
    /// Seconds since boot.
    pub uptime: u64,
}

/// Processor use since the sample before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cpu {
    /// Use of all cores together, in percent of all.
    pub total: f32,
    /// Use of each core, in percent of it.
    pub cores: Vec<f32>,
    /// Load averages over 1, 5 and 15 minutes; null where the system has none (Windows).
    pub load: Option<[f64; 3]>,
}

/// Main memory and swap, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Memory {
    /// Installed memory the system can use.
    pub total: u64,
    /// `total` less `available`.
    pub used: u64,
    /// What programs can still get without swapping.
    pub available: u64,
    /// Size of swap; 0 where there is none.
    pub swap_total: u64,
    /// Swap in use.
    pub swap_used: u64,
}

/// One mounted file system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Disk {
    /// Device, such as `sda1`.
    pub name: String,
    /// Where it is mounted.
    pub mount: String,
    /// Kind of file system, such as `ext4`.
    pub file_system: String,
    /// Size in bytes.
    pub total: u64,
    /// Bytes in use: `total` less `available`.
    pub used: u64,
    /// Bytes an unprivileged program can still write.
    pub available: u64,
    /// Bytes read a second since the sample before; null until two readings exist, and where the
    /// system does not count them for this file system.
    pub read: Option<f64>,
    /// Bytes written a second since the sample before; null as `read` is.
    pub write: Option<f64>,
}

/// One network interface.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Interface {
    /// Name, such as `eth0`.
    pub name: String,
    /// Bytes received a second since the sample before; null until two readings exist.
    pub received: Option<f64>,
    /// Bytes sent a second since the sample before; null until two readings exist.
    pub sent: Option<f64>,
    /// Bytes received since the interface came up.
    pub total_received: u64,
    /// Bytes sent since the interface came up.
    pub total_sent: u64,
}

/// One temperature sensor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Temperature {
    /// What the sensor calls itself.
    pub label: String,
    /// Degrees Celsius.
    pub celsius: f32,
    /// Where the hardware says damage begins.
    pub critical: Option<f32>,
}

/// The processes that use most.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Processes {
    /// When they were read, in ms since the epoch.
    pub at: u64,
    /// Time between two readings, in ms.
    pub interval_ms: u64,
    /// How many run in all.
    pub count: u64,
    /// The union of the ten with most CPU and the ten with most memory, most CPU first.
    pub top: Vec<Process>,
}

/// One process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Process {
    /// Process id.
    pub pid: u32,
    /// Name of the program.
    pub name: String,
    /// CPU use since the reading before, in percent of one core.
    pub cpu: f32,
    /// Resident memory in bytes.
    pub memory: u64,
}
