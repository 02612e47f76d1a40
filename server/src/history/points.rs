//! What is answered.

use std::collections::BTreeSet;
use std::sync::Arc;

use tidings_protocol::history::{
    FULL_RATE_SECONDS, History as Answer, MAX_POINTS, MAX_SERIES, Series,
};
use tidings_protocol::metric::{MetricPattern, Unit};

use super::merge::Sum;
use super::slice::Slice;
use super::{History, HistoryError, Question, Wanted, question};
use crate::clock;
use crate::store::{Figure, MINUTE_MS, MinuteFigures, Store};

/// Minutes that are read of the store at once.
pub(super) const WINDOW: u64 = 24 * 60;

/// Most points of samples that are put together: they take three columns, and an hour is to stay below 100 KB.
const MAX_TOGETHER: u64 = MAX_POINTS as u64 / 2;

/// Times that samples are put together by, in ms, and minutes, in minutes.
const STEPS_MS: [u64; 6] = [500, 1_000, 2_000, 5_000, 10_000, 30_000];
const STEPS_MINUTES: [u64; 7] = [1, 2, 5, 10, 30, 60, 120];

/// Least silence between two samples that breaks a line, in ms.
const LEAST_GAP_MS: u64 = 2_000;

/// Silence that breaks a line, in intervals.
const GAP_INTERVALS: u64 = 2;

impl History {
    /// What was, up to now.
    ///
    /// # Errors
    ///
    /// If there is no such machine or metric, it would be too much, or the database fails.
    pub async fn read(&self, question: &Question) -> Result<Answer, HistoryError> {
        self.read_at(question, clock::now_ms()).await
    }

    pub(super) async fn read_at(
        &self,
        question: &Question,
        now: u64,
    ) -> Result<Answer, HistoryError> {
        let host = question.host.as_deref().unwrap_or(self.host());
        let names = self.names(host, &question.metrics).await?;
        if names.len() > MAX_SERIES {
            return Err(HistoryError::TooMany(names.len()));
        }
        let from = now.saturating_sub(question.range.ms());
        let asked = Asked { history: self, host, names: &names, from, now };
        if question.range.seconds() <= FULL_RATE_SECONDS {
            asked.recent().await
        } else {
            asked.by_minutes().await
        }
    }

    /// The metrics that are wanted of a machine.
    ///
    /// # Errors
    ///
    /// If there is no such machine or metric, or the database fails.
    pub(crate) async fn names(
        &self,
        host: &str,
        wanted: &[Wanted],
    ) -> Result<Vec<Arc<str>>, HistoryError> {
        let is_own = host == self.host();
        let mut known = BTreeSet::new();
        if is_own {
            let memory = self.memory();
            // Most often they are all there, and no database need be asked.
            if wanted.iter().all(|wanted| wanted.is_exact() && memory.ring.has(wanted.as_str())) {
                known.extend(wanted.iter().map(|wanted| Arc::from(wanted.as_str())));
                return question::names(wanted, &known);
            }
            known.extend(memory.ring.names().cloned());
        }
        if let Some(store) = &self.0.store {
            known.extend(store.metric_names(host).await?.into_iter().map(Arc::from));
        }
        if known.is_empty() {
            if !is_own {
                return Err(HistoryError::NoSuchMachine);
            }
            // Before the first sample nobody knows what the machine has.
            let exact = wanted.iter().filter(|wanted| wanted.is_exact());
            known.extend(exact.map(|wanted| Arc::from(wanted.as_str())));
            return Ok(known.into_iter().collect());
        }
        question::names(wanted, &known)
    }
}

/// What was asked for, by name.
struct Asked<'a> {
    history: &'a History,
    host: &'a str,
    names: &'a [Arc<str>],
    from: u64,
    now: u64,
}

