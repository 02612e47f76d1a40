//! Bytes of a stream, made safe for the parser.
//!
//! What the specification of Server-Sent Events asks for and eventsource-client 0.18.0 does not do:
//!
//! | input | what it does by itself | what it gets |
//! |---|---|---|
//! | a line, event or comment without end | keeps all of it | an error at the limit; of a comment, nothing |
//! | bytes that are not UTF-8 | ends the stream | U+FFFD |
//! | an event of unknown fields, an empty `event:`, or an id with NUL, and nothing else | ends the stream | nothing |
//! | two BOMs | ends the stream if the event has no other line | nothing: the line is unknown |
//! | the field `comment` | takes it for a comment | nothing |
//! | `retry: +5` | takes it for a number | nothing |
//! | `retry:` in a frame without data | forgets it | `:retry=` and the number, a comment of ours |
//! | a frame that takes long to arrive | is silent | a comment a chunk: it is alive |
//!
//! Each line comes out in the one spelling that the parser reads rightly, ended by LF, so that CR, CRLF and
//! the cuts between chunks are no business of its. What the server says in comments does not come
//! out. Status, content type and redirects are checked in [`crate::transport`]; what it does wrong on
//! reconnecting (it forgets its id, cannot send one outside ASCII, ends at none of 204, 401 and 404) never
//! happens, because each [`Link`](crate::Link) is one attempt and the feed holds the cursor.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;
use tidings_protocol::event::EventId;

/// Stripped once from the start of a stream.
const BOM: &[u8] = "\u{feff}".as_bytes();

/// Begins the comment that carries a `retry`; what a server says in comments is not passed on, so only
/// [`Lines`] can write one.
const RETRY_COMMENT: &str = "retry=";

/// Longest line and event a client takes, in bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) line: usize,
    pub(crate) event: usize,
}

/// A line or event is over its limit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooLarge {
    /// The event's id, if it came before.
    pub(crate) id: Option<EventId>,
}

/// The `retry` in a comment that [`Lines`] wrote.
pub(crate) fn retry_in(comment: &str) -> Option<Duration> {
    let digits = comment.strip_prefix(RETRY_COMMENT)?;
    // What is no number any more is longer than any wait.
    Some(Duration::from_millis(digits.parse().unwrap_or(u64::MAX)))
}

/// Rewrites chunks of a stream, however they are cut.
#[derive(Debug)]
pub(crate) struct Lines {
    limits: Limits,
    /// Bytes of the BOM seen at the start; all of them also where there turned out to be none.
    bom: usize,
    /// The line that has not ended yet; of a comment only its colon.
    line: Vec<u8>,
    /// The last byte ended a line as CR: an LF now belongs to it.
    after_cr: bool,
    /// Of the event that has not ended yet.
    event_bytes: usize,
    event_id: Option<EventId>,
    /// Whether the parser makes something of the chunk.
    is_heard: bool,
}

impl Lines {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            bom: 0,
            line: Vec::new(),
            after_cr: false,
            event_bytes: 0,
            event_id: None,
            is_heard: false,
        }
    }

    /// Appends the complete lines up to the end of `chunk`, or up to the one that is over a limit.
    pub(crate) fn rewrite(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), TooLarge> {
        self.is_heard = false;
        let mut rest = self.after_bom(chunk)?;
        while !rest.is_empty() {
            if std::mem::take(&mut self.after_cr) && rest[0] == b'\n' {
                rest = &rest[1..];
                continue;
            }
            let end = rest.iter().position(|&b| matches!(b, b'\n' | b'\r'));
            self.extend(&rest[..end.unwrap_or(rest.len())])?;
            let Some(end) = end else { break };
            self.after_cr = rest[end] == b'\r';
            self.end_line(out)?;
            rest = &rest[end + 1..];
        }
        if !self.is_heard && !chunk.is_empty() {
            out.extend_from_slice(b":\n");
        }
        Ok(())
    }

    /// What follows the BOM; of one that is cut, what is no part of it after all becomes the line's.
    fn after_bom<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8], TooLarge> {
        let wanted = &BOM[self.bom..];
        let found = wanted.iter().zip(chunk).take_while(|(a, b)| a == b).count();
        let seen = self.bom + found;
        let is_over = found < wanted.len() && found < chunk.len();
        self.bom = if is_over { BOM.len() } else { seen };
        if is_over {
            self.extend(&BOM[..seen])?;
        }
        Ok(&chunk[found..])
    }

    fn extend(&mut self, part: &[u8]) -> Result<(), TooLarge> {
        // What a comment says is of no use, so it may be of any length.
        if self.line.first().or(part.first()) == Some(&b':') {
            self.line.clear();
            self.line.push(b':');
            return Ok(());
        }
        if self.line.len() + part.len() > self.limits.line {
            return Err(TooLarge { id: self.event_id });
        }
        self.line.extend_from_slice(part);
        Ok(())
    }

    fn end_line(&mut self, out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let line = std::mem::take(&mut self.line);
        if line.is_empty() {
            // Without data the parser hands nothing on.
            self.is_heard |= self.event_bytes > 0;
            self.event_bytes = 0;
            self.event_id = None;
            out.push(b'\n');
        } else if line.starts_with(b":") {
            self.is_heard = true;
            out.extend_from_slice(b":\n");
        } else {
            let (name, value) = match line.iter().position(|&b| b == b':') {
                Some(colon) => (&line[..colon], &line[colon + 1..]),
                None => (line.as_slice(), &[][..]),
            };
            self.field(name, value.strip_prefix(b" ").unwrap_or(value), out)?;
        }
        // The next line takes this one's memory over.
        self.line = line;
        self.line.clear();
        Ok(())
    }

    fn field(&mut self, name: &[u8], value: &[u8], out: &mut Vec<u8>) -> Result<(), TooLarge> {
        let mut emit = |before: &str, value: &[u8]| {
            out.extend_from_slice(before.as_bytes());
            out.extend_from_slice(String::from_utf8_lossy(value).as_bytes());
            out.push(b'\n');
        };
        match name {
            b"data" => {
                self.event_bytes += value.len() + 1;
                if self.event_bytes > self.limits.event {
                    return Err(TooLarge { id: self.event_id });
                }
                emit("data: ", value);
            }
            b"event" if value.is_empty() => emit("event: ", b"message"),
            b"event" => emit("event: ", value),
            b"id" if !value.contains(&0) => {
                self.event_id = std::str::from_utf8(value).ok().and_then(|id| id.parse().ok());
                emit("id: ", value);
            }
            b"retry" if !value.is_empty() && value.iter().all(u8::is_ascii_digit) => {
                self.is_heard = true;
                emit(&[":", RETRY_COMMENT].concat(), value);
            }
            _ => {}
        }
        Ok(())
    }
}

