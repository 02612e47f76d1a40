//! Numbers and times as people write them. Numbers are written by integers and read by serde_json, which the page has anyway:
//! a formatter of floats would be a tenth of its weight.

use crate::text::marks;
use tidings_protocol::metric::Unit;

/// In what a number is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scale {
    /// Behind the number.
    pub symbol: &'static str,
    /// How much of the unit it is.
    pub factor: f64,
}

const fn scale(symbol: &'static str, factor: f64) -> Scale {
    Scale { symbol, factor }
}

const KIB: f64 = 1_024.0;

const SIZES: &[Scale] = &[
    scale("GiB", KIB * KIB * KIB),
    scale("GB", 1e9),
    scale("TiB", KIB * KIB * KIB * KIB),
    scale("TB", 1e12),
    scale("MiB", KIB * KIB),
    scale("MB", 1e6),
    scale("KiB", KIB),
    scale("kB", 1e3),
    scale("B", 1.0),
];

const RATES: &[Scale] = &[
    scale("MiB/s", KIB * KIB),
    scale("MB/s", 1e6),
    scale("GiB/s", KIB * KIB * KIB),
    scale("GB/s", 1e9),
    scale("KiB/s", KIB),
    scale("kB/s", 1e3),
    scale("B/s", 1.0),
];

const TIMES: &[Scale] =
    &[scale("min", 60.0), scale("h", 3_600.0), scale("d", 86_400.0), scale("s", 1.0)];

/// In what figures of a unit can be written, the likeliest first; never empty.
#[must_use]
pub fn scales(unit: Unit) -> &'static [Scale] {
    match unit {
        Unit::Percent => const { &[scale("%", 1.0)] },
        Unit::Bytes => SIZES,
        Unit::BytesPerSecond => RATES,
        Unit::Celsius => const { &[scale("°C", 1.0)] },
        Unit::Seconds => TIMES,
        Unit::Count | Unit::Unknown => const { &[scale("", 1.0)] },
    }
}

/// The scale in which the first of these is the shortest, and all can be written: 1e9 bytes are 1 GB, 2³⁰ are 1 GiB.
#[must_use]
pub fn best(values: &[f64], unit: Unit) -> usize {
    let scales = scales(unit);
    let mut best = (scales.len() - 1, usize::MAX);
    for (at, scale) in scales.iter().enumerate() {
        // What has more digits than are written is no way to write it.
        let is_exact = values.iter().all(|value| {
            let scaled = value / scale.factor;
            (scaled - (scaled * MILLION).round() / MILLION).abs() <= scaled.abs() * 1e-12
        });
        let length = values.first().map_or(0, |value| number(value / scale.factor).len());
        if is_exact && length < best.1 {
            best = (at, length);
        }
    }
    best.0
}

const MILLION: f64 = 1e6;

/// Larger numbers are not read: they could not be written any more.
const LARGEST: f64 = 1e18;

/// `90`, `0.5`: a number of six decimals at most, as it is written in a field and in JSON.
#[must_use]
pub fn number(value: f64) -> String {
    if value.abs() >= 1e12 {
        return (value as i64).to_string();
    }
    let millionths = (value * MILLION).round() as i64;
    let sign = if millionths < 0 { "-" } else { "" };
    let millionths = millionths.unsigned_abs();
    let text = format!("{sign}{}.{:06}", millionths / 1_000_000, millionths % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// `90 %`, `1 GB`: a threshold as somebody wrote it. A line never ends between number and unit; nor with [`span`].
#[must_use]
pub fn exact(value: f64, unit: Unit) -> String {
    let scale = scales(unit)[best(&[value], unit)];
    let text = marks().point(number(value / scale.factor));
    if scale.symbol.is_empty() { text } else { format!("{text}\u{a0}{}", scale.symbol) }
}

/// The number somebody wrote, with a comma or a point; none if it is none, or may be thousands or thousandths: `1.500` in German.
#[must_use]
pub fn read_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let behind_group = text.rsplit_once(marks().group).map(|(_, behind)| behind);
    if behind_group.is_some_and(|behind| behind.len() == 3 && behind.parse::<u16>().is_ok()) {
        return None;
    }
    let text = text.replace(',', ".").replace('−', "-");
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1.0, digits),
        None => (1.0, text.strip_prefix('+').unwrap_or(&text)),
    };
    // JSON wants a digit before the point and none behind it, and no zeros in front.
    let bare = digits.trim_start_matches('0').trim_end_matches('.');
    let needs_zero = !bare.starts_with(|c: char| c.is_ascii_digit());
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || digits == "." {
        return None;
    }
    let json = format!("{}{bare}", if needs_zero { "0" } else { "" });
    serde_json::from_str::<f64>(&json)
        .ok()
        .filter(|value| *value < LARGEST)
        .map(|value| sign * value)
}