impl Asked<'_> {
    /// Memory first: what is no longer there by the time the store is read is in the store.
    fn slice(&self, from: u64) -> Slice {
        if self.host == self.history.host() {
            self.history.slice(self.names, from, self.now)
        } else {
            Slice { values: vec![Vec::new(); self.names.len()], ..Slice::default() }
        }
    }

    /// Minutes of the store from `from` until before `until`.
    async fn stored(
        &self,
        store: &dyn Store,
        slice: &Slice,
        from: u64,
        until: u64,
    ) -> Result<Vec<MinuteFigures>, HistoryError> {
        if from >= until {
            return Ok(Vec::new());
        }
        let stored = store.minutes(self.host, self.names, from, until).await?;
        Ok(slice.with_waiting(stored, from, until))
    }

    /// Samples where memory has them, and minutes where it does not reach back so far.
    async fn recent(&self) -> Result<Answer, HistoryError> {
        let mut slice = self.slice(self.from);
        let mut points = Points::new(self.names.len());
        let store = self.history.0.store.as_ref();
        if let Some(store) = store.filter(|_| slice.oldest.is_none_or(|oldest| oldest > self.from))
        {
            let until = slice.whole_from.unwrap_or(self.now / MINUTE_MS + 1);
            // None that begins before what was asked for.
            let stored =
                self.stored(store.as_ref(), &slice, self.from.div_ceil(MINUTE_MS), until).await?;
            for minute in stored.into_iter().chain(slice.before.take()) {
                let at = minute.minute * MINUTE_MS;
                if at >= self.from {
                    points.push(at, MINUTE_MS, minute.figures);
                    points.are_together = true;
                }
            }
        }
        let step_ms = points.add(&slice, self.from, self.now);
        points.break_lines(LEAST_GAP_MS.max(GAP_INTERVALS * slice.interval_ms));
        let times = points.times.iter().map(|at| at - self.from).collect();
        let newest = slice.times.last().copied();
        Ok(Answer { newest, ..self.answer(self.from, step_ms, Some(times), points) })
    }

    /// Minutes, several together where they are many.
    async fn by_minutes(&self) -> Result<Answer, HistoryError> {
        let points = |minutes: u64| {
            let step = minutes * MINUTE_MS;
            self.now / step - self.from / step + 1
        };
        // Each with a sample at least, where one is missing now and then.
        let least = 2 * self.history.memory().ring.interval_ms();
        let fits = |minutes: &&u64| {
            points(**minutes) <= MAX_POINTS as u64 && **minutes * MINUTE_MS >= least
        };
        let step = STEPS_MINUTES.iter().find(fits).copied().unwrap_or(120);
        let first = self.from / MINUTE_MS / step * step;
        let slice = self.slice(first * MINUTE_MS);
        let count = usize::try_from(points(step)).unwrap_or(MAX_POINTS);
        let mut sums = vec![vec![Sum::default(); self.names.len()]; count];
        let mut add = |minute: &MinuteFigures| {
            let place = usize::try_from((minute.minute.saturating_sub(first)) / step);
            let Some(sums) = place.ok().and_then(|place| sums.get_mut(place)) else { return };
            for (sum, figure) in sums.iter_mut().zip(&minute.figures) {
                figure.iter().for_each(|figure| sum.add(*figure, minute.samples));
            }
        };
        if let Some(store) = &self.history.0.store {
            let until = slice.whole_from.unwrap_or(self.now / MINUTE_MS + 1);
            let mut begin = first;
            while begin < until {
                let end = until.min(begin + WINDOW);
                self.stored(store.as_ref(), &slice, begin, end).await?.iter().for_each(&mut add);
                begin = end;
            }
        }
        slice.before.iter().filter(|minute| minute.minute >= first).for_each(&mut add);
        slice.minutes().for_each(|minute| add(&minute));
        let mut points = Points::new(self.names.len());
        points.are_together = true;
        let step_ms = step * MINUTE_MS;
        for (at, sums) in (first * MINUTE_MS..).step_by(step_ms as usize).zip(&sums) {
            points.push(at, step_ms, sums.iter().map(Sum::figure).collect());
        }
        let newest = slice.times.last().copied();
        Ok(Answer { newest, ..self.answer(first * MINUTE_MS, step_ms, None, points) })
    }

    fn answer(&self, from: u64, step_ms: u64, times: Option<Vec<u64>>, points: Points) -> Answer {
        let are_together = points.are_together;
        let series = self.names.iter().zip(points.figures).map(|(name, figures)| {
            let column = |of: fn(Figure) -> f64| {
                figures.iter().map(|figure| figure.map(of)).collect::<Vec<_>>()
            };
            Series {
                metric: name.to_string(),
                unit: name.parse::<MetricPattern>().map_or(Unit::Unknown, |name| name.unit()),
                values: column(|figure| figure.mean),
                min: are_together.then(|| column(|figure| figure.min)),
                max: are_together.then(|| column(|figure| figure.max)),
            }
        });
        let series = series.collect();
        let (host, to) = (self.host.to_owned(), self.now);
        Answer { host, from, to, step_ms, newest: None, times, series }
    }
}

