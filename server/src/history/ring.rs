//! The last hour in memory, at the rate at which it was sampled: one column of times, and one of values for each metric.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use tidings_protocol::metric;
use tidings_protocol::metrics::Snapshot;

use super::column::{Column, push_tight};
use crate::store::{Figure, MINUTE_MS, MinuteRow};

/// For how long a sample is held: an hour, and a little for who asks for one.
pub(super) const HOLD_MS: u64 = 62 * MINUTE_MS;

/// What values and times may take, in bytes; room for what is to come is up to a quarter more. 280 metrics each second take
/// 5 MB. What does not fit is held for a shorter time, but never less than a minute.
pub(super) const MAX_BYTES: usize = 16 << 20;

/// Samples by time, which only grows.
#[derive(Debug, Default)]
pub(super) struct Ring {
    times: VecDeque<u64>,
    /// Number of the oldest sample; they are numbered by their order.
    first: u64,
    columns: HashMap<Arc<str>, Column>,
    /// Some were let go of, for age or for room.
    is_cut: bool,
    /// Time between two samples, by the newest, in ms.
    interval_ms: u64,
}

impl Ring {
    /// Adds what `snapshot` says for `at`, in ms since the epoch, which is later than all before.
    pub(super) fn push(&mut self, at: u64, snapshot: &Snapshot) {
        let number = self.end();
        push_tight(&mut self.times, at);
        self.interval_ms = snapshot.interval_ms;
        metric::each(snapshot, |name, value| match self.columns.get_mut(name) {
            Some(column) => column.push(number, value),
            None => {
                let mut column = Column::new(number);
                column.push(number, value);
                self.columns.insert(Arc::from(name), column);
            }
        });
        self.make_room(at);
    }

    /// Lets go of what is too old, or too much.
    fn make_room(&mut self, now: u64) {
        let width: usize = self.columns.values().map(Column::width).sum();
        let fits = MAX_BYTES / (width + size_of::<u64>());
        let was = self.first;
        while let Some(&oldest) = self.times.front() {
            let age = now - oldest;
            if age <= HOLD_MS && (self.times.len() <= fits || age < 2 * MINUTE_MS) {
                break;
            }
            self.times.pop_front();
            self.first += 1;
        }
        if self.first > was {
            self.is_cut = true;
            let first = self.first;
            self.columns.retain(|_, column| column.forget_before(first));
        }
    }

    /// Lets go of samples at `at` and later.
    pub(super) fn forget_from(&mut self, at: u64) {
        let left = self.times.partition_point(|time| *time < at);
        self.times.truncate(left);
        let end = self.end();
        self.columns.retain(|_, column| column.forget_from(end));
        self.is_cut &= left > 0;
    }

    /// Number of the sample that comes next.
    fn end(&self) -> u64 {
        self.first + self.times.len() as u64
    }

    /// When the oldest was taken.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.times.front().copied()
    }

    /// When the newest was taken.
    pub(super) fn newest(&self) -> Option<u64> {
        self.times.back().copied()
    }

    pub(super) fn interval_ms(&self) -> u64 {
        self.interval_ms
    }

    /// Whether older samples were let go of.
    pub(super) fn is_cut(&self) -> bool {
        self.is_cut
    }

    /// The first minute of which all samples are here that there ever were; none without samples.
    pub(super) fn whole_from(&self) -> Option<u64> {
        Some(self.oldest()? / MINUTE_MS + u64::from(self.is_cut))
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.columns.contains_key(name)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &Arc<str>> {
        self.columns.keys()
    }

    /// Bytes that values and times take.
    pub(super) fn bytes(&self) -> usize {
        let values: usize = self.columns.values().map(Column::bytes).sum();
        values + self.times.capacity() * size_of::<u64>()
    }

    /// Numbers of the samples from `from` until before `until`.
    fn numbers(&self, from: u64, until: u64) -> std::ops::Range<u64> {
        let place = |at| self.times.partition_point(|time| *time < at) as u64;
        self.first + place(from)..self.first + place(until)
    }

    /// Times of the samples from `from` until before `until`, and the values of these metrics.
    pub(super) fn read(
        &self,
        names: &[Arc<str>],
        from: u64,
        until: u64,
    ) -> (Vec<u64>, Vec<Vec<Option<f64>>>) {
        let numbers = self.numbers(from, until);
        let places = (numbers.start - self.first) as usize..(numbers.end - self.first) as usize;
        let times = self.times.range(places).copied().collect();
        let values = names.iter().map(|name| match self.columns.get(name) {
            Some(column) => numbers.clone().map(|number| column.get(number)).collect(),
            None => vec![None; (numbers.end - numbers.start) as usize],
        });
        (times, values.collect())
    }

    /// What each metric was in a minute; none without a sample.
    pub(super) fn minute(&self, minute: u64) -> Option<MinuteRow> {
        let numbers = self.numbers(minute * MINUTE_MS, (minute + 1) * MINUTE_MS);
        let samples = u32::try_from(numbers.end - numbers.start).ok().filter(|count| *count > 0)?;
        let figures = self.columns.iter().filter_map(|(name, column)| {
            let figure = figure(numbers.clone().filter_map(|number| column.get(number)))?;
            Some((Arc::clone(name), figure))
        });
        Some(MinuteRow { minute, samples, figures: figures.collect() })
    }
}

/// What values are together; none of none.
pub(super) fn figure(values: impl Iterator<Item = f64>) -> Option<Figure> {
    let (mut min, mut max, mut sum, mut count) = (f64::INFINITY, f64::NEG_INFINITY, 0.0, 0_u32);
    for value in values {
        (min, max) = (min.min(value), max.max(value));
        sum += value;
        count += 1;
    }
    (count > 0).then(|| Figure { min, mean: sum / f64::from(count), max }.kept())
}
