//! Cuts what a program writes into lines, without ever holding a long one whole.

/// Most bytes that are kept of a line; what is beyond is passed over.
pub const MAX_KEPT_BYTES: usize = 64 << 10;

/// A line, without its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// What it says, or the beginning of that.
    pub bytes: &'a [u8],
    /// Whether the next one takes its place on a terminal, as a bar's do: it ended with a lone `\r`.
    pub is_overwritten: bool,
    /// Whether it was longer.
    pub cut: bool,
}

/// Cuts bytes into lines, however the bytes come.
///
/// A line ends with `\n`, `\r\n` or a lone `\r`. An empty one that is overwritten is none.
#[derive(Clone, Debug, Default)]
pub struct Lines {
    kept: Vec<u8>,
    cut: bool,
    /// It ended with `\r`; the next byte says whether it is overwritten.
    returned: bool,
}

impl Lines {
    /// Takes what came next, and gives each line that has ended by that.
    pub fn feed(&mut self, mut bytes: &[u8], each: &mut dyn FnMut(Line<'_>)) {
        while let Some(&first) = bytes.first() {
            if self.returned {
                // Some write `\r\r\n`.
                let is_overwritten = match first {
                    b'\r' | b'\n' => {
                        bytes = &bytes[1..];
                        false
                    }
                    _ => true,
                };
                if first != b'\r' {
                    self.end(is_overwritten, each);
                }
                continue;
            }
            let end = memchr::memchr2(b'\r', b'\n', bytes);
            self.keep(&bytes[..end.unwrap_or(bytes.len())]);
            let Some(end) = end else { return };
            match bytes[end] {
                b'\n' => self.end(false, each),
                _ => self.returned = true,
            }
            bytes = &bytes[end + 1..];
        }
    }

    /// Gives what has no end: nothing more comes.
    pub fn finish(&mut self, each: &mut dyn FnMut(Line<'_>)) {
        if !self.kept.is_empty() {
            self.end(self.returned, each);
        }
        self.returned = false;
    }

    fn keep(&mut self, bytes: &[u8]) {
        let room = MAX_KEPT_BYTES - self.kept.len();
        self.kept.extend_from_slice(&bytes[..bytes.len().min(room)]);
        self.cut |= bytes.len() > room;
    }

    fn end(&mut self, is_overwritten: bool, each: &mut dyn FnMut(Line<'_>)) {
        if !(is_overwritten && self.kept.is_empty()) {
            each(Line { bytes: &self.kept, is_overwritten, cut: self.cut });
        }
        self.kept.clear();
        (self.cut, self.returned) = (false, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line, `~` before one that is overwritten and `…` after one that is cut.
    fn lines(feeds: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        let mut each = |line: Line<'_>| {
            let before = if line.is_overwritten { "~" } else { "" };
            let after = if line.cut { "…" } else { "" };
            found.push(format!("{before}{}{after}", String::from_utf8_lossy(line.bytes)));
        };
        for feed in feeds {
            lines.feed(feed, &mut each);
        }
        lines.finish(&mut each);
        found
    }

    #[test]
    fn a_line_ends_with_a_feed_a_return_or_both() {
        assert_eq!(lines(&[b"a\nb\r\nc\rd"]), ["a", "b", "~c", "d"]);
        assert_eq!(lines(&[b"a\r", b"\nb\r", b"c"]), ["a", "~b", "c"]);
        assert_eq!(lines(&[b"a\n\n\r\nb\r\r\n"]), ["a", "", "", "b"]);
        assert_eq!(lines(&[b"\r 1%\r 2%\r"]), ["~ 1%", "~ 2%"]);
        assert_eq!(lines(&[b"\r", b"\n"]), [""]);
        assert_eq!(lines(&[b"", b"\r"]), [""; 0]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_never_held_whole() {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut each = |line: Line<'_>| found.push((line.bytes.len(), line.cut));
        let block = [b'x'; 10_000];
        for _ in 0..1_000 {
            lines.feed(&block, &mut each);
            assert!(lines.kept.capacity() <= 2 * MAX_KEPT_BYTES);
        }
        lines.feed(b"\nshort\n", &mut each);
        // As long as may be, and not cut.
        lines.feed(&[b'y'; MAX_KEPT_BYTES], &mut each);
        lines.feed(b"\n", &mut each);
        assert_eq!(found, [(MAX_KEPT_BYTES, true), (5, false), (MAX_KEPT_BYTES, false)]);
    }
}
