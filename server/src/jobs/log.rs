//! The newest lines that a job has written.

use std::collections::VecDeque;

use tidings_protocol::job::{LogLine, LogPage, MAX_LINE_BYTES, MAX_LOG_BYTES, MAX_LOG_LINES};

/// Lines, bounded in number and bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct Log {
    lines: VecDeque<LogLine>,
    bytes: usize,
    next: u64,
}

impl Log {
    /// An empty one, whose first line has this number.
    pub(super) fn from_number(next: u64) -> Self {
        Self { next, ..Self::default() }
    }

    /// Adds a line.
    pub(super) fn push(&mut self, mut line: LogLine, at: u64) {
        (line.n, line.at) = (self.next, at);
        self.next += 1;
        self.bytes += line.text.len();
        self.lines.push_back(line);
        while self.lines.len() > MAX_LOG_LINES || self.bytes > MAX_LOG_BYTES {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes -= oldest.text.len();
        }
    }

    /// How many lines there were.
    pub(super) fn count(&self) -> u64 {
        self.next
    }

    /// What is kept of the lines from number `after` on.
    pub(super) fn page(&self, after: u64) -> LogPage {
        let lines = self.lines.iter().filter(|line| line.n >= after).cloned().collect();
        LogPage { lines, next: self.next }
    }
}

/// A line as people can read it: cut, and marked, if it is too long or not UTF-8.
pub(super) fn readable(line: &[u8]) -> LogLine {
    let cut = line.len() > MAX_LINE_BYTES;
    let mut kept = &line[..line.len().min(MAX_LINE_BYTES)];
    if cut {
        // Not in the midst of a character, which would look like one that is none.
        let start = kept.iter().rev().take(4).position(|byte| !(0x80..0xc0).contains(byte));
        let start = start.map_or(kept.len(), |back| kept.len() - 1 - back);
        if std::str::from_utf8(&kept[start..]).is_err() {
            kept = &kept[..start];
        }
    }
    let lossy = std::str::from_utf8(kept).is_err();
    let text = String::from_utf8_lossy(kept);
    let text = text.chars().map(|c| if c == '\t' { ' ' } else { c });
    LogLine { text: text.filter(|c| !c.is_control()).collect(), cut, lossy, ..LogLine::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_lines_stay_and_each_keeps_its_number() {
        let mut log = Log::default();
        for n in 0..MAX_LOG_LINES + 7 {
            log.push(readable(format!("line {n}").as_bytes()), n as u64);
        }
        let page = log.page(0);
        assert_eq!(page.lines.len(), MAX_LOG_LINES);
        assert_eq!((page.lines[0].n, &*page.lines[0].text), (7, "line 7"));
        assert_eq!(page.next, log.count());
        assert_eq!(log.page(page.next - 1).lines.len(), 1);
        for _ in 0..100 {
            log.push(readable(&[b'x'; 10 * MAX_LINE_BYTES]), 0);
        }
        assert!(log.bytes <= MAX_LOG_BYTES);
        assert!(log.page(0).lines.iter().all(|line| line.cut));
    }

    #[test]
    fn what_nobody_can_read_is_marked() {
        let line = readable(b"caf\xe9 \x1b[31mred\x1b[0m\tend");
        assert_eq!(
            (&*line.text, line.lossy, line.cut),
            ("caf\u{fffd} [31mred[0m end", true, false)
        );
        let long = "é".repeat(MAX_LINE_BYTES);
        let line = readable(format!("x{long}").as_bytes());
        assert!(line.cut && !line.lossy, "{line:?}");
        assert_eq!(line.text.len(), MAX_LINE_BYTES - 1);
        assert_eq!(readable(b""), LogLine::default());
    }
}
