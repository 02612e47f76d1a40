//! What is to be published, as it comes in.

use std::io;

use serde_json::value::RawValue;
use tidings_client::Body;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncReadExt};

/// Longest event in bytes: no server can be configured to take a longer one.
const MAX_EVENT_BYTES: u64 = 16 << 20;

/// What cannot be published.
#[derive(Debug, thiserror::Error)]
pub(super) enum InputError {
    #[error("standard input cannot be read")]
    Unreadable(#[from] io::Error),
    #[error("there is nothing to publish: standard input is empty")]
    Empty,
    #[error("it is longer than {} MiB, and no server takes as much", MAX_EVENT_BYTES >> 20)]
    TooLong,
    #[error("it is not UTF-8")]
    NotUtf8,
}

/// All of the input.
pub(super) async fn read_all(input: &mut (impl AsyncRead + Unpin)) -> Result<Vec<u8>, InputError> {
    let mut all = Vec::new();
    input.take(MAX_EVENT_BYTES + 1).read_to_end(&mut all).await?;
    if all.len() as u64 > MAX_EVENT_BYTES { Err(InputError::TooLong) } else { Ok(all) }
}

/// The next line without its end (LF or CR LF); null at the end of the input.
pub(super) async fn read_line(
    input: &mut (impl AsyncBufRead + Unpin),
) -> Result<Option<Vec<u8>>, InputError> {
    let mut line = Vec::new();
    // One line with its end may be two bytes longer.
    if input.take(MAX_EVENT_BYTES + 2).read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    if line.last() == Some(&b'\n') {
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
    }
    if line.len() as u64 > MAX_EVENT_BYTES { Err(InputError::TooLong) } else { Ok(Some(line)) }
}

/// JSON if it is that and text is not asked for, else text.
pub(super) fn body(event: Vec<u8>, text: bool) -> Result<Body, InputError> {
    if !text && serde_json::from_slice::<&RawValue>(&event).is_ok() {
        return Ok(Body::Json(event.into()));
    }
    String::from_utf8(event).map(Body::Text).map_err(|_| InputError::NotUtf8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_end_with_lf_or_cr_lf_and_the_last_needs_no_end() {
        let mut input: &[u8] = b"a\nb\r\n\nc\rd\n\r\r\nlast";
        let mut lines = Vec::new();
        while let Some(line) = read_line(&mut input).await.unwrap() {
            lines.push(String::from_utf8(line).unwrap());
        }
        assert_eq!(lines, ["a", "b", "", "c\rd", "\r", "last"]);
    }

    #[tokio::test]
    async fn an_endless_line_is_given_up() {
        let mut endless = tokio::io::BufReader::new(tokio::io::repeat(b'x'));
        assert!(matches!(read_line(&mut endless).await, Err(InputError::TooLong)));
        assert!(matches!(read_all(&mut endless).await, Err(InputError::TooLong)));
        let longest = vec![b'x'; usize::try_from(MAX_EVENT_BYTES).unwrap()];
        let mut input: &[u8] = &[&longest, b"\r\n".as_slice()].concat();
        assert_eq!(
            read_line(&mut input).await.unwrap().map(|line| line.len()),
            Some(longest.len())
        );
    }

    #[test]
    fn what_is_json_goes_as_json_and_the_rest_as_text() {
        for (event, json) in [
            ("{\"a\": 1}", true),
            ("17", true),
            (" null\n", true),
            ("nil", false),
            ("{\"a\": 1", false),
            ("a\rdata: evil\n\nid: x", false),
            ("\u{feff}{}", false),
        ] {
            let made = body(event.into(), false).unwrap();
            assert_eq!(matches!(made, Body::Json(_)), json, "{event:?}");
            assert!(matches!(body(event.into(), true), Ok(Body::Text(text)) if text == event));
        }
        assert!(matches!(body(vec![0xff], false), Err(InputError::NotUtf8)));
    }
}
