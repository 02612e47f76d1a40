//! The points of one machine.

use std::collections::VecDeque;

use super::{Figure, METRICS, Past, Point, Series, Values};

/// A bound for samples that come faster than once a second and are not put together.
const MAX_POINTS: usize = 4_000;

/// Least silence between two samples that breaks a line, in ms.
const LEAST_GAP_MS: u64 = 2_000;

/// For how long samples are held that a past may not have yet, in ms.
const HELD_MS: u64 = 5 * 60_000;

/// A bound for those, where they come faster than expected.
const MAX_HELD: usize = 1_200;

/// The values of one sample.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken {
    at: u64,
    interval: u64,
    values: Values,
}

/// Samples of the last minutes as they came, to stand behind whatever past is asked for.
#[derive(Clone, Debug, Default)]
pub struct Recent(VecDeque<Taken>);

impl Recent {
    /// Adds a sample. Where the server's clock was set back, it is right by now: what it had said of the time from then on goes.
    pub fn push(&mut self, at: u64, interval: u64, values: Values) {
        while self.0.back().is_some_and(|newest| newest.at > at) {
            self.0.pop_back();
        }
        if self.0.back().is_some_and(|newest| newest.at == at) {
            return;
        }
        self.0.push_back(Taken { at, interval, values });
        while self.0.len() > MAX_HELD
            || self.0.front().is_some_and(|oldest| at - oldest.at > HELD_MS)
        {
            self.0.pop_front();
        }
    }

    /// Which series there were.
    #[must_use]
    pub fn has(&self) -> [bool; METRICS.len()] {
        std::array::from_fn(|of| self.0.iter().any(|taken| !taken.values[of].is_nan()))
    }
}

/// What a chart shows of a machine: points by time, which only grows.
#[derive(Clone, Debug, Default)]
pub struct Curve {
    points: VecDeque<Point>,
    step: u64,
    /// When the newest sample was taken.
    newest: u64,
    /// The same of the past that was joined: it knows when samples were taken, and who sends them when they were sent.
    joint: u64,
    /// Samples in the newest point, where they are put together; 0 while that is not known.
    together: u64,
}

/// A past and what came since, without a seam: each sample once, none left out.
#[must_use]
pub fn joined(past: Past, recent: &Recent) -> Curve {
    let Past { points, step, newest } = past;
    let mut curve = Curve { points: points.into(), step, newest, joint: newest, together: 0 };
    for taken in &recent.0 {
        if taken.at > newest {
            curve.push(taken.at, taken.interval, &taken.values);
        }
    }
    curve
}

impl Curve {
    /// Adds a sample; true if there may be a past that is not here: the line breaks before it, or the server's clock was set back.
    pub fn push(&mut self, at: u64, interval: u64, values: &Values) -> bool {
        let interval = interval.max(2);
        if at == self.newest || (at > self.joint && at - self.joint < interval / 2) {
            return false;
        }
        let is_set_back = at < self.newest;
        if is_set_back {
            self.points.retain(|point| point.at < at);
            self.newest = self.points.back().map_or(0, |point| point.at);
            (self.joint, self.together) = (0, 0);
        }
        let is_first = self.points.is_empty();
        // As the server breaks them.
        let is_broken = !is_first && at - self.newest > interval + LEAST_GAP_MS.max(2 * interval);
        if self.step > interval * 3 / 2 {
            self.put_together(at, interval, values);
        } else {
            if is_broken {
                self.points.push_back(Point {
                    at: self.newest + interval,
                    figures: [Figure::NONE; METRICS.len()],
                });
            }
            self.points.push_back(Point { at, figures: values.map(Figure::of) });
        }
        self.newest = at;
        is_set_back || is_broken
    }

    /// Adds a sample to the point of its time.
    fn put_together(&mut self, at: u64, interval: u64, values: &Values) {
        let begins = at / self.step * self.step;
        let last = self.points.back().map(|point| point.at);
        if let Some(last) = last.filter(|last| *last >= begins) {
            if self.together == 0 {
                self.together = self.newest.saturating_sub(last) / interval + 1;
            }
            if let Some(point) = self.points.back_mut() {
                for (figure, value) in point.figures.iter_mut().zip(values) {
                    *figure = figure.and(*value, self.together as f64);
                }
            }
            self.together += 1;
            return;
        }
        if let Some(last) = last.filter(|last| begins - last > self.step) {
            self.points
                .push_back(Point { at: last + self.step, figures: [Figure::NONE; METRICS.len()] });
        }
        self.points.push_back(Point { at: begins, figures: values.map(Figure::of) });
        self.together = 1;
    }

    /// Lets go of what lies further back than `ms`, but for the one point before, where lines enter.
    pub fn trim(&mut self, ms: u64) {
        let from = self.newest.saturating_sub(ms);
        while self.points.len() > MAX_POINTS
            || self.points.get(1).is_some_and(|second| second.at < from)
        {
            self.points.pop_front();
        }
    }

    /// What there was until `at`.
    #[must_use]
    pub fn until(&self, at: u64) -> Self {
        let mut until = self.clone();
        while until.points.back().is_some_and(|point| point.at > at) {
            until.points.pop_back();
        }
        until.newest = until.newest.min(at);
        until
    }

    /// Whether nothing is there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// When the newest sample was taken, in ms since the epoch.
    #[must_use]
    pub fn newest(&self) -> u64 {
        self.newest
    }

    /// Times in seconds since the epoch, as uPlot wants them.
    pub fn times(&self) -> impl ExactSizeIterator<Item = f64> {
        self.points.iter().map(|point| point.at as f64 / 1_000.0)
    }

    /// What a series was at each time; NaN where the line breaks.
    pub fn figures(&self, series: Series) -> impl ExactSizeIterator<Item = Figure> {
        self.points.iter().map(move |point| point.figures[series as usize])
    }

    /// A series in four numbers, for a summary in words.
    #[must_use]
    pub fn summary(&self, series: Series) -> Option<Summary> {
        let mut summary =
            Summary { newest: f64::NAN, least: f64::INFINITY, most: f64::NEG_INFINITY, mean: 0.0 };
        let mut weights = 0.0;
        for (place, point) in self.points.iter().enumerate() {
            let figure = point.figures[series as usize];
            if figure.mean.is_nan() {
                continue;
            }
            // A minute of the database may stand before samples: each weighs as long as it lasts.
            let next = self.points.get(place + 1).map_or(self.newest, |next| next.at);
            let weight = next.saturating_sub(point.at).max(1) as f64;
            weights += weight;
            summary.mean += (figure.mean - summary.mean) * weight / weights;
            summary.least = summary.least.min(figure.least);
            summary.most = summary.most.max(figure.most);
            summary.newest = figure.mean;
        }
        (weights > 0.0).then_some(summary)
    }
}

/// A series in four numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Newest value.
    pub newest: f64,
    /// Least value.
    pub least: f64,
    /// Greatest value.
    pub most: f64,
    /// Mean value.
    pub mean: f64,
}
