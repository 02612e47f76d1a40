//! What memory has of some metrics from a time on.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::History;
use super::ring::figure;
use crate::store::{Figure, MINUTE_MS, MinuteFigures, MinuteRow};

/// Samples of memory, by time, and where they take over from minutes of the store.
#[derive(Debug, Default)]
pub(super) struct Slice {
    pub(super) times: Vec<u64>,
    /// Of each metric, one for each time.
    pub(super) values: Vec<Vec<Option<f64>>>,
    /// Time between two samples, in ms.
    pub(super) interval_ms: u64,
    /// When the oldest of all in memory was taken.
    pub(super) oldest: Option<u64>,
    /// What lies before this minute is the store's; null if all is, and zero if nothing is.
    pub(super) whole_from: Option<u64>,
    /// What the run before had of that minute.
    pub(super) before: Option<MinuteFigures>,
    /// Minutes before it that the store has not taken yet.
    pub(super) waiting: Vec<MinuteFigures>,
}

impl Slice {
    /// What is `stored` of the minutes from `from` until before `until`, with what is on its way there.
    pub(super) fn with_waiting(
        &self,
        mut stored: Vec<MinuteFigures>,
        from: u64,
        until: u64,
    ) -> Vec<MinuteFigures> {
        let is_asked = |minute: &&MinuteFigures| (from..until).contains(&minute.minute);
        let waiting: Vec<_> = self.waiting.iter().filter(is_asked).cloned().collect();
        if !waiting.is_empty() {
            // It may have a part of one, or have taken it since.
            stored.retain(|minute| waiting.iter().all(|other| other.minute != minute.minute));
            stored.extend(waiting);
            stored.sort_by_key(|minute| minute.minute);
        }
        stored
    }

    /// The samples of one minute after the other.
    pub(super) fn minutes(&self) -> impl Iterator<Item = MinuteFigures> + '_ {
        let mut start = 0;
        self.times.chunk_by(|a, b| a / MINUTE_MS == b / MINUTE_MS).map(move |times| {
            let places = start..start + times.len();
            start = places.end;
            let samples = u32::try_from(times.len()).unwrap_or(u32::MAX);
            MinuteFigures { minute: times[0] / MINUTE_MS, samples, figures: self.figures(places) }
        })
    }

    /// What each metric was over these samples.
    pub(super) fn figures(&self, places: Range<usize>) -> Vec<Option<Figure>> {
        let of =
            |values: &Vec<Option<f64>>| figure(values[places.clone()].iter().flatten().copied());
        self.values.iter().map(of).collect()
    }
}

impl History {
    /// Samples of this machine from `asked` until `now`.
    pub(super) fn slice(&self, names: &[Arc<str>], asked: u64, now: u64) -> Slice {
        let memory = self.memory();
        let ring = &memory.ring;
        let whole_from = match ring.whole_from() {
            _ if !self.is_kept() => Some(0),
            // All that was asked for is here, whatever became of the rest of its first minute.
            Some(minute) if ring.oldest() <= Some(asked) => Some(minute.min(asked / MINUTE_MS)),
            minute => minute,
        };
        // Samples of a minute that is no longer whole are in that minute of the store.
        let from = asked.max(whole_from.unwrap_or(0) * MINUTE_MS);
        let (times, values) = ring.read(names, from, now.saturating_add(1));
        let (interval_ms, oldest) = (ring.interval_ms(), ring.oldest());
        let before = whole_from.and_then(|minute| memory.before_minute(minute)).cloned();
        let waiting = memory.waiting(asked / MINUTE_MS, whole_from.unwrap_or(u64::MAX));
        drop(memory);
        let before = before.map(|row| of_row(&row, names));
        let waiting = waiting.iter().map(|row| of_row(row, names)).collect();
        Slice { times, values, interval_ms, oldest, whole_from, before, waiting }
    }
}

fn of_row(row: &MinuteRow, names: &[Arc<str>]) -> MinuteFigures {
    let all: HashMap<&str, Figure> =
        row.figures.iter().map(|(name, figure)| (&**name, *figure)).collect();
    let figures = names.iter().map(|name| all.get(&**name).copied()).collect();
    MinuteFigures { minute: row.minute, samples: row.samples, figures }
}
