//! The past row by row, for whoever wants all of it.

use std::sync::Arc;

use tidings_protocol::history::Range;

use super::points::WINDOW;
use super::slice::Slice;
use super::{History, HistoryError, Wanted};
use crate::store::{Figure, MINUTE_MS, MinuteFigures};

/// Minutes that are read at once: some hundred metrics of four hours are a few MB.
const AT_ONCE: u64 = WINDOW / 6;

/// What metrics were at a time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    /// In ms since the epoch; of a minute, when it begins.
    pub(crate) at: u64,
    /// Whether it is a minute, and not a sample.
    pub(crate) is_minute: bool,
    /// The metrics, in order; null for one that was not there.
    pub(crate) figures: Vec<Option<Figure>>,
}

/// Minutes, and behind them the samples that memory had when it was asked.
#[derive(Debug)]
pub(crate) struct Rows {
    history: History,
    names: Vec<Arc<str>>,
    from: u64,
    slice: Slice,
    /// Minutes of the store that are still to be read.
    minutes: std::ops::Range<u64>,
    /// Samples that were told.
    told: usize,
}

impl History {
    /// What these metrics of this machine were until `now`.
    ///
    /// # Errors
    ///
    /// If there is no such metric, or the database fails.
    pub(crate) async fn rows(
        &self,
        wanted: &Wanted,
        range: Range,
        now: u64,
    ) -> Result<Rows, HistoryError> {
        let names = self.names(self.host(), std::slice::from_ref(wanted)).await?;
        let from = now.saturating_sub(range.ms());
        let slice = self.slice(&names, from, now);
        let mut minutes = 0..0;
        if self.is_kept() && slice.oldest.is_none_or(|oldest| oldest > from) {
            // None that begins before what was asked for.
            let until = slice.whole_from.unwrap_or(now / MINUTE_MS + 1);
            minutes = from.div_ceil(MINUTE_MS).min(until)..until;
        }
        Ok(Rows { history: self.clone(), names, from, slice, minutes, told: 0 })
    }
}

impl Rows {
    /// Names of the metrics.
    pub(crate) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// Where it begins, in ms since the epoch.
    pub(crate) fn from(&self) -> u64 {
        self.from
    }

    /// How many rows are still to come, at most.
    pub(crate) fn left(&self) -> u64 {
        let minutes = self.minutes.end.saturating_sub(self.minutes.start);
        minutes
            + u64::from(self.slice.before.is_some())
            + (self.slice.times.len() - self.told) as u64
    }

    /// The next rows; none if that was all.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Row>>, HistoryError> {
        if let Some(store) = &self.history.0.store
            && !self.minutes.is_empty()
        {
            let (from, end) = (self.minutes.start, self.minutes.end);
            let until = end.min(from + AT_ONCE);
            let read = store.minutes(self.history.host(), &self.names, from, until).await?;
            let read = self.slice.with_waiting(read, from, until);
            self.minutes.start = until;
            return Ok(Some(read.into_iter().map(Row::of_minute).collect()));
        }
        if let Some(before) = self.slice.before.take() {
            let is_asked = before.minute * MINUTE_MS >= self.from;
            return Ok(Some(is_asked.then(|| Row::of_minute(before)).into_iter().collect()));
        }
        let places = self.told..self.slice.times.len().min(self.told + AT_ONCE as usize);
        self.told = places.end;
        let rows = places.clone().map(|place| Row {
            at: self.slice.times[place],
            is_minute: false,
            figures: self.slice.values.iter().map(|values| values[place].map(Figure::of)).collect(),
        });
        Ok((!places.is_empty()).then(|| rows.collect()))
    }
}

impl Row {
    fn of_minute(minute: MinuteFigures) -> Self {
        Self { at: minute.minute * MINUTE_MS, is_minute: true, figures: minute.figures }
    }
}
