//! Bytes of a stream, made safe for the parser.
//!
//! eventsource-client 0.18.0 buffers lines and events without bound, and fails on input the
//! specification lets pass: text that is not UTF-8, events of unknown fields only, an empty event name, a
//! `retry` that is no number. This rewrites each line into the one spelling it reads rightly, and stops
//! where a limit is exceeded.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use futures_util::Stream;

/// Longest line and event a client takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) line: usize,
    pub(crate) event: usize,
}

/// A line or event is over its limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge;

/// Rewrites chunks of a stream, however they are cut.
#[derive(Debug)]
pub(crate) struct Lines {
    limits: Limits,
    /// The line that has not ended yet; of a comment only its colon.
    line: Vec<u8>,
    /// The last byte ended a line as CR: an LF now belongs to it.
    after_cr: bool,
    first_line: bool,
    event_bytes: usize,
}

impl Lines {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, line: Vec::new(), after_cr: false, first_line: true, event_bytes: 0 }
    }

    /// The complete lines up to the end of `chunk`.
    pub(crate) fn rewrite(&mut self, mut chunk: &[u8]) -> Result<Vec<u8>, TooLarge> {
        let mut out = Vec::with_capacity(chunk.len() + self.line.len());
        while !chunk.is_empty() {
            if std::mem::take(&mut self.after_cr) && chunk[0] == b'\n' {
                chunk = &chunk[1..];
                continue;
            }
            let end = chunk.iter().position(|&b| matches!(b, b'\n' | b'\r'));
            self.extend(&chunk[..end.unwrap_or(chunk.len())])?;
            let Some(end) = end else { break };
            self.after_cr = chunk[end] == b'\r';
            self.end_line(&mut out)?;
            chunk = &chunk[end + 1..];
        }
        Ok(out)
    }

    fn extend(&mut self, part: &[u8]) -> Result<(), TooLarge> {
        // What a comment says is of no use, so it may be of any length.
        if self.line.first().or(part.first()) == Some(&b':') {
            self.line.clear();
            self.line.push(b':');
            return Ok(());
        }
        if self.line.len() + part.len() > self.limits.line {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let whole = std::mem::take(&mut self.line);
        let mut line = whole.as_slice();
        if std::mem::take(&mut self.first_line) {
            line = line.strip_prefix("\u{feff}".as_bytes()).unwrap_or(line);
        }
        if line.is_empty() {
            self.event_bytes = 0;
            out.push(b'\n');
        } else if line.starts_with(b":") {
            out.extend_from_slice(b":\n");
        } else {
            let (name, value) = match line.iter().position(|&b| b == b':') {
                Some(colon) => (&line[..colon], &line[colon + 1..]),
                None => (line, &[][..]),
            };
            self.field(name, value.strip_prefix(b" ").unwrap_or(value), out)?;
        }
        // The next line takes this one's memory over.
        self.line = whole;
        self.line.clear();
        Ok(())
    }

    fn field(&mut self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let mut emit = |name: &str, value: &[u8]| {
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b": ");
            out.extend_from_slice(String::from_utf8_lossy(value).as_bytes());
            out.push(b'\n');
        };
        match name {
            b"data" => {
                self.event_bytes += value.len() + 1;
                if self.event_bytes > self.limits.event {
                    return Err(TooLarge);
                }
                emit("data", value);
            }
            b"event" if value.is_empty() => emit("event", b"message"),
            b"event" => emit("event", value),
            b"id" if !value.contains(&0) => emit("id", value),
            // `retry` is the feed's to decide; the rest has no meaning.
            _ => {}
        }
        Ok(())
    }
}

/// A body whose chunks go through [`Lines`]. It ends with the error of a body that is over a limit.
pub(crate) struct LineStream<S> {
    body: S,
    lines: Lines,
}

impl<S> LineStream<S> {
    pub(crate) fn new(body: S, limits: Limits) -> Self {
        Self { body, lines: Lines::new(limits) }
    }
}

