//! What charts show: the past that a server was asked for, and behind it, without a seam, the samples that arrive.
//!
//! - `span`: how far back, and `window`, which part of that; `past`: what a server answers; `curve`: the points of a machine; `board`: which of all that is shown.

mod board;
mod curve;
mod past;
mod span;
// Its cases are made up by proptest, which runs natively alone.
#[cfg(test)]
#[cfg(not(target_family = "wasm"))]
mod tests;
mod window;

use tidings_protocol::metrics::Snapshot;

use super::format::{share, total};

pub use board::Board;
pub use curve::{Curve, Summary, joined};
pub use past::Past;
pub use span::Span;
pub use window::{Window, about, part};

/// Series a chart can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Series {
    /// Use of all cores, in percent.
    Cpu,
    /// Memory in use, in percent.
    Memory,
    /// Bytes read a second, all disks together.
    DiskRead,
    /// Bytes written a second, all disks together.
    DiskWrite,
    /// Bytes received a second, all interfaces together.
    Received,
    /// Bytes sent a second, all interfaces together.
    Sent,
}

/// What the series are called in requests, in their order.
pub const METRICS: [&str; 6] = [
    "cpu.total",
    "memory.used_percent",
    "disks.read",
    "disks.write",
    "networks.received",
    "networks.sent",
];

/// A value for each series; NaN where there is none.
pub type Values = [f64; METRICS.len()];

/// What a series was over the time of a point; NaN where it was not.
#[derive(Clone, Copy, Debug)]
pub struct Figure {
    /// Mean, or the one sample that there was.
    pub mean: f64,
    /// Least.
    pub least: f64,
    /// Greatest.
    pub most: f64,
}

impl Figure {
    const NONE: Self = Self::of(f64::NAN);

    /// One value.
    #[must_use]
    pub const fn of(value: f64) -> Self {
        Self { mean: value, least: value, most: value }
    }

    /// With one more sample, the ones before having been `count`.
    fn and(self, value: f64, count: f64) -> Self {
        if self.mean.is_nan() {
            return Self::of(value);
        }
        if value.is_nan() {
            return self;
        }
        Self {
            mean: self.mean + (value - self.mean) / (count + 1.0),
            least: self.least.min(value),
            most: self.most.max(value),
        }
    }
}

/// All series at a time, or over the time that begins then.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    at: u64,
    figures: [Figure; METRICS.len()],
}

/// The values of a sample.
#[must_use]
pub fn values(snapshot: &Snapshot) -> Values {
    let cpu = snapshot.cpu.as_ref().map_or(f64::NAN, |cpu| f64::from(cpu.total));
    let memory = snapshot.memory.as_ref().filter(|memory| memory.total > 0);
    let memory = memory.map_or(f64::NAN, |memory| share(memory.used, memory.total).into());
    let (disks, network) = (&snapshot.disks, &snapshot.network);
    let rates = [
        total(disks.iter().map(|disk| disk.read)),
        total(disks.iter().map(|disk| disk.write)),
        total(network.iter().map(|interface| interface.received)),
        total(network.iter().map(|interface| interface.sent)),
    ];
    let [read, write, received, sent] = rates.map(|rate| rate.unwrap_or(f64::NAN));
    [cpu, memory, read, write, received, sent]
}
