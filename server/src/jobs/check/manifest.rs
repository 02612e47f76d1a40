//! The lines of a manifest, as `sha256sum` writes and reads them.

use std::io::{self, BufRead, BufReader, Read};

/// Longest line that is read, in bytes.
const MAX_LINE_BYTES: u64 = 1 << 20;

/// SHA-256 of a file.
pub(super) type Digest = [u8; 32];

/// What a line says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// What is in it.
    pub(super) digest: Digest,
    /// What it is called, from the folder of the manifest.
    pub(super) name: Vec<u8>,
}

/// A line that nobody can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// The line for a file, with its end.
pub(super) fn format(digest: &Digest, name: &[u8]) -> Vec<u8> {
    let mut line = Vec::with_capacity(2 * digest.len() + name.len() + 3);
    if name.iter().any(|byte| matches!(byte, b'\\' | b'\n' | b'\r')) {
        line.push(b'\\');
    }
    for byte in digest {
        line.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
    }
    line.extend(b"  ");
    if name == b"-" {
        // Alone it is standard input.
        line.extend(b"./");
    }
    for byte in name {
        match byte {
            b'\\' => line.extend(b"\\\\"),
            b'\n' => line.extend(b"\\n"),
            b'\r' => line.extend(b"\\r"),
            byte => line.push(*byte),
        }
    }
    line.push(b'\n');
    line
}

/// What a line says, with or without its end: `digest  name`, `digest *name` or `SHA256 (name) = digest`. None if it is
/// empty or a comment.
pub(super) fn parse(line: &[u8]) -> Result<Option<Line>, Malformed> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    // A name that ends so is escaped.
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if line.starts_with(b"#") || line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let line = trim_start(line);
    let (escaped, line) = match line.strip_prefix(b"\\") {
        Some(line) => (true, line),
        None => (false, line),
    };
    let (digest, name) = tagged(line).or_else(|| plain(line)).ok_or(Malformed)?;
    let name = if escaped { unescape(name).ok_or(Malformed)? } else { name.to_vec() };
    if name.is_empty() {
        return Err(Malformed);
    }
    Ok(Some(Line { digest, name }))
}

fn plain(line: &[u8]) -> Option<(Digest, &[u8])> {
    let (digest, rest) = line.split_at_checked(64)?;
    match rest {
        [b' ' | b'\t', b' ' | b'*', name @ ..] => Some((from_hex(digest)?, name)),
        _ => None,
    }
}

fn tagged(line: &[u8]) -> Option<(Digest, &[u8])> {
    let rest = line.strip_prefix(b"SHA256")?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"(")?;
    // A name may have this too; a digest has not.
    let end = rest.iter().rposition(|byte| *byte == b')')?;
    let digest = trim_start(&rest[end + 1..]).strip_prefix(b"=")?;
    Some((from_hex(trim_start(digest))?, &rest[..end]))
}

fn trim_start(text: &[u8]) -> &[u8] {
    let start = text.iter().position(|byte| !matches!(byte, b' ' | b'\t'));
    &text[start.unwrap_or(text.len())..]
}

fn from_hex(text: &[u8]) -> Option<Digest> {
    let (pairs, []) = text.as_chunks::<2>() else { return None };
    let mut digest = Digest::default();
    if pairs.len() != digest.len() {
        return None;
    }
    let value = |byte: u8| (byte as char).to_digit(16).and_then(|value| u8::try_from(value).ok());
    for (byte, [high, low]) in digest.iter_mut().zip(pairs) {
        *byte = value(*high)? << 4 | value(*low)?;
    }
    Some(digest)
}

fn unescape(name: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::with_capacity(name.len());
    let mut bytes = name.iter();
    while let Some(byte) = bytes.next() {
        plain.push(match byte {
            b'\\' => match bytes.next()? {
                b'\\' => b'\\',
                b'n' => b'\n',
                b'r' => b'\r',
                _ => return None,
            },
            byte => *byte,
        });
    }
    Some(plain)
}

/// The lines of a manifest. They take little memory, whatever is in it.
pub(super) struct Lines<R> {
    reader: BufReader<R>,
    line: Vec<u8>,
    /// Whether what comes next goes on with a line that was too long.
    within: bool,
}

