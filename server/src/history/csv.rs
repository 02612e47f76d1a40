//! Figures as rows for spreadsheets, after RFC 4180.

use std::fmt::Write as _;

use jiff::Timestamp;
use tidings_protocol::history::{History, Series};

/// A time as ISO 8601 has it, UTC.
pub(crate) const TIME: &str = "%Y-%m-%dT%H:%M:%S%.3fZ";

/// What a browser is told that it is.
pub(crate) const TYPE: &str = "text/csv; charset=utf-8";

/// An answer as a row for each time: each metric is a column, and behind it stand its least and its greatest where there are such.
/// Times of which nothing is known are left out.
pub(crate) fn sheet(history: &History) -> String {
    let mut text = String::from("time");
    for Series { metric, min, max, .. } in &history.series {
        for (column, suffix) in
            [(Some(()), ""), (min.as_ref().map(drop), " min"), (max.as_ref().map(drop), " max")]
        {
            if column.is_some() {
                text.push(',');
                text.push_str(&cell(&format!("{metric}{suffix}")));
            }
        }
    }
    text.push_str("\r\n");
    for point in 0..history.points() {
        let columns = history.series.iter().flat_map(|series| {
            std::iter::once(&series.values).chain(&series.min).chain(&series.max)
        });
        let row = columns.map(|column| column.get(point).copied().flatten());
        if row.clone().all(|value| value.is_none()) {
            continue;
        }
        text.push_str(&time(history.time(point).unwrap_or_default(), TIME));
        for value in row {
            text.push(',');
            value.iter().for_each(|value| push_number(&mut text, *value));
        }
        text.push_str("\r\n");
    }
    text
}

/// What people find it by among their downloads.
pub(crate) fn file_name(host: &str, from: u64, extension: &str) -> String {
    // As it is in a topic; the colon alone is nothing for a file.
    let host = host.replace(':', "-");
    format!("metrics-{host}-{}.{extension}", time(from, "%Y%m%dT%H%M%SZ"))
}

/// A time of the wire as text.
pub(crate) fn time(at: u64, format: &str) -> String {
    let at = i64::try_from(at).ok().and_then(|at| Timestamp::from_millisecond(at).ok());
    at.unwrap_or_default().strftime(format).to_string()
}

/// A name as a cell. It begins with the word of its family and never with what a spreadsheet would compute.
pub(crate) fn cell(name: &str) -> String {
    if name.contains([',', '"', '\r', '\n']) {
        return format!("\"{}\"", name.replace('"', "\"\""));
    }
    name.to_owned()
}

/// A number in as many digits as are kept of it.
pub(crate) fn push_number(line: &mut String, value: f64) {
    let narrow = value as f32;
    // Writing to a string does not fail.
    let _ = if f64::from(narrow) == value && value.fract() != 0.0 {
        write!(line, "{narrow}")
    } else {
        write!(line, "{value}")
    };
}