/// The seconds in `90s`, `5m`, `2 h`, `1d` or a plain `90`; nothing is none at all.
#[must_use]
pub fn read_time(text: &str) -> Option<u64> {
    let text = text.trim().to_ascii_lowercase();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (count, unit) = text.split_at(digits);
    let count: u64 = if text.is_empty() { 0 } else { count.parse().ok()? };
    let seconds = match unit.trim() {
        "" | "s" | "sec" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    count.checked_mul(seconds)
}

/// Seconds as [`read_time`] reads them, in the largest unit that is exact.
#[must_use]
pub fn time(seconds: u64) -> String {
    for (unit, symbol) in [(86_400, "d"), (3_600, "h"), (60, "m")] {
        if seconds > 0 && seconds.is_multiple_of(unit) {
            return format!("{}{symbol}", seconds / unit);
        }
    }
    format!("{seconds}s")
}

/// `45 s`, `5 min`, `1 h 30 min`, `2 d`: for people.
#[must_use]
pub fn span(seconds: u64) -> String {
    let parts = [
        (seconds / 86_400, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "min"),
        (seconds % 60, "s"),
    ];
    let words: Vec<_> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .take(2)
        .map(|(count, unit)| format!("{count}\u{a0}{unit}"))
        .collect();
    if words.is_empty() { "0\u{a0}s".to_owned() } else { words.join("\u{a0}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Language, Marks, choose};

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for (text, value) in [
            ("90", 90.0),
            (" 0.5 ", 0.5),
            (".5", 0.5),
            ("5.", 5.0),
            ("85,5", 85.5),
            ("-3", -3.0),
            ("−3", -3.0),
            ("+3", 3.0),
            ("007", 7.0),
            ("0", 0.0),
            ("0.0", 0.0),
            ("1e9", 1e9),
        ] {
            assert_eq!(read_number(text), Some(value), "{text}");
        }
        for text in ["", ".", "-", "ninety", "9 0", "1.2.3", "1e999", "1e18", "--1", "e5", "true"] {
            assert_eq!(read_number(text), None, "{text}");
        }
    }

    #[test]
    fn what_may_be_thousands_or_thousandths_is_asked_for_again() {
        for (marks, unclear, clear) in [
            (Marks::ENGLISH, "1,500", "1.500"),
            (Marks { decimal: ',', group: '.' }, "1.500", "1,500"),
        ] {
            choose(Language::English, "", marks);
            assert_eq!(read_number(unclear), None, "{unclear}");
            assert_eq!(read_number(clear), Some(1.5), "{clear}");
            assert_eq!(read_number("85,25"), Some(85.25));
            assert_eq!(read_number("85.25"), Some(85.25));
        }
        choose(Language::English, "", Marks::ENGLISH);
    }

    #[test]
    fn thresholds_are_written_in_the_unit_that_keeps_them_short() {
        for (value, unit, text) in [
            (90.0, Unit::Percent, "90\u{a0}%"),
            (85.5, Unit::Percent, "85.5\u{a0}%"),
            (1e9, Unit::Bytes, "1\u{a0}GB"),
            (1_073_741_824.0, Unit::Bytes, "1\u{a0}GiB"),
            (5e6, Unit::BytesPerSecond, "5\u{a0}MB/s"),
            (86_400.0, Unit::Seconds, "1\u{a0}d"),
            (4.0, Unit::Count, "4"),
            (0.0, Unit::Bytes, "0\u{a0}GiB"),
            (-3.5, Unit::Celsius, "-3.5\u{a0}°C"),
        ] {
            assert_eq!(exact(value, unit), text);
            let scale = scales(unit)[best(&[value], unit)];
            let back = read_number(&number(value / scale.factor)).unwrap() * scale.factor;
            assert!((back - value).abs() <= value.abs() * 1e-12, "{back} {value}");
        }
    }

    #[test]
    fn times_are_read_as_the_configuration_has_them() {
        for (text, seconds) in
            [("", 0), ("90s", 90), ("5m", 300), ("2 h", 7_200), ("1D", 86_400), ("90", 90)]
        {
            assert_eq!(read_time(text), Some(seconds), "{text}");
        }
        for text in ["m", "5x", "-1s", "1h30m", "1.5h", "99999999999999999999d"] {
            assert_eq!(read_time(text), None, "{text}");
        }
        for seconds in [0, 45, 90, 300, 7_200, 86_400] {
            assert_eq!(read_time(&time(seconds)), Some(seconds));
        }
    }

    #[test]
    fn times_are_told_in_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0\u{a0}s"),
            (45, "45\u{a0}s"),
            (90, "1\u{a0}min\u{a0}30\u{a0}s"),
            (300, "5\u{a0}min"),
            (5_400, "1\u{a0}h\u{a0}30\u{a0}min"),
        ] {
            assert_eq!(span(seconds), text);
        }
    }
}