impl<R: Read> Lines<R> {
    /// Of what is read from here on.
    pub(super) fn new(reader: R) -> Self {
        Self { reader: BufReader::with_capacity(64 << 10, reader), line: Vec::new(), within: false }
    }

    /// The next line; none at the end. One that is too long is malformed, once for each piece of it.
    pub(super) fn next(&mut self) -> io::Result<Option<Result<Option<Line>, Malformed>>> {
        self.line.clear();
        let read =
            self.reader.by_ref().take(MAX_LINE_BYTES).read_until(b'\n', &mut self.line)? as u64;
        if read == 0 {
            return Ok(None);
        }
        let goes_on = read == MAX_LINE_BYTES && !self.line.ends_with(b"\n");
        let within = std::mem::replace(&mut self.within, goes_on);
        if within || goes_on {
            return Ok(Some(Err(Malformed)));
        }
        Ok(Some(parse(&self.line)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEX: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    fn name(line: &str) -> Option<String> {
        let line = parse(line.as_bytes()).ok()??;
        assert_eq!(line.digest[..2], [0xba, 0x78]);
        Some(String::from_utf8(line.name).unwrap())
    }

    #[test]
    fn every_form_of_a_line_is_read() {
        for (line, expected) in [
            (format!("{HEX}  a b"), "a b"),
            (format!("{HEX} *a b\n"), "a b"),
            (format!("{}  a\r\n", HEX.to_uppercase()), "a"),
            (format!(" \t{HEX}   a"), " a"),
            (format!(r"\{HEX}  a\\b\nc\r"), "a\\b\nc\r"),
            (format!(r"{HEX}  a\nb"), r"a\nb"),
            (format!("SHA256 (a (1)) = {HEX}"), "a (1)"),
            (format!("SHA256(a)= {HEX}"), "a"),
            (format!(r"\SHA256 (a\n) = {HEX}"), "a\n"),
        ] {
            assert_eq!(name(&line).as_deref(), Some(expected), "{line}");
        }
        for line in ["", "\r\n", "# made by hand", "  "] {
            assert_eq!(parse(line.as_bytes()), Ok(None), "{line}");
        }
    }

    #[test]
    fn what_is_no_line_of_a_manifest_is_malformed() {
        for line in [
            "hello".to_owned(),
            HEX.to_owned(),
            format!("{HEX} a"),
            format!("{HEX}  "),
            format!("{}  a", &HEX[1..]),
            format!("{HEX}00  a"),
            format!("{}g  a", &HEX[1..]),
            format!(r"\{HEX}  a\t"),
            format!(r"\{HEX}  a\"),
            format!("SHA512 (a) = {HEX}"),
            format!("SHA256 (a) = {HEX}00"),
            format!("SHA256 a = {HEX}"),
        ] {
            assert_eq!(parse(line.as_bytes()), Err(Malformed), "{line}");
        }
    }

    #[test]
    fn a_line_without_an_end_is_malformed_and_does_not_hide_the_next() {
        let mut text = vec![b'x'; 2 * (MAX_LINE_BYTES as usize)];
        // It must not count as a line of its own.
        text.extend(format!("{HEX}  no\n{HEX}  yes").as_bytes());
        let mut lines = Lines::new(&*text);
        for _ in 0..3 {
            assert_eq!(lines.next().unwrap(), Some(Err(Malformed)));
        }
        assert_eq!(lines.next().unwrap().unwrap().unwrap().unwrap().name, b"yes");
        assert_eq!(lines.next().unwrap(), None);
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(
            digest: Digest,
            name in prop::collection::vec(prop_oneof![Just(b'\\'), Just(b'\n'), Just(b'\r'), Just(b' '), 1..=255_u8], 1..40),
        ) {
            let line = format(&digest, &name);
            prop_assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
            let expected = if name == b"-" { b"./-".to_vec() } else { name };
            prop_assert_eq!(parse(&line), Ok(Some(Line { digest, name: expected })));
        }

        #[test]
        fn whatever_is_there_is_read_or_malformed(line: Vec<u8>) {
            let _ = parse(&line);
        }
    }
}
