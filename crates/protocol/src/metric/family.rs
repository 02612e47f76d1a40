//! The kinds of figures there are.

use serde::{Deserialize, Serialize};

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Percent of a whole, 0 to 100.
    Percent,
    /// Bytes.
    Bytes,
    /// Bytes a second.
    BytesPerSecond,
    /// Degrees Celsius.
    Celsius,
    /// Seconds.
    Seconds,
    /// A plain number.
    Count,
    /// A unit of a newer server.
    #[serde(other)]
    Unknown,
}

impl Unit {
    /// What is written behind a figure where there is room for words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Percent => "percent",
            Self::Bytes => "bytes",
            Self::BytesPerSecond => "bytes a second",
            Self::Celsius => "degrees Celsius",
            Self::Seconds => "seconds",
            Self::Count | Self::Unknown => "a number",
        }
    }
}

/// Figures of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Their names: `*` stands for what there may be several of.
    pub pattern: &'static str,
    /// What they count.
    pub unit: Unit,
    /// What people call them, `{}` being the name of which it is.
    pub label: &'static str,
    /// What they say, in a line.
    pub text: &'static str,
}

const fn family(
    pattern: &'static str,
    unit: Unit,
    label: &'static str,
    text: &'static str,
) -> Family {
    Family { pattern, unit, label, text }
}

use Unit::{Bytes, BytesPerSecond, Celsius, Count, Percent, Seconds};

/// Every family, in the order of a sample.
pub const FAMILIES: &[Family] = &[
    family("host.uptime", Seconds, "Uptime", "Time since the machine was started"),
    family("cpu.total", Percent, "CPU", "Use of all cores together"),
    family("cpu.core.*", Percent, "CPU core {}", "Use of one core, counted from 0"),
    family("load.1", Count, "Load over 1 min", "Load average over 1 minute; none on Windows"),
    family("load.5", Count, "Load over 5 min", "Load average over 5 minutes"),
    family("load.15", Count, "Load over 15 min", "Load average over 15 minutes"),
    family("memory.total", Bytes, "Installed memory", "Memory that the system can use"),
    family("memory.used", Bytes, "Memory in use", "Memory that is not available"),
    family("memory.available", Bytes, "Free memory", "What programs can get without swapping"),
    family("memory.used_percent", Percent, "Memory", "Share of the memory that is in use"),
    family("swap.total", Bytes, "Size of swap", "Size of swap; 0 where there is none"),
    family("swap.used", Bytes, "Swap in use", "Swap in use"),
    family("swap.used_percent", Percent, "Swap", "Share of swap in use; none without swap"),
    family("disk.*.total", Bytes, "Size of disk {}", "Size of the file system"),
    family("disk.*.used", Bytes, "Used space of disk {}", "What is not available"),
    family("disk.*.available", Bytes, "Free space of disk {}", "What programs can still write"),
    family("disk.*.used_percent", Percent, "Disk {}", "Share of the file system that is in use"),
    family("disk.*.read", BytesPerSecond, "Reads of disk {}", "What is read, a second"),
    family("disk.*.write", BytesPerSecond, "Writes of disk {}", "What is written, a second"),
    family(
        "disks.read",
        BytesPerSecond,
        "Reads of all disks",
        "What is read of all disks, a second",
    ),
    family(
        "disks.write",
        BytesPerSecond,
        "Writes of all disks",
        "What is written to all, a second",
    ),
    family("network.*.received", BytesPerSecond, "Reception by {}", "What comes in, a second"),
    family("network.*.sent", BytesPerSecond, "Sending by {}", "What goes out, a second"),
    family("network.*.total_received", Bytes, "All received by {}", "What came in since it is up"),
    family("network.*.total_sent", Bytes, "All sent by {}", "What went out since it is up"),
    family("networks.received", BytesPerSecond, "Reception", "What comes in by all, a second"),
    family("networks.sent", BytesPerSecond, "Sending", "What goes out by all, a second"),
    family("temperature.*", Celsius, "Temperature of {}", "What a sensor says"),
    family("process.count", Count, "Processes", "How many processes there are"),
];
