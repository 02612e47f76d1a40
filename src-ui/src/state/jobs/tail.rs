//! What a job has written last.

use tidings_protocol::job::{LogLine, MAX_LOG_LINES};

use crate::state::json::Json;
use crate::state::members::{get, is_true, string, whole};
use crate::state::request_error::RequestError;

/// The lines that are kept, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tail {
    lines: Vec<LogLine>,
    next: u64,
}

impl Tail {
    /// The lines.
    #[must_use]
    pub fn lines(&self) -> &[LogLine] {
        &self.lines
    }

    /// What to ask with for those that come behind.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.next
    }

    /// How many lines are gone before each of [`lines`](Self::lines); before the first, all that were ever written.
    #[must_use]
    pub fn gone_before(&self, at: usize) -> u64 {
        let Some(line) = self.lines.get(at) else { return 0 };
        let expected = at.checked_sub(1).map_or(0, |before| self.lines[before].n + 1);
        line.n.saturating_sub(expected)
    }

    /// Takes a server's answer; false if it is none.
    pub fn take(&mut self, text: &str) -> bool {
        let json = Json::read(text);
        let (Some(Json::List(lines)), Some(next)) = (get(&json, "lines"), whole(&json, "next"))
        else {
            return false;
        };
        for line in lines {
            let Some(line) = read(line).filter(|line| line.n >= self.next) else { continue };
            self.next = line.n + 1;
            self.lines.push(line);
        }
        let over = self.lines.len().saturating_sub(MAX_LOG_LINES);
        self.lines.drain(..over);
        self.next = self.next.max(next);
        true
    }
}

/// What a job has written, as far as that was heard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The lines; none yet.
    pub tail: Option<Tail>,
    /// Why the last answer brought none; those from before stay.
    pub why: Option<RequestError>,
}

impl Written {
    /// What to ask with for lines that are new.
    #[must_use]
    pub fn next(&self) -> u64 {
        self.tail.as_ref().map_or(0, Tail::next)
    }

    /// Whether the last answer was one.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.tail.is_some() && self.why.is_none()
    }

    /// Takes a server's answer to a question for what is new; whether that changed anything.
    pub fn take(&mut self, answer: Result<String, RequestError>) -> bool {
        let (had_any, before) = (self.tail.is_some(), self.next());
        let mut tail = self.tail.take().unwrap_or_default();
        let why = match answer {
            Ok(lines) if tail.take(&lines) => None,
            Ok(_) => Some(RequestError::unreadable()),
            Err(why) => Some(why),
        };
        if had_any || why.is_none() {
            self.tail = Some(tail);
        }
        let is_news = self.next() > before || self.tail.is_some() != had_any || self.why != why;
        self.why = why;
        is_news
    }
}

fn read(json: &Json) -> Option<LogLine> {
    Some(LogLine {
        n: whole(json, "n")?,
        at: whole(json, "at")?,
        text: string(json, "text")?,
        cut: is_true(json, "cut"),
        lossy: is_true(json, "lossy"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::job::LogPage;

    fn page(numbers: std::ops::Range<u64>) -> String {
        let line = |n: u64| LogLine {
            n,
            at: 5,
            text: format!("line {n}"),
            cut: n.is_multiple_of(2),
            lossy: n.is_multiple_of(3),
        };
        let page = LogPage { next: numbers.end, lines: numbers.map(line).collect() };
        serde_json::to_string(&page).unwrap()
    }

    #[test]
    fn lines_follow_each_other_and_none_comes_twice() {
        let mut tail = Tail::default();
        assert!(tail.take(&page(0..3)) && tail.take(&page(1..4)));
        assert_eq!(tail.next(), 4);
        let numbers: Vec<u64> = tail.lines().iter().map(|line| line.n).collect();
        assert_eq!(numbers, [0, 1, 2, 3]);
        let expected: LogPage = serde_json::from_str(&page(0..4)).unwrap();
        assert_eq!(tail.lines(), expected.lines);
        assert!((0..4).all(|at| tail.gone_before(at) == 0));
    }

    #[test]
    fn an_answer_that_does_not_come_leaves_the_lines_that_are_there() {
        let mut written = Written::default();
        let lost = || RequestError::network(String::new());
        assert!(written.take(Err(lost())));
        assert!(written.tail.is_none() && !written.is_whole());
        assert!(written.take(Ok(page(0..0))), "that it has written nothing is news");
        assert!(written.take(Ok(page(0..3))) && written.is_whole());
        for why in [Err(lost()), Ok("<html>".to_owned())] {
            assert!(written.take(why.clone()) && !written.take(why), "the same is said once");
            assert!(!written.is_whole());
            assert_eq!((written.next(), written.tail.as_ref().unwrap().lines().len()), (3, 3));
        }
        assert!(written.take(Ok(page(3..3))), "it is taken back that one did not come");
        assert!(written.is_whole() && !written.take(Ok(page(3..3))));
    }

    #[test]
    fn lines_that_are_gone_are_counted() {
        let mut tail = Tail::default();
        tail.take(&page(5..7));
        tail.take(&page(9..10));
        assert_eq!([0, 1, 2].map(|at| tail.gone_before(at)), [5, 0, 2]);
    }

    #[test]
    fn the_newest_lines_stay() {
        let mut tail = Tail::default();
        tail.take(&page(0..700));
        assert_eq!(tail.lines().len(), MAX_LOG_LINES);
        assert_eq!(tail.gone_before(0), 200);
    }

    #[test]
    fn what_is_no_page_changes_nothing() {
        let mut tail = Tail::default();
        assert!(!tail.take("<html>") && !tail.take("{}"));
        assert_eq!(tail, Tail::default());
    }
}
