//! Metrics by name: what a [`Snapshot`](crate::metrics::Snapshot) holds, as dotted names and numbers.
//!
//! - [`FAMILIES`]: every kind of figure there is, with its unit; `docs/metrics.md` is the same table in prose.
//! - [`each`]: the figures of one sample, by name.
//! - [`MetricPattern`]: a name, or many by a `*` in the place of a segment.
//! - [`escape`] and [`unescape`]: names of disks, interfaces and sensors as segments.

mod family;
mod flatten;
mod name;
mod pattern;

pub use family::{FAMILIES, Family, Unit};
pub use flatten::{each, total};
pub use name::{escape, label, unescape};
pub use pattern::{InvalidMetric, MAX_METRIC_BYTES, MetricPattern};