/// Points of all series.
struct Points {
    times: Vec<u64>,
    /// Up to when each speaks.
    ends: Vec<u64>,
    /// Of each series, one for each time.
    figures: Vec<Vec<Option<Figure>>>,
    /// Whether some have more than one sample.
    are_together: bool,
}

impl Points {
    fn new(series: usize) -> Self {
        Self {
            times: Vec::new(),
            ends: Vec::new(),
            figures: vec![Vec::new(); series],
            are_together: false,
        }
    }

    fn push(&mut self, at: u64, width: u64, figures: Vec<Option<Figure>>) {
        self.times.push(at);
        self.ends.push(at + width);
        for (all, figure) in self.figures.iter_mut().zip(figures) {
            all.push(figure);
        }
    }

    /// Adds samples of the time from `from` to `now`, several together where they are many; says the time from one to the next.
    fn add(&mut self, slice: &Slice, from: u64, now: u64) -> u64 {
        if slice.times.len() + self.times.len() <= MAX_POINTS {
            let interval = slice.interval_ms.max(1);
            for (place, at) in slice.times.iter().enumerate() {
                let figures = slice.values.iter().map(|values| values[place].map(Figure::of));
                self.push(*at, interval, figures.collect());
            }
            return if slice.interval_ms == 0 { MINUTE_MS } else { interval };
        }
        self.are_together = true;
        let fits = |step: &&u64| (now - from) / **step <= MAX_TOGETHER;
        let step = STEPS_MS.iter().find(fits).copied().unwrap_or(MINUTE_MS);
        let mut start = 0;
        for times in slice.times.chunk_by(|a, b| a / step == b / step) {
            let places = start..start + times.len();
            start = places.end;
            // The first may have begun before what was asked for, or with a part of a minute that is told already.
            let first = self.times.last().map_or(from, |last| last + 1);
            let at = times[0] / step * step;
            self.push(at.max(first), step, slice.figures(places));
        }
        step
    }

    /// Where nothing was for longer than `gap` ms behind a point, adds one that says so.
    fn break_lines(&mut self, gap: u64) {
        let is_gap = |(end, next): (&u64, &u64)| *next > end + gap;
        if !self.ends.iter().zip(self.times.iter().skip(1)).any(is_gap) {
            return;
        }
        let all = std::mem::replace(self, Self::new(self.figures.len()));
        self.are_together = all.are_together;
        for (place, at) in all.times.iter().enumerate() {
            if let Some(end) = self.ends.last().copied().filter(|end| is_gap((end, at))) {
                self.push(end, 0, vec![None; all.figures.len()]);
            }
            let figures = all.figures.iter().map(|figures| figures[place]);
            self.push(*at, all.ends[place] - at, figures.collect());
        }
    }
}
