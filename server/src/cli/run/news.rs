//! What is new of a program since it was last told: bounded, whatever the program writes and however long no server answers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tidings_protocol::job::{
    JobPatch, MAX_LINE_BYTES, MAX_MESSAGE_BYTES, MAX_PATCH_LINES, Percent, ReportedLine, Unit,
};
use tokio::sync::Notify;

use crate::output::{Piece, Seen};

/// How many of the oldest lines stay, and how many of the newest; one more says what is gone between them.
const OLDEST: usize = MAX_PATCH_LINES / 4;
const NEWEST: usize = MAX_PATCH_LINES - OLDEST - 1;
/// Most bytes that either of the two have.
const OLDEST_BYTES: usize = 8 << 10;
const NEWEST_BYTES: usize = 40 << 10;

/// Greatest amount that a server takes: every reader of JSON knows it as it is.
const MAX_AMOUNT: u64 = (1 << 53) - 1;

/// Where whoever reads the program leaves what is new, and whoever reports takes it; clones are the same.
#[derive(Clone, Debug, Default)]
pub(super) struct News(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// How many lines the program will write, if somebody said.
    total: Option<u64>,
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    fresh: Fresh,
    /// All lines so far that no other takes the place of.
    lines: u64,
}

/// What was not told yet.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Fresh {
    seen: Option<Seen>,
    message: Option<String>,
    lines: Lines,
}

/// Lines, of which those in the middle go where they are too many.
#[derive(Debug, Default, PartialEq)]
struct Lines {
    oldest: Vec<ReportedLine>,
    oldest_bytes: usize,
    left_out: u64,
    newest: VecDeque<ReportedLine>,
    newest_bytes: usize,
}

impl News {
    /// Of a program that writes so many lines, by which it is told how far it is.
    pub(super) fn new(total: Option<u64>) -> Self {
        Self(Arc::new(Inner { total, ..Inner::default() }))
    }

    /// Takes a line of the program.
    pub(super) fn add(&self, piece: Piece<'_>) {
        let line = readable(piece.plain);
        let mut state = self.lock();
        let message = line.text.trim();
        if !message.is_empty() {
            let end = message.floor_char_boundary(MAX_MESSAGE_BYTES);
            let message = message[..end].replace('\t', " ");
            state.fresh.message = Some(message.replace(char::is_control, ""));
        }
        state.fresh.seen = piece.seen.or(state.fresh.seen);
        if !piece.is_overwritten {
            state.lines += 1;
            let lines = state.lines;
            if let Some(total) = self.0.total {
                state.fresh.seen = Some(Seen {
                    percent: Percent::of(lines, total),
                    done: Some(lines),
                    total: Some(total),
                    unit: Some(Unit::Rows),
                });
            }
            state.fresh.lines.push(line);
        }
        drop(state);
        self.0.changed.notify_one();
    }

    /// Takes all that was not told yet.
    pub(super) fn take(&self) -> Fresh {
        std::mem::take(&mut self.lock().fresh)
    }

    /// Gives back what could not be told; what came since is newer.
    pub(super) fn put_back(&self, fresh: Fresh) {
        let mut state = self.lock();
        let newer = std::mem::replace(&mut state.fresh, fresh);
        let fresh = &mut state.fresh;
        fresh.seen = newer.seen.or(fresh.seen);
        fresh.message = newer.message.or(fresh.message.take());
        fresh.lines.append(newer.lines);
    }

