//! What a number of a topic was.

use std::collections::VecDeque;
use std::rc::Rc;

use super::MAX_POINTS;
use super::numbers::Number;
use crate::state::chart::Summary;

/// A number of a topic: its last values.
#[derive(Clone, Debug)]
pub struct Series {
    /// Where it lies in the events.
    pub path: Rc<str>,
    /// Its newest value, as its publisher wrote it.
    pub text: String,
    /// When each was published, by the server's clock in ms, and what it was; NaN where the line breaks.
    points: VecDeque<(u64, f64)>,
    /// How often the line broke.
    breaks: u32,
    /// The newest entry that had it.
    pub(super) heard: u64,
}

impl Series {
    pub(super) fn new(path: Rc<str>) -> Self {
        Self { path, text: String::new(), points: VecDeque::new(), breaks: 0, heard: u64::MAX }
    }

    pub(super) fn take(&mut self, key: u64, at: u64, number: &Number) {
        // An object may have a key twice.
        if self.heard == key {
            return;
        }
        self.heard = key;
        self.text.clone_from(&number.text);
        if !number.value.is_finite() {
            self.tear();
            return;
        }
        // Where the server's clock was set back, it is right by now.
        while self.points.back().is_some_and(|(newest, _)| *newest > at) {
            self.points.pop_back();
        }
        self.points.push_back((at, number.value));
        if self.points.len() > MAX_POINTS {
            self.points.pop_front();
        }
    }

    /// The line breaks behind its newest point.
    pub(super) fn tear(&mut self) {
        if let Some((at, value)) = self.points.back().copied()
            && !value.is_nan()
        {
            self.points.push_back((at, f64::NAN));
            self.breaks = self.breaks.wrapping_add(1);
            if self.points.len() > MAX_POINTS {
                self.points.pop_front();
            }
        }
    }

    /// How often the line broke; its newest moment is the same behind a break as before it.
    #[must_use]
    pub fn breaks(&self) -> u32 {
        self.breaks
    }

    pub(super) fn is_torn(&self) -> bool {
        self.points.back().is_none_or(|(_, value)| value.is_nan())
    }

    /// When each value was published, in ms since the epoch, and the value; NaN where the line breaks.
    pub fn points(&self) -> impl ExactSizeIterator<Item = (u64, f64)> {
        self.points.iter().copied()
    }

    /// First and last moment, in seconds since the epoch.
    #[must_use]
    pub fn window(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.points.front()?.0, self.points.back()?.0);
        Some((first as f64 / 1_000.0, last as f64 / 1_000.0))
    }

    /// Four numbers for it, for a summary in words.
    #[must_use]
    pub fn summary(&self) -> Option<Summary> {
        let mut values = self.points().map(|(_, value)| value).filter(|value| !value.is_nan());
        let first = values.next()?;
        let mut summary = Summary { newest: first, least: first, most: first, mean: first };
        for (value, count) in values.zip(2_u16..) {
            summary.newest = value;
            summary.least = summary.least.min(value);
            summary.most = summary.most.max(value);
            summary.mean += (value - summary.mean) / f64::from(count);
        }
        Some(summary)
    }

    /// A line of whole numbers `width` wide and `height` high, as SVG writes it.
    #[must_use]
    pub fn line(&self, width: f64, height: f64) -> String {
        let mut path = String::new();
        let (Some((from, to)), Some(summary)) = (self.window(), self.summary()) else {
            return path;
        };
        let part = |value: f64, least: f64, most: f64| {
            // By halves: a difference may be more than a float can hold.
            if most > least {
                (value / 2.0 - least / 2.0) / (most / 2.0 - least / 2.0)
            } else {
                0.5
            }
        };
        let mut before = None;
        for (at, value) in self.points() {
            if value.is_nan() {
                before = None;
                continue;
            }
            let x = (part(at as f64 / 1_000.0, from, to) * width).round() as i64;
            let y = ((1.0 - part(value, summary.least, summary.most)) * height).round() as i64;
            if before != Some((x, y)) {
                // One that stands alone is a dot.
                let end = if before.is_none() { "h0" } else { "" };
                path.push(if before.is_none() { 'M' } else { 'L' });
                path.push_str(&[x.to_string(), y.to_string()].join(" "));
                path.push_str(end);
            }
            before = Some((x, y));
        }
        path
    }
}
