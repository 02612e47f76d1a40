//! Names of metrics: segments joined by dots.
//!
//! What a disk, an interface or a sensor is called becomes one segment. A dot within it would end the segment, and a
//! star would stand for any, so these two, the percent sign and control characters are written as in a URL: `%2E`,
//! `%2A`, `%25`. Everything else stays as it is, slashes and blanks too: `disk.tank/data.read`,
//! `temperature.coretemp Package id 0`. A name that is empty becomes a lone `%`.

use std::fmt::Write as _;

use super::FAMILIES;

/// The only segment that stands for no character at all.
const EMPTY: &str = "%";

/// A name as a segment.
#[must_use]
pub fn escape(name: &str) -> String {
    if name.is_empty() {
        return EMPTY.to_owned();
    }
    let mut segment = String::with_capacity(name.len());
    for c in name.chars() {
        if must_be_escaped(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                // Writing to a string does not fail.
                let _ = write!(segment, "%{byte:02X}");
            }
        } else {
            segment.push(c);
        }
    }
    segment
}

/// The name of which [`escape`] makes this segment; null if there is none.
#[must_use]
pub fn unescape(segment: &str) -> Option<String> {
    if segment == EMPTY {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => hex(rest.next()?)? << 4 | hex(rest.next()?)?,
            byte => byte,
        });
    }
    let name = String::from_utf8(bytes).ok()?;
    // One name has one segment: nothing is written as an escape that need not be.
    (!name.is_empty() && escape(&name) == segment).then_some(name)
}

/// What people call the figure of this name; the name itself where it is of no family.
#[must_use]
pub fn label(metric: &str) -> String {
    let segments: Vec<_> = metric.split('.').collect();
    for family in FAMILIES {
        let mut which = None;
        let matches = family.pattern.split('.').count() == segments.len()
            && family.pattern.split('.').zip(&segments).all(|(own, &segment)| {
                if own == "*" {
                    which = Some(segment);
                }
                own == "*" || own == segment
            });
        if matches {
            let which = match which {
                Some("*") | None => "any".to_owned(),
                Some(segment) => unescape(segment).unwrap_or_else(|| segment.to_owned()),
            };
            return family.label.replace("{}", &which);
        }
    }
    metric.to_owned()
}

fn must_be_escaped(c: char) -> bool {
    matches!(c, '.' | '*' | '%') || c.is_control()
}

/// Capital letters only, as [`escape`] writes them.
fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
