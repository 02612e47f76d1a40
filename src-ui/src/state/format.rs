//! Numbers as people read them. Rounding happens on integers, so that no float formatter is needed; the marks between digits are
//! those of the language, which the browser was asked for once.

use std::fmt;
use std::time::Duration;

pub use tidings_protocol::metric::total;

use crate::text::{fill, marks, text};

/// A number and its unit, kept apart because they are set in different sizes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quantity {
    /// The number.
    pub value: String,
    /// Its unit.
    pub unit: &'static str,
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.value, self.unit)
    }
}

const SIZES: [&str; 7] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
const RATES: [&str; 7] = ["B/s", "KiB/s", "MiB/s", "GiB/s", "TiB/s", "PiB/s", "EiB/s"];

/// `7.4 GiB`.
#[must_use]
pub fn bytes(count: u64) -> Quantity {
    scaled(count as f64, &SIZES)
}

/// `1.2 MiB/s`.
#[must_use]
pub fn rate(bytes_per_second: f64) -> Quantity {
    scaled(bytes_per_second, &RATES)
}

/// `34.2 %`.
#[must_use]
pub fn percent(share: f32) -> Quantity {
    Quantity { value: one_decimal(f64::from(share)), unit: "%" }
}

/// What part of `whole` is `part`, in percent; 0 of nothing.
#[must_use]
pub fn share(part: u64, whole: u64) -> f32 {
    if whole == 0 { 0.0 } else { (part as f64 / whole as f64 * 100.0) as f32 }
}

/// One decimal, `0.0` for what is no number.
#[must_use]
pub fn one_decimal(value: f64) -> String {
    let tenths = (value * 10.0).round() as i64;
    let sign = if tenths < 0 { "-" } else { "" };
    marks().point(format!("{sign}{}.{}", tenths.abs() / 10, tenths.abs() % 10))
}

/// Two decimals, for load averages.
#[must_use]
pub fn two_decimals(value: f64) -> String {
    let hundredths = (value.max(0.0) * 100.0).round() as u64;
    marks().point(format!("{}.{:02}", hundredths / 100, hundredths % 100))
}

/// `3 d 4 h`, `4 h 12 min`, `12 min`: the two largest units.
#[must_use]
pub fn uptime(seconds: u64) -> String {
    let times = &text().times;
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours) {
        (0, 0) => fill(times.minutes, &[&minutes.to_string()]),
        (0, _) => fill(times.hours, &[&hours.to_string(), &minutes.to_string()]),
        _ => fill(times.days, &[&days.to_string(), &hours.to_string()]),
    }
}

/// `just now`, `4 s ago`, `3 min ago`, `2 h ago`.
#[must_use]
pub fn age(age: Duration) -> String {
    let times = &text().times;
    let (words, count) = match age.as_secs() {
        s @ 0..60 => (times.seconds_ago, s),
        s @ 60..3_600 => (times.minutes_ago, s / 60),
        s => (times.hours_ago, s / 3_600),
    };
    past(words, count)
}

/// `just now`, `3 min ago`, `2 h ago`, `5 d ago`: for lists, where seconds would be noise.
#[must_use]
pub fn ago(age: Duration) -> String {
    let times = &text().times;
    let (words, count) = match age.as_secs() {
        0..60 => ("", 0),
        s @ 60..3_600 => (times.minutes_ago, s / 60),
        s @ 3_600..86_400 => (times.hours_ago, s / 3_600),
        s => (times.days_ago, s / 86_400),
    };
    past(words, count)
}

fn past(words: &'static str, count: u64) -> String {
    if count == 0 { text().times.now.to_owned() } else { fill(words, &[&count.to_string()]) }
}

/// `3`, `99+`: a count where there is little room.
#[must_use]
pub fn capped(count: u64, most: u64) -> String {
    if count > most { format!("{most}+") } else { count.to_string() }
}

/// As it stands at the corner of an icon; empty of none.
#[must_use]
pub fn at_corner(count: u64) -> String {
    if count == 0 { String::new() } else { capped(count, 99) }
}

/// `1,234`.
#[must_use]
pub fn grouped(count: u64) -> String {
    let (digits, group) = (count.to_string(), marks().group);
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(group);
        }
        out.push(digit);
    }
    out
}

fn scaled(mut value: f64, units: &[&'static str; 7]) -> Quantity {
    let mut unit = 0;
    // What would be shown as 1024 belongs to the next unit.
    while value >= 1023.5 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    let value = if unit == 0 || value >= 99.95 {
        (value.round() as i64).to_string()
    } else {
        one_decimal(value)
    };
    Quantity { value, unit: units[unit] }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::{Language, Marks, choose};

    #[test]
    fn sizes_take_the_unit_that_keeps_them_short() {
        let cases = [
            (0, "0 B"),
            (1023, "1023 B"),
            (1024, "1.0 KiB"),
            (1536, "1.5 KiB"),
            (1024 * 1024 - 1, "1.0 MiB"),
            (150 * 1024 * 1024, "150 MiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes(count).to_string(), text);
        }
        assert_eq!(rate(2_621_440.0).to_string(), "2.5 MiB/s");
    }

    #[test]
    fn marks_and_words_are_those_of_the_language() {
        choose(Language::German, "de", Marks { decimal: ',', group: '.' });
        assert_eq!(bytes(1536).to_string(), "1,5 KiB");
        assert_eq!(percent(34.25).to_string(), "34,3 %");
        assert_eq!(two_decimals(0.5), "0,50");
        assert_eq!(grouped(1_234_567), "1.234.567");
        assert_eq!(age(Duration::from_secs(5)), "vor 5 s");
        assert_eq!(ago(Duration::from_secs(5)), "gerade eben");
        choose(Language::English, "en", Marks::ENGLISH);
        assert_eq!(age(Duration::from_secs(5)), "5 s ago");
    }

    #[test]
    fn what_is_no_number_reads_as_zero() {
        assert_eq!(one_decimal(f64::NAN), "0.0");
        assert_eq!(rate(f64::NAN).to_string(), "0 B/s");
        assert_eq!(share(5, 0), 0.0);
    }

    #[test]
    fn decimals_round_half_away_from_zero() {
        assert_eq!(one_decimal(34.25), "34.3");
        assert_eq!(one_decimal(-0.04), "0.0");
        assert_eq!(one_decimal(-1.26), "-1.3");
        assert_eq!(two_decimals(0.055), "0.06");
    }

    #[test]
    fn times_keep_to_their_largest_units() {
        assert_eq!(uptime(59), "0 min");
        assert_eq!(uptime(3_600 * 4 + 60 * 12), "4 h 12 min");
        assert_eq!(uptime(86_400 * 3 + 3_600 * 4), "3 d 4 h");
        assert_eq!(age(Duration::from_millis(999)), "just now");
        assert_eq!(age(Duration::from_secs(59)), "59 s ago");
        assert_eq!(age(Duration::from_secs(61)), "1 min ago");
        assert_eq!(age(Duration::from_secs(7_300)), "2 h ago");
    }

    #[test]
    fn ages_in_a_list_begin_with_minutes() {
        let cases = [(59, "just now"), (60, "1 min ago"), (7_199, "1 h ago"), (172_800, "2 d ago")];
        for (seconds, text) in cases {
            assert_eq!(ago(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn a_count_that_has_no_room_ends_with_a_plus() {
        assert_eq!((&*capped(99, 99), &*capped(100, 99)), ("99", "99+"));
        assert_eq!((&*at_corner(0), &*at_corner(3)), ("", "3"));
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
