//! The mark in each event that says which one it is and when it was due.

use memchr::memchr;

/// Bytes of a stamp: `~RUN.TOPIC.SEQ.DUE~`, all in hex. No server has a reason to escape any of these.
pub(super) const STAMP: usize = 45;

/// What surrounds the padding in a body.
const FRAME: usize = r#"{"stamp":"","pad":""}"#.len();

/// Smallest body, in bytes.
pub(super) const LEAST_BODY: usize = STAMP + FRAME;

/// Which event this is, and when it was due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// Drawn at random for each run, so that what earlier ones left behind is not counted.
    pub(super) run: u32,
    /// Number of the topic.
    pub(super) topic: u32,
    /// Place in the topic, from 0.
    pub(super) seq: u32,
    /// When it was to be sent, in µs since the run began.
    pub(super) due: u64,
}

impl Stamp {
    /// The event's body: JSON of `size` bytes.
    pub(super) fn body(self, size: usize) -> String {
        let Self { run, topic, seq, due } = self;
        let pad = size.saturating_sub(LEAST_BODY);
        format!(
            r#"{{"stamp":"~{run:08x}.{topic:08x}.{seq:08x}.{due:016x}~","pad":"{:x<pad$}"}}"#,
            ""
        )
    }

    fn parse(text: &[u8; STAMP]) -> Option<Self> {
        let points = [(0, b'~'), (9, b'.'), (18, b'.'), (27, b'.'), (STAMP - 1, b'~')];
        if points.iter().any(|&(at, byte)| text[at] != byte) {
            return None;
        }
        let short = |at: usize| hex(&text[at..at + 8]).and_then(|value| u32::try_from(value).ok());
        Some(Self {
            run: short(1)?,
            topic: short(10)?,
            seq: short(19)?,
            due: hex(&text[28..STAMP - 1])?,
        })
    }
}

fn hex(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

/// Finds stamps in a body that comes in pieces.
#[derive(Debug)]
pub(super) struct Scanner {
    /// Beginning of a stamp that the last piece ended in.
    held: [u8; STAMP],
    length: usize,
}

impl Default for Scanner {
    fn default() -> Self {
        Self { held: [0; STAMP], length: 0 }
    }
}

impl Scanner {
    /// Looks through the next piece.
    pub(super) fn scan(&mut self, mut piece: &[u8], mut found: impl FnMut(Stamp)) {
        while self.length > 0 {
            let (head, rest) = piece.split_at(piece.len().min(STAMP - self.length));
            self.held[self.length..self.length + head.len()].copy_from_slice(head);
            self.length += head.len();
            piece = rest;
            if self.length < STAMP {
                return;
            }
            if let Some(stamp) = Stamp::parse(&self.held) {
                found(stamp);
                self.length = 0;
            } else {
                // A stamp may begin within what looked like one.
                let next = memchr(b'~', &self.held[1..]).map_or(STAMP, |at| at + 1);
                self.held.copy_within(next.., 0);
                self.length = STAMP - next;
            }
        }
        while let Some(at) = memchr(b'~', piece) {
            piece = &piece[at..];
            let Some(text) = piece.first_chunk::<STAMP>() else {
                self.held[..piece.len()].copy_from_slice(piece);
                self.length = piece.len();
                return;
            };
            let stamp = Stamp::parse(text);
            piece = &piece[if stamp.is_some() { STAMP } else { 1 }..];
            stamp.into_iter().for_each(&mut found);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Stamp = Stamp { run: 0xdead_beef, topic: 7, seq: 0, due: 1 };
    const SECOND: Stamp = Stamp { run: 1, topic: u32::MAX, seq: 41, due: u64::MAX };

    fn scan(pieces: &[&[u8]]) -> Vec<Stamp> {
        let (mut scanner, mut found) = (Scanner::default(), Vec::new());
        for piece in pieces {
            scanner.scan(piece, |stamp| found.push(stamp));
        }
        found
    }

    #[test]
    fn a_body_is_json_of_the_size_asked_for() {
        for size in [LEAST_BODY, 110, 5_000] {
            let body = FIRST.body(size);
            assert_eq!(body.len(), size);
            assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok(), "{body}");
        }
    }

    #[test]
    fn each_stamp_is_found_once_however_the_bytes_are_split() {
        let noise = "~ ~~dead.beef~";
        let text = format!("{noise}data: {}\n\n~~~{}{noise}", FIRST.body(110), SECOND.body(0));
        let text = text.as_bytes();
        for one in 0..=text.len() {
            for two in one..=text.len() {
                let pieces = [&text[..one], &text[one..two], &text[two..]];
                assert_eq!(scan(&pieces), [FIRST, SECOND], "split at {one} and {two}");
            }
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(scan(&bytes), [FIRST, SECOND]);
    }
}
