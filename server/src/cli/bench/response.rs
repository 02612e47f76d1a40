//! An HTTP/1.1 response as its bytes come in: the head, then the body without its framing.

/// Longest head, in bytes.
const MAX_HEAD: usize = 16 << 10;

/// A response on its way. It holds no part of the body.
#[derive(Debug, Default)]
pub(super) struct Response {
    part: Part,
    head: Vec<u8>,
    status: Option<u16>,
}

#[derive(Clone, Copy, Debug, Default)]
enum Part {
    #[default]
    Head,
    /// The size of a chunk so far, and whether its digits are over.
    ChunkSize(u64, bool),
    ChunkData(u64),
    /// What follows a chunk's data up to the end of its line.
    ChunkEnd,
    /// Behind the last chunk, with the bytes of the line so far.
    Trailer(u64),
    Sized(u64),
    UntilClose,
    Done,
}

/// What came is no HTTP response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the answer is no HTTP/1.1")]
pub(super) struct Malformed;

impl Response {
    /// Takes bytes off the wire and hands out the body's, in as many pieces as come.
    pub(super) fn feed(
        &mut self,
        mut bytes: &[u8],
        mut body: impl FnMut(&[u8]),
    ) -> Result<(), Malformed> {
        while !bytes.is_empty() {
            match self.part {
                Part::Head => bytes = self.take_head(bytes)?,
                Part::ChunkSize(size, ended) => {
                    let byte = bytes[0];
                    bytes = &bytes[1..];
                    self.part = match (byte as char).to_digit(16) {
                        _ if byte == b'\n' && size == 0 => Part::Trailer(0),
                        _ if byte == b'\n' => Part::ChunkData(size),
                        Some(digit) if !ended && size < 1 << 56 => {
                            Part::ChunkSize(size << 4 | u64::from(digit), false)
                        }
                        _ if ended || matches!(byte, b'\r' | b';' | b' ') => {
                            Part::ChunkSize(size, true)
                        }
                        _ => return Err(Malformed),
                    };
                }
                Part::ChunkData(left) | Part::Sized(left) => {
                    let (data, rest) = bytes.split_at(bytes.len().min(clamp(left)));
                    body(data);
                    bytes = rest;
                    let left = left - data.len() as u64;
                    self.part = match self.part {
                        Part::ChunkData(_) if left == 0 => Part::ChunkEnd,
                        Part::ChunkData(_) => Part::ChunkData(left),
                        _ if left == 0 => Part::Done,
                        _ => Part::Sized(left),
                    };
                }
                Part::ChunkEnd => {
                    if bytes[0] == b'\n' {
                        self.part = Part::ChunkSize(0, false);
                    }
                    bytes = &bytes[1..];
                }
                Part::Trailer(line) => {
                    self.part = match bytes[0] {
                        b'\n' if line == 0 => Part::Done,
                        b'\n' => Part::Trailer(0),
                        b'\r' => Part::Trailer(line),
                        _ => Part::Trailer(line + 1),
                    };
                    bytes = &bytes[1..];
                }
                Part::UntilClose => {
                    body(bytes);
                    return Ok(());
                }
                // Nobody asked for more.
                Part::Done => return Err(Malformed),
            }
        }
        Ok(())
    }

    /// The status, once the head is there.
    pub(super) fn status(&self) -> Option<u16> {
        self.status
    }

    /// Whether all of it is there.
    pub(super) fn is_complete(&self) -> bool {
        matches!(self.part, Part::Done)
    }

    /// Takes what belongs to the head and answers what lies behind it.
    fn take_head<'a>(&mut self, bytes: &'a [u8]) -> Result<&'a [u8], Malformed> {
        let before = self.head.len();
        self.head.extend_from_slice(bytes);
        let from = before.saturating_sub(3);
        let end = self.head[from..].windows(4).position(|window| window == b"\r\n\r\n");
        let Some(end) = end.map(|at| from + at + 4) else {
            return if self.head.len() > MAX_HEAD { Err(Malformed) } else { Ok(&[]) };
        };
        let head = std::mem::take(&mut self.head);
        let text = std::str::from_utf8(&head[..end]).map_err(|_| Malformed)?;
        let status = text.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        let status: u16 = status.and_then(|digits| digits.parse().ok()).ok_or(Malformed)?;
        self.status = Some(status);
        self.part = framing(status, text)?;
        Ok(&bytes[end - before..])
    }
}

fn framing(status: u16, head: &str) -> Result<Part, Malformed> {
    if matches!(status, 204 | 304) {
        return Ok(Part::Done);
    }
    let mut length = None;
    for (name, value) in head.lines().filter_map(|line| line.split_once(':')) {
        let value = value.trim();
        if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
            return Ok(Part::ChunkSize(0, false));
        }
        if name.eq_ignore_ascii_case("content-length") {
            length = Some(value.parse().map_err(|_| Malformed)?);
        }
    }
    Ok(match length {
        Some(0) => Part::Done,
        Some(length) => Part::Sized(length),
        None => Part::UntilClose,
    })
}

fn clamp(left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &str = "HTTP/1.1 200 OK\r\n";

    /// Body and whether it was complete, under every split into two pieces and byte by byte.
    fn read(wire: &str) -> (String, bool) {
        let wire = wire.as_bytes();
        let mut found = Vec::new();
        for at in 0..=wire.len() {
            let (mut response, mut body) = (Response::default(), Vec::new());
            for piece in [&wire[..at], &wire[at..]] {
                response.feed(piece, |data| body.extend_from_slice(data)).unwrap();
            }
            found.push((String::from_utf8(body).unwrap(), response.is_complete()));
        }
        let (mut response, mut body) = (Response::default(), Vec::new());
        for byte in wire.chunks(1) {
            response.feed(byte, |data| body.extend_from_slice(data)).unwrap();
        }
        found.push((String::from_utf8(body).unwrap(), response.is_complete()));
        assert!(found.windows(2).all(|pair| pair[0] == pair[1]), "{found:?}");
        found.remove(0)
    }

    #[test]
    fn a_body_comes_without_its_chunks_however_the_bytes_are_split() {
        let wire = format!(
            "{OK}transfer-encoding: chunked\r\n\r\n5\r\nab~cd\r\n0b;x=1\r\nefghijklmno\r\n"
        );
        assert_eq!(read(&wire), ("ab~cdefghijklmno".to_owned(), false));
        let ended = format!("{wire}0\r\nX: y\r\n\r\n");
        assert_eq!(read(&ended), ("ab~cdefghijklmno".to_owned(), true));
    }

    #[test]
    fn a_body_ends_where_its_length_says_or_never() {
        assert_eq!(read(&format!("{OK}Content-Length: 2\r\n\r\nok")), ("ok".to_owned(), true));
        assert_eq!(read(&format!("{OK}Content-Length: 0\r\n\r\n")), (String::new(), true));
        assert_eq!(read(&format!("{OK}\r\ndata: 1\n\n")), ("data: 1\n\n".to_owned(), false));
        assert_eq!(read("HTTP/1.1 204 No Content\r\n\r\n"), (String::new(), true));
    }

    #[test]
    fn what_is_no_response_is_told() {
        for wire in ["SSH-2.0-x\r\n\r\n", "HTTP/1.1 2\r\n\r\n", "HTTP/1.1 204 x\r\n\r\nmore"] {
            assert_eq!(Response::default().feed(wire.as_bytes(), |_| ()), Err(Malformed), "{wire}");
        }
        let endless = vec![b'a'; MAX_HEAD + 1];
        assert_eq!(Response::default().feed(&endless, |_| ()), Err(Malformed));
    }
}
