//! The last minutes of each series, as charts want them.

use std::collections::VecDeque;
use std::rc::Rc;

use tidings_protocol::event::EventId;
use tidings_protocol::metrics::Snapshot;

use super::format::{share, total};
use super::metrics::{MAX_HOSTS, Sample};

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
    /// Adds the values of a sample. The line breaks at a pause longer than two and a half intervals,
    /// and where the server's clock was set back.
    pub fn push(&mut self, at: u64, snapshot: &Snapshot) {
        let interval = snapshot.interval_ms.max(2);
        let newest = self.points.back().map(|point| point.at);
        let broken_at = match newest {
            Some(newest) if newest == at => return,
            Some(newest) if at < newest => {
                self.move_back(newest + interval - at);
                Some(at.saturating_sub(1))
            }
            Some(newest) if (at - newest) * 2 > interval * 5 => Some(newest + interval),
            _ => None,
        };
        if let Some(at) = broken_at.filter(|_| !self.points.is_empty()) {
            self.points.push_back(Point { at, values: [f64::NAN; SERIES] });
        }
        self.points.push_back(Point { at, values: values(snapshot) });
        while self.points.len() > MAX_POINTS
            || self.points.front().is_some_and(|oldest| at - oldest.at > SPAN_MS)
        {
            self.points.pop_front();
        }
    }

    /// Tells times as the clock would have told them, had it always been `by` ms behind.
    fn move_back(&mut self, by: u64) {
        self.points.retain_mut(|point| match point.at.checked_sub(by) {
            Some(at) => {
                point.at = at;
                true
            }
            None => false,
        });
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

/// The rings of all machines, and those of the moment since which a person holds the page still.
#[derive(Clone, Debug, Default)]
pub struct Rings {
    /// The one that got a sample last comes last. A handful, so a list does.
    rings: Vec<Track>,
    held: Option<Vec<Track>>,
}

#[derive(Clone, Debug)]
struct Track {
    host: Rc<str>,
    newest: EventId,
    ring: Ring,
}

impl Rings {
    /// Adds the values of a sample, unless it is older than the newest of its machine.
    pub fn push(&mut self, sample: &Sample) {
        let mut ring = match self.rings.iter().position(|track| track.host == sample.host) {
            Some(at) if !sample.follows(self.rings[at].newest) => return,
            Some(at) => self.rings.remove(at).ring,
            None => Ring::default(),
        };
        ring.push(sample.at, &sample.snapshot);
        if self.rings.len() >= MAX_HOSTS {
            self.rings.remove(0);
        }
        self.rings.push(Track { host: sample.host.clone(), newest: sample.id, ring });
    }

    /// Holds what is shown, or lets it go on.
    pub fn hold(&mut self, hold: bool) {
        self.held = hold.then(|| self.rings.clone());
    }

    /// Whether what is shown is held.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.held.is_some()
    }

    /// The ring of one machine, as it is shown.
    #[must_use]
    pub fn of(&self, host: &str) -> Option<&Ring> {
        let shown = self.held.as_ref().unwrap_or(&self.rings);
        shown.iter().find(|track| *track.host == *host).map(|track| &track.ring)
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
    use super::super::metrics::tests::sample;
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
    fn a_repeated_sample_counts_once_and_a_clock_set_back_breaks_the_line() {
        let mut ring = Ring::default();
        ring.push(10_000, &snapshot(1.0));
        ring.push(10_000, &snapshot(9.0));
        assert_eq!(cpu(&ring), [Some(1.0)]);
        ring.push(8_000, &snapshot(2.0));
        assert_eq!(cpu(&ring), [Some(1.0), None, Some(2.0)]);
        assert!(ring.times().is_sorted());
        ring.push(1, &snapshot(3.0));
        assert_eq!(cpu(&ring), [Some(3.0)], "what lies before all time is gone");
    }

    #[test]
    fn an_old_sample_adds_nothing_and_rings_are_bounded() {
        let mut rings = Rings::default();
        rings.push(&sample("a", 5_000));
        rings.push(&sample("a", 4_000));
        assert_eq!(rings.of("a").unwrap().times().len(), 1);
        for host in 0..200_u64 {
            rings.push(&sample(&format!("h{host}"), 1));
        }
        assert_eq!(rings.rings.len(), MAX_HOSTS);
        assert!(rings.of("a").is_none() && rings.of("h199").is_some());
    }

    #[test]
    fn held_rings_show_what_they_showed_and_lose_nothing() {
        let mut rings = Rings::default();
        rings.push(&sample("a", 1_000));
        rings.hold(true);
        rings.push(&sample("a", 2_000));
        assert_eq!(rings.of("a").unwrap().times().len(), 1);
        rings.hold(false);
        assert_eq!(rings.of("a").unwrap().times().len(), 2);
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
