//! How work tells how far it is. Telling costs a lock and no more, however often; what others hear of it is paced elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidings_protocol::job::{
    Job, LogLine, LogPage, MAX_MESSAGE_BYTES, Percent, ReportedLine, Unit,
};
use tokio::sync::Notify;

use super::log::{Log, readable};
use crate::clock;

/// Where work tells how far it is; clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Reporter(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    held: Mutex<Held>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Held {
    told: Told,
    log: Log,
}

/// What work has told, but for its lines: it is copied ten times a second.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// How far it is; none if nobody knows.
    pub(super) progress: Option<Percent>,
    /// What it is doing.
    pub(super) message: String,
    /// How much is done, of how much, in what.
    pub(super) done: Option<u64>,
    pub(super) total: Option<u64>,
    pub(super) unit: Option<Unit>,
    /// The greatest that was ever told.
    reached: Percent,
    /// How many lines there were.
    pub(super) lines: u64,
}

impl Reporter {
    /// Says how much of `total` is done; where that is not known, nor is how far it is.
    pub fn amount(&self, done: u64, total: Option<u64>, unit: Unit) {
        self.change(|told| {
            (told.done, told.total, told.unit) = (Some(done), total, Some(unit));
            told.advance(total.and_then(|total| Percent::of(done, total)));
        });
    }

    /// Says how much is done of what nobody has counted, and how far that is if it can be estimated.
    pub fn estimate(&self, done: u64, unit: Unit, progress: Option<Percent>) {
        self.change(|told| {
            (told.done, told.total, told.unit) = (Some(done), None, Some(unit));
            told.advance(progress);
        });
    }

    /// Says how far it is. What is less than before is passed over, so that no bar runs backwards.
    pub fn progress(&self, progress: Option<Percent>) {
        self.change(|told| told.advance(progress));
    }

    /// Says what it is doing, in a line; it is cut to [`MAX_MESSAGE_BYTES`].
    pub fn message(&self, message: impl Into<String>) {
        let message = cut(message.into(), MAX_MESSAGE_BYTES);
        self.change(|told| told.message = message);
    }

    /// Adds a line to its log, and says it is doing that.
    pub fn line(&self, line: &[u8]) {
        self.add(readable(line));
    }

    /// The same for a line that a program elsewhere reports, and of which it says whether it was UTF-8.
    pub(super) fn reported_line(&self, ReportedLine { text, lossy }: &ReportedLine) {
        self.add(LogLine { lossy: *lossy, ..readable(text.as_bytes()) });
    }

    fn add(&self, line: LogLine) {
        let text = line.text.clone();
        self.push(line);
        if !text.trim().is_empty() {
            self.message(text);
        }
    }

    /// Adds a line to its log alone.
    pub fn log(&self, line: &[u8]) {
        self.push(readable(line));
    }

    fn push(&self, line: LogLine) {
        let mut held = self.lock();
        held.log.push(line, clock::now_ms());
        held.told.lines = held.log.count();
        drop(held);
        self.0.changed.notify_one();
    }

    /// Takes what a program elsewhere reports: an amount that is left out stays as it is.
    pub(super) fn amounts(
        &self,
        progress: Option<Option<Percent>>,
        [done, total]: [Option<u64>; 2],
        unit: Option<Unit>,
    ) {
        self.change(|told| {
            told.done = done.or(told.done);
            told.total = total.or(told.total);
            told.unit = unit.or(told.unit);
            match (progress, told.done, told.total) {
                (Some(progress), ..) => told.advance(progress),
                (None, Some(of), Some(all)) if done.or(total).is_some() => {
                    told.advance(Percent::of(of, all));
                }
                _ => {}
            }
        });
    }

    /// A reporter that goes on where a job is.
    pub(super) fn resume(job: &Job) -> Self {
        let told = Told {
            progress: job.progress,
            message: job.message.clone(),
            done: job.done,
            total: job.total,
            unit: job.unit,
            reached: job.progress.unwrap_or_default(),
            lines: job.lines,
        };
        let held = Mutex::new(Held { told, log: Log::from_number(job.lines) });
        Self(Arc::new(Inner { held, changed: Notify::new() }))
    }

    /// What it told so far.
    pub(super) fn told(&self) -> Told {
        self.lock().told.clone()
    }

    /// What is kept of the lines from number `after` on.
    pub(super) fn lines(&self, after: u64) -> LogPage {
        self.lock().log.page(after)
    }

    /// Waits until something was told since the last such wait.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    fn change(&self, change: impl FnOnce(&mut Told)) {
        change(&mut self.lock().told);
        self.0.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A text of at most so many bytes that has no line ends.
pub(super) fn cut(text: String, most: usize) -> String {
    let mut text = text;
    if text.contains(char::is_control) {
        text = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    }
    text.truncate(text.floor_char_boundary(most));
    text
}

impl Told {
    fn advance(&mut self, progress: Option<Percent>) {
        self.progress = progress.map(|progress| progress.max(self.reached));
        self.reached = self.reached.max(progress.unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_never_runs_backwards_and_may_be_unknown_meanwhile() {
        let reporter = Reporter::default();
        let at = |reporter: &Reporter| reporter.told().progress.map(Percent::value);
        reporter.amount(30, Some(100), Unit::Bytes);
        assert_eq!(at(&reporter), Some(30.0));
        // More was found to do.
        reporter.amount(40, Some(400), Unit::Bytes);
        assert_eq!(at(&reporter), Some(30.0));
        reporter.amount(50, None, Unit::Bytes);
        assert_eq!(at(&reporter), None);
        reporter.progress(Some(Percent::of_tenths(100)));
        assert_eq!(at(&reporter), Some(30.0));
        reporter.progress(Some(Percent::FULL));
        assert_eq!(at(&reporter), Some(100.0));
    }

    #[test]
    fn a_line_is_logged_and_is_the_message_unless_it_is_empty() {
        let reporter = Reporter::default();
        reporter.line(b"copying a");
        reporter.line(b"  ");
        let told = reporter.told();
        assert_eq!((&*told.message, told.lines), ("copying a", 2));
        reporter.message("é".repeat(MAX_MESSAGE_BYTES));
        assert_eq!(reporter.told().message.len(), MAX_MESSAGE_BYTES);
    }
}
