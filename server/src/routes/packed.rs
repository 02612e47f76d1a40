//! Answers that are packed for whoever takes that.

use std::io::{self, Write as _};

use axum::http::{HeaderMap, HeaderName, header};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::assets::accepts;

/// An answer is worth the work of packing it from here on, in bytes.
const LEAST: usize = 1_400;

/// Whether who asks understands gzip.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    listed(headers, header::ACCEPT_ENCODING).is_some_and(|own| accepts(own, "gzip"))
}

/// An answer, and whether it is packed. It takes few milliseconds: not on a thread that has connections to serve.
pub(super) fn packed(text: Vec<u8>, packs: bool) -> io::Result<(Vec<u8>, bool)> {
    if !packs || text.len() < LEAST {
        return Ok((text, false));
    }
    let mut packed = GzEncoder::new(Vec::with_capacity(text.len() / 2), Compression::fast());
    packed.write_all(&text)?;
    Ok((packed.finish()?, true))
}

/// A header that is a list.
pub(super) fn listed(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