    /// Waits until there is something new.
    pub(super) async fn changed(&self) {
        while self.lock().fresh == Fresh::default() {
            self.0.changed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Fresh {
    /// As a report of it.
    pub(super) fn patch(&self) -> JobPatch<Value> {
        let seen = self.seen.unwrap_or_default();
        let sayable = |amount: Option<u64>| amount.filter(|amount| *amount <= MAX_AMOUNT);
        JobPatch {
            progress: self.seen.map(|seen| seen.percent),
            message: self.message.clone(),
            done: sayable(seen.done),
            total: sayable(seen.total),
            unit: seen.unit,
            lines: self.lines.all(),
            ..JobPatch::default()
        }
    }
}

impl Lines {
    fn push(&mut self, line: ReportedLine) {
        let is_open = self.newest.is_empty() && self.left_out == 0;
        let fits =
            self.oldest.len() < OLDEST && self.oldest_bytes + line.text.len() <= OLDEST_BYTES;
        if is_open && fits {
            self.oldest_bytes += line.text.len();
            self.oldest.push(line);
            return;
        }
        self.newest_bytes += line.text.len();
        self.newest.push_back(line);
        while self.newest.len() > NEWEST || self.newest_bytes > NEWEST_BYTES {
            let Some(gone) = self.newest.pop_front() else { break };
            self.newest_bytes -= gone.text.len();
            self.left_out += 1;
        }
    }

    /// Adds those that came later.
    fn append(&mut self, later: Self) {
        for line in later.oldest {
            self.push(line);
        }
        if later.left_out > 0 {
            // What is left out stands in one place, and not in two.
            self.left_out += later.left_out + self.newest.len() as u64;
            self.newest.clear();
            self.newest_bytes = 0;
        }
        for line in later.newest {
            self.push(line);
        }
    }

    fn all(&self) -> Vec<ReportedLine> {
        let mut all = self.oldest.clone();
        if self.left_out > 0 {
            all.push(format!("… {} lines are left out …", self.left_out).into());
        }
        all.extend(self.newest.iter().cloned());
        all
    }
}

/// A line as text. One that is too long stays a little longer than a server keeps: it says then that it cut it.
fn readable(line: &[u8]) -> ReportedLine {
    let line = &line[..line.len().min(MAX_LINE_BYTES + 4)];
    // Behind what is kept a character may be cut in two.
    let lossy = std::str::from_utf8(line).is_err_and(|error| error.valid_up_to() < MAX_LINE_BYTES);
    ReportedLine { text: String::from_utf8_lossy(line).into_owned(), lossy }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn add(news: &News, text: &str, is_overwritten: bool, seen: Option<Seen>) {
        let bytes = text.as_bytes();
        news.add(Piece { bytes, plain: bytes, is_overwritten, cut: false, seen });
    }

    fn line(news: &News, text: &str) {
        add(news, text, false, None);
    }

    fn texts(lines: Vec<ReportedLine>) -> Vec<String> {
        lines.into_iter().map(|line| line.text).collect()
    }

    #[test]
    fn a_line_that_is_not_utf_8_is_marked_and_a_long_one_is_not_for_being_cut() {
        let long = "é".repeat(MAX_LINE_BYTES);
        for (line, lossy) in [
            (&b"caf\xe9"[..], true),
            ("café".as_bytes(), false),
            (long.as_bytes(), false),
            (&long.as_bytes()[1..], true),
            (format!("x{long}").as_bytes(), false),
        ] {
            assert_eq!(readable(line).lossy, lossy, "{:?}", readable(line).text);
        }
        let news = News::new(None);
        let bytes = b"caf\xe9";
        news.add(Piece { bytes, plain: bytes, is_overwritten: false, cut: false, seen: None });
        let patch = serde_json::to_value(news.take().patch()).unwrap();
        assert_eq!(patch["lines"][0], serde_json::json!({ "text": "caf\u{fffd}", "lossy": true }));
    }

    #[test]
    fn lines_are_told_once_and_the_newest_that_says_something_is_the_message() {
        let news = News::new(None);
        line(&news, "  copying ");
        line(&news, "");
        add(&news, " 40%", true, None);
        let patch = news.take().patch();
        assert_eq!(texts(patch.lines), ["  copying ", ""]);
        assert_eq!(patch.message.as_deref(), Some("40%"));
        assert_eq!(patch.progress, None);
        assert_eq!(news.take().patch(), JobPatch::default());
    }

    #[test]
    fn what_nobody_knows_any_more_is_said() {
        let news = News::new(None);
        let seen = |percent| Some(Seen { percent, ..Seen::default() });
        add(&news, "a", true, seen(Some(Percent::of_tenths(400))));
        add(&news, "b", true, None);
        assert_eq!(news.take().patch().progress, Some(Some(Percent::of_tenths(400))));
        add(&news, "c", true, seen(None));
        assert_eq!(news.take().patch().progress, Some(None));
    }

    #[test]
    fn an_amount_that_no_server_takes_is_not_told() {
        let news = News::new(None);
        let seen = Seen { done: Some(1 << 60), total: Some(1 << 10), ..Seen::default() };
        add(&news, "a\tb\u{7}", true, Some(seen));
        let patch = news.take().patch();
        assert_eq!((patch.done, patch.total), (None, Some(1 << 10)));
        assert_eq!(patch.message.as_deref(), Some("a b"));
    }

    #[test]
    fn a_number_of_lines_that_was_foretold_says_how_far_it_is() {
        let news = News::new(Some(4));
        line(&news, "a");
        add(&news, "no line", true, None);
        line(&news, "b");
        let patch = news.take().patch();
        assert_eq!(patch.progress, Some(Some(Percent::of_tenths(500))));
        assert_eq!((patch.done, patch.total, patch.unit), (Some(2), Some(4), Some(Unit::Rows)));
    }

    #[test]
    fn of_too_many_lines_those_in_the_middle_go_and_that_is_said() {
        let news = News::new(None);
        for n in 0..10_000 {
            line(&news, &format!("line {n}"));
        }
        let lines = texts(news.take().patch().lines);
        assert_eq!(lines.len(), MAX_PATCH_LINES);
        assert_eq!(lines[0], "line 0");
        assert_eq!(lines[OLDEST], format!("… {} lines are left out …", 10_000 - OLDEST - NEWEST));
        assert_eq!(lines[MAX_PATCH_LINES - 1], "line 9999");
    }

    #[test]
    fn long_lines_are_bounded_together_and_each() {
        let news = News::new(None);
        for _ in 0..500 {
            line(&news, &"é".repeat(100_000));
        }
        let patch = news.take().patch();
        let bytes: usize = patch.lines.iter().map(|line| line.text.len()).sum();
        assert!(bytes <= OLDEST_BYTES + NEWEST_BYTES + 100, "{bytes}");
        assert!(patch.lines[0].text.len() > MAX_LINE_BYTES, "the server says that it was longer");
        assert!(patch.message.is_some_and(|message| message.len() <= MAX_MESSAGE_BYTES));
    }

    #[tokio::test]
    async fn what_could_not_be_told_comes_before_what_is_newer() {
        let news = News::new(None);
        line(&news, "a");
        let fresh = news.take();
        line(&news, "b");
        news.put_back(fresh);
        news.changed().await;
        let patch = news.take().patch();
        assert_eq!(texts(patch.lines), ["a", "b"]);
        assert_eq!(patch.message.as_deref(), Some("b"));
        // And what is newer need not say everything.
        line(&news, "c");
        let fresh = news.take();
        news.put_back(fresh);
        assert_eq!(news.take().patch().message.as_deref(), Some("c"));
    }

    proptest! {
        #[test]
        fn each_line_is_told_in_order_or_counted(
            steps in prop::collection::vec((0_usize..400, any::<bool>()), 1..8),
        ) {
            let news = News::new(None);
            let mut added = 0_u64;
            for (count, fails) in steps {
                for _ in 0..count {
                    line(&news, &added.to_string());
                    added += 1;
                }
                if fails {
                    let fresh = news.take();
                    line(&news, &added.to_string());
                    added += 1;
                    news.put_back(fresh);
                }
            }
            let fresh = news.take();
            let lines = texts(fresh.lines.all());
            prop_assert!(lines.len() <= MAX_PATCH_LINES);
            let numbers: Vec<u64> = lines.iter().filter_map(|line| line.parse().ok()).collect();
            prop_assert_eq!(numbers.len() as u64 + fresh.lines.left_out, added);
            prop_assert!(numbers.is_sorted_by(|a, b| a < b));
            if let Some(last) = numbers.last() {
                prop_assert_eq!(*last, added - 1);
            }
        }
    }
}