impl<S, E> Stream for LineStream<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: From<TooLarge>,
{
    type Item = Result<Bytes, E>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            let Some(chunk) = ready!(Pin::new(&mut self.body).poll_next(cx)).transpose()? else {
                return Poll::Ready(None);
            };
            let lines = self.lines.rewrite(&chunk)?;
            if !lines.is_empty() {
                return Poll::Ready(Some(Ok(lines.into())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LIMITS: Limits = Limits { line: 64, event: 128 };

    fn rewritten(input: &[u8]) -> String {
        String::from_utf8(Lines::new(LIMITS).rewrite(input).expect("within the limits")).unwrap()
    }

    #[test]
    fn each_line_gets_the_one_spelling_the_parser_reads() {
        for (input, output) in [
            ("data: a\n\n", "data: a\n\n"),
            ("data:a\r\n\r\n", "data: a\n\n"),
            ("data:  a\r\r", "data:  a\n\n"),
            ("data:\ta\n\n", "data: \ta\n\n"),
            ("data\n\n", "data: \n\n"),
            ("data:a\rdata:b\r\ndata:c\n\n", "data: a\ndata: b\ndata: c\n\n"),
            ("\u{feff}data: a\n\n", "data: a\n\n"),
            ("\u{feff}\u{feff}data: a\n\n", "\n"),
            (":heartbeat\n\n", ":\n\n"),
            ("event:\ndata: a\n\n", "event: message\ndata: a\n\n"),
            ("unknown: a\n\n", "\n"),
            ("comment: a\n\n", "\n"),
            ("Data: a\n\n", "\n"),
            ("dat\0a: a\n\n", "\n"),
            ("data: a\0b\n\n", "data: a\0b\n\n"),
            ("retry: 1000x\n\n", "\n"),
            ("retry: 99999999999999999999999\n\n", "\n"),
            ("id: a\0b\ndata: c\n\n", "data: c\n\n"),
            ("id\ndata: c\n\n", "id: \ndata: c\n\n"),
            ("data: cut", ""),
        ] {
            assert_eq!(rewritten(input.as_bytes()), output, "{input:?}");
        }
        assert_eq!(rewritten(b"data: \xff\n\n"), "data: \u{fffd}\n\n");
    }

    #[test]
    fn an_endless_line_is_refused_and_an_endless_comment_is_not_kept() {
        let mut lines = Lines::new(LIMITS);
        assert_eq!(lines.rewrite(&[b'a'; 64]), Ok(Vec::new()));
        assert_eq!(lines.rewrite(b"a"), Err(TooLarge));

        let mut lines = Lines::new(LIMITS);
        assert_eq!(lines.rewrite(b":"), Ok(Vec::new()));
        assert_eq!(lines.rewrite(&[b'a'; 10_000]), Ok(Vec::new()));
        assert_eq!(lines.line.len(), 1);
        assert_eq!(lines.rewrite(b"\n"), Ok(b":\n".to_vec()));
    }

    #[test]
    fn an_endless_event_is_refused_and_many_small_ones_are_not() {
        let line = [b"data:".as_slice(), &[b'a'; 40], b"\n"].concat();
        let mut lines = Lines::new(LIMITS);
        let kept = (0..10).take_while(|_| lines.rewrite(&line).is_ok()).count();
        assert_eq!(kept, 3);

        let event = [line.as_slice(), b"\n"].concat();
        let mut lines = Lines::new(LIMITS);
        assert!((0..10).all(|_| lines.rewrite(&event).is_ok()));
    }

    fn stream_bytes() -> impl Strategy<Value = Vec<u8>> {
        let piece = prop::sample::select(vec![
            "data", "id", "event", "retry", ":", " ", "\r", "\n", "\r\n", "\n\n", "\u{feff}", "ü",
            "x",
        ]);
        prop::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat().into_bytes())
    }

    proptest! {
        #[test]
        fn how_the_bytes_are_cut_makes_no_difference(input in stream_bytes(), cut in 0_usize..80) {
            let whole = Lines::new(LIMITS).rewrite(&input);
            let (head, tail) = input.split_at(cut.min(input.len()));
            let mut lines = Lines::new(LIMITS);
            let mut parts = lines.rewrite(head);
            if let Ok(out) = &mut parts {
                match lines.rewrite(tail) {
                    Ok(rest) => out.extend(rest),
                    Err(error) => parts = Err(error),
                }
            }
            prop_assert_eq!(whole, parts);

            let mut lines = Lines::new(LIMITS);
            let bytewise: Result<Vec<_>, _> =
                input.iter().map(|b| lines.rewrite(std::slice::from_ref(b))).collect();
            prop_assert_eq!(Lines::new(LIMITS).rewrite(&input), bytewise.map(|parts| parts.concat()));
        }
    }
}
