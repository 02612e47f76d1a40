//! The last minutes of each series, as charts want them.

use std::collections::VecDeque;
use std::rc::Rc;

use tidings_protocol::metrics::Snapshot;

use super::format::{share, total};
use super::metrics::Sample;

/// Longest span a chart shows, in ms.
pub const SPAN_MS: u64 = 5 * 60 * 1_000;

/// Shortest span a chart shows, in ms, so that the first samples are not spread over its whole width.
pub const SHORTEST_SPAN_MS: u64 = 60 * 1_000;

/// A bound for samples that come faster than once a second.
const MAX_POINTS: usize = 1_200;

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

const SERIES: usize = 6;

/// Values of all series at one instant; NaN where there is none.
#[derive(Clone, Copy, Debug)]
struct Point {
    at: u64,
    values: [f64; SERIES],
}

/// The last minutes of one machine.
#[derive(Clone, Debug, Default)]
pub struct Ring {
    points: VecDeque<Point>,
}

impl Ring {
    /// Adds the values of a sample. A pause longer than two and a half intervals breaks the line.
    pub fn push(&mut self, at: u64, snapshot: &Snapshot) {
        let newest = self.points.back().map(|point| point.at);
        if newest.is_some_and(|newest| at < newest) {
            // The server's clock was set back: times before it mean nothing any more.
            self.points.clear();
        } else if newest == Some(at) {
            return;
        } else if let Some(newest) = newest
            && (at - newest) * 2 > snapshot.interval_ms.max(1) * 5
        {
            let values = [f64::NAN; SERIES];
            self.points.push_back(Point { at: newest + snapshot.interval_ms.max(1), values });
        }
        self.points.push_back(Point { at, values: values(snapshot) });
        while self.points.len() > MAX_POINTS
            || self.points.front().is_some_and(|oldest| at - oldest.at > SPAN_MS)
        {
            self.points.pop_front();
        }
    }

    /// Times in seconds since the epoch, as uPlot wants them.
    pub fn times(&self) -> impl ExactSizeIterator<Item = f64> {
        self.points.iter().map(|point| point.at as f64 / 1_000.0)
    }

    /// Values of one series; none where the line breaks.
    pub fn values(&self, series: Series) -> impl ExactSizeIterator<Item = Option<f64>> {
        self.points.iter().map(move |point| {
            let value = point.values[series as usize];
            (!value.is_nan()).then_some(value)
        })
    }

    /// First and last moment to show, in seconds; null while there is nothing to show.
    #[must_use]
    pub fn window(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.points.front()?.at, self.points.back()?.at);
        let span = (last - first).clamp(SHORTEST_SPAN_MS, SPAN_MS);
        Some(((last.saturating_sub(span)) as f64 / 1_000.0, last as f64 / 1_000.0))
    }

    /// Lowest, highest and newest value of a series, for a summary in words.
    #[must_use]
    pub fn summary(&self, series: Series) -> Option<Summary> {
        let mut values = self.values(series).flatten();
        let first = values.next()?;
        let start = Summary { lowest: first, highest: first, newest: first };
        Some(values.fold(start, |so_far, value| Summary {
            lowest: so_far.lowest.min(value),
            highest: so_far.highest.max(value),
            newest: value,
        }))
    }
}

/// A series in three numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Lowest value.
    pub lowest: f64,
    /// Highest value.
    pub highest: f64,
    /// Newest value.
    pub newest: f64,
}

/// The rings of all machines; a handful, so a list does.
#[derive(Clone, Debug, Default)]
pub struct Rings {
    rings: Vec<(Rc<str>, Ring)>,
}

impl Rings {
    /// Adds the values of a sample.
    pub fn push(&mut self, sample: &Sample) {
        let at = self.rings.iter().position(|(host, _)| *host == sample.host);
        let at = at.unwrap_or_else(|| {
            self.rings.push((sample.host.clone(), Ring::default()));
            self.rings.len() - 1
        });
        self.rings[at].1.push(sample.at, &sample.snapshot);
    }