/// A body whose chunks go through [`Lines`]. It ends with an error where one is over a limit.
pub(crate) struct LineStream<S> {
    body: S,
    lines: Lines,
    /// Told once what came before it is handed over.
    over: Option<TooLarge>,
    is_over: bool,
}

impl<S> LineStream<S> {
    pub(crate) fn new(body: S, limits: Limits) -> Self {
        Self { body, lines: Lines::new(limits), over: None, is_over: false }
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
            if let Some(over) = self.over.take() {
                return Poll::Ready(Some(Err(over.into())));
            }
            if self.is_over {
                return Poll::Ready(None);
            }
            let Some(chunk) = ready!(Pin::new(&mut self.body).poll_next(cx)).transpose()? else {
                return Poll::Ready(None);
            };
            let mut lines = Vec::with_capacity(chunk.len());
            self.over = self.lines.rewrite(&chunk, &mut lines).err();
            self.is_over = self.over.is_some();
            if !lines.is_empty() {
                return Poll::Ready(Some(Ok(lines.into())));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { line: 64, event: 128 };

    /// What comes out of one chunk.
    fn rewritten(lines: &mut Lines, chunk: &[u8]) -> Result<String, TooLarge> {
        let mut out = Vec::new();
        lines.rewrite(chunk, &mut out)?;
        Ok(String::from_utf8(out).expect("the parser gets text alone"))
    }

    #[test]
    fn each_line_gets_the_one_spelling_the_parser_reads() {
        for (input, output) in [
            ("data:a\r\n\r\n", "data: a\n\n"),
            ("data\r\r", "data: \n\n"),
            ("\u{feff}:heartbeat\n", ":\n"),
            ("event:\ndata: a\n\n", "event: message\ndata: a\n\n"),
            ("comment: a\ndata: a\n\n", "data: a\n\n"),
            ("id: a\0b\ndata: c\n\n", "data: c\n\n"),
            ("retry: 5\n", ":retry=5\n"),
            ("retry: 5x\ndata: c\n\n", "data: c\n\n"),
        ] {
            let found = rewritten(&mut Lines::new(LIMITS), input.as_bytes());
            assert_eq!(found.as_deref(), Ok(output), "{input:?}");
        }
    }

    #[test]
    fn a_chunk_that_the_parser_makes_nothing_of_is_a_sign_of_life() {
        let mut lines = Lines::new(LIMITS);
        for (chunk, output) in [
            ("data: a", ":\n"),
            ("b\n", "data: ab\n:\n"),
            ("", ""),
            ("\n", "\n"),
            ("\n", "\n:\n"),
            ("unknown\n\n", "\n:\n"),
            (": comm", ":\n"),
            ("ent\n", ":\n"),
        ] {
            assert_eq!(rewritten(&mut lines, chunk.as_bytes()).as_deref(), Ok(output), "{chunk:?}");
        }
    }

    #[test]
    fn an_endless_line_is_refused_and_an_endless_comment_is_not_kept() {
        let mut lines = Lines::new(LIMITS);
        assert!(rewritten(&mut lines, &[b'a'; 64]).is_ok());
        assert_eq!(rewritten(&mut lines, b"a"), Err(TooLarge { id: None }));

        let mut lines = Lines::new(LIMITS);
        assert!(rewritten(&mut lines, b":").is_ok());
        assert!(rewritten(&mut lines, &[b'a'; 10_000]).is_ok());
        assert_eq!(lines.line.len(), 1);
        assert_eq!(rewritten(&mut lines, b"\n").as_deref(), Ok(":\n"));
    }

    #[test]
    fn an_endless_event_is_refused_by_its_id_and_many_small_ones_are_not() {
        let line = [b"data:".as_slice(), &[b'a'; 40], b"\n"].concat();
        let mut lines = Lines::new(LIMITS);
        assert!(rewritten(&mut lines, b"id: 0000002a-7\n").is_ok());
        let kept = (0..10).take_while(|_| rewritten(&mut lines, &line).is_ok()).count();
        assert_eq!(kept, 3);
        let id = "0000002a-7".parse().ok();
        assert_eq!(rewritten(&mut lines, &line), Err(TooLarge { id }));

        let event = [line.as_slice(), b"\n"].concat();
        let mut lines = Lines::new(LIMITS);
        assert!((0..10).all(|_| rewritten(&mut lines, &event).is_ok()));
    }
}