    /// The ring of one machine.
    #[must_use]
    pub fn of(&self, host: &str) -> Option<&Ring> {
        self.rings.iter().find(|(of, _)| **of == *host).map(|(_, ring)| ring)
    }
}

fn values(snapshot: &Snapshot) -> [f64; SERIES] {
    let cpu = snapshot.cpu.as_ref().map_or(f64::NAN, |cpu| f64::from(cpu.total));
    let memory =
        snapshot.memory.as_ref().map_or(f64::NAN, |memory| share(memory.used, memory.total).into());
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

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::metrics::{Cpu, Interface};

    fn snapshot(cpu: f32) -> Snapshot {
        let cpu = Cpu { total: cpu, ..Cpu::default() };
        Snapshot { interval_ms: 1_000, cpu: Some(cpu), ..Snapshot::default() }
    }

    fn cpu(ring: &Ring) -> Vec<Option<f64>> {
        ring.values(Series::Cpu).collect()
    }

    #[test]
    fn the_line_breaks_where_samples_are_missing() {
        let mut ring = Ring::default();
        ring.push(10_000, &snapshot(1.0));
        ring.push(12_500, &snapshot(2.0));
        assert_eq!(cpu(&ring), [Some(1.0), Some(2.0)], "two and a half intervals are no gap");
        ring.push(15_001, &snapshot(3.0));
        assert_eq!(cpu(&ring), [Some(1.0), Some(2.0), None, Some(3.0)]);
        assert!(ring.times().is_sorted());
    }

    #[test]
    fn five_minutes_are_kept_and_no_more() {
        let mut ring = Ring::default();
        for second in 0..1_000 {
            ring.push(second * 1_000, &snapshot(1.0));
        }
        assert_eq!(ring.times().len(), 301);
        assert_eq!(ring.window(), Some((699.0, 999.0)));
    }

    #[test]
    fn samples_faster_than_expected_are_bounded_all_the_same() {
        let mut ring = Ring::default();
        for ms in 0..10_000 {
            ring.push(ms, &snapshot(1.0));
        }
        assert_eq!(ring.times().len(), MAX_POINTS);
    }

    #[test]
    fn a_new_chart_begins_with_a_minute() {
        let mut ring = Ring::default();
        assert_eq!(ring.window(), None);
        ring.push(100_000, &snapshot(1.0));
        assert_eq!(ring.window(), Some((40.0, 100.0)));
    }

    #[test]
    fn a_repeated_sample_counts_once_and_a_clock_set_back_begins_anew() {
        let mut ring = Ring::default();
        ring.push(10_000, &snapshot(1.0));
        ring.push(10_000, &snapshot(9.0));
        assert_eq!(cpu(&ring), [Some(1.0)]);
        ring.push(4_000, &snapshot(2.0));
        assert_eq!(cpu(&ring), [Some(2.0)]);
    }

    #[test]
    fn rates_of_all_interfaces_are_added_up() {
        let interface = |received| Interface { received, ..Interface::default() };
        let network = vec![interface(Some(1.5)), interface(None), interface(Some(2.0))];
        let mut ring = Ring::default();
        ring.push(1, &Snapshot { network, ..Snapshot::default() });
        assert_eq!(ring.values(Series::Received).collect::<Vec<_>>(), [Some(3.5)]);
        assert_eq!(cpu(&ring), [None], "what was not measured is no zero");
    }

    #[test]
    fn the_summary_passes_over_gaps() {
        let mut ring = Ring::default();
        ring.push(1_000, &snapshot(5.0));
        ring.push(9_000, &snapshot(3.0));
        ring.push(10_000, &snapshot(4.0));
        let summary = Summary { lowest: 3.0, highest: 5.0, newest: 4.0 };
        assert_eq!(ring.summary(Series::Cpu), Some(summary));
    }
}
