//! Numbers of jobs on the wire: percentages that never say more than is done, and arguments that keep their type.

#![allow(clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

use proptest::prelude::*;
use serde_json::Value;
use tidings_protocol::job::{ArgValue, InvalidPercent, JobPatch, Percent, ReportedLine};

#[test]
fn an_argument_keeps_the_type_it_was_sent_with() {
    for (json, value) in [
        ("true", ArgValue::Bool(true)),
        ("\"true\"", ArgValue::Text("true".to_owned())),
        ("7", ArgValue::Integer(7)),
        ("\"7\"", ArgValue::Text("7".to_owned())),
        ("-9223372036854775808", ArgValue::Integer(i64::MIN)),
        // Beyond what a whole number may be.
        ("18446744073709551615", ArgValue::Number(18_446_744_073_709_552_000.0)),
        ("7.5", ArgValue::Number(7.5)),
        ("7.0", ArgValue::Number(7.0)),
        ("[]", ArgValue::List(Vec::new())),
        ("[\"\"]", ArgValue::List(vec![String::new()])),
        ("\"\"", ArgValue::Text(String::new())),
    ] {
        assert_eq!(serde_json::from_str::<ArgValue>(json).expect(json), value, "{json}");
        let back = serde_json::to_string(&value).expect("JSON");
        assert_eq!(serde_json::from_str::<ArgValue>(&back).expect(json), value, "{back}");
    }
}

#[test]
fn a_percentage_has_a_fraction_only_where_there_is_one() {
    for (percent, json, text) in [
        (Percent::ZERO, "0", "0%"),
        (Percent::of_tenths(1), "0.1", "0.1%"),
        (Percent::of_tenths(420), "42", "42%"),
        (Percent::of_tenths(999), "99.9", "99.9%"),
        (Percent::FULL, "100", "100%"),
        (Percent::of_tenths(u16::MAX), "100", "100%"),
    ] {
        assert_eq!(serde_json::to_string(&percent).expect("JSON"), json);
        assert_eq!(percent.to_string(), text);
    }
}

#[test]
fn what_is_no_percentage_is_refused() {
    for value in [-0.1, 100.1, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300] {
        assert_eq!(Percent::try_from(value), Err(InvalidPercent), "{value}");
    }
    for json in ["-1", "101", "\"50\"", "true", "[]", "1e300", "18446744073709551615"] {
        assert!(serde_json::from_str::<Percent>(json).is_err(), "{json}");
    }
    assert_eq!(Percent::try_from(-0.0), Ok(Percent::ZERO));
}

#[test]
fn only_what_is_done_is_full() {
    assert_eq!(Percent::of(0, 0), None);
    assert_eq!(Percent::of(7, 0), None);
    assert_eq!(Percent::of(u64::MAX - 1, u64::MAX), Some(Percent::of_tenths(999)));
    assert_eq!(Percent::of(u64::MAX, u64::MAX), Some(Percent::FULL));
    assert_eq!(Percent::of(9, 7), Some(Percent::FULL));
    assert_eq!(Percent::try_from(99.999_999_999), Ok(Percent::of_tenths(999)));
    assert_eq!(Percent::try_from(100.0_f64.next_down()), Ok(Percent::of_tenths(999)));
}

proptest! {
    #[test]
    fn a_percentage_survives_the_wire(tenths in 0_u16..=1_000) {
        let percent = Percent::of_tenths(tenths);
        prop_assert_eq!(percent.tenths(), tenths);
        let json = serde_json::to_string(&percent).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Percent>(&json).expect("a percentage"), percent);
        prop_assert_eq!(Percent::try_from(percent.value()), Ok(percent));
    }

    #[test]
    fn a_percentage_is_rounded_down_and_never_over_what_was_said(value in 0.0_f64..=100.0) {
        let percent = Percent::try_from(value).expect("a percentage");
        prop_assert!(percent <= Percent::FULL);
        // A little over is what a tenth is in binary.
        prop_assert!(percent.value() <= value + 1e-6, "{} of {value}", percent.value());
        prop_assert!(percent.value() > value - 0.1 - 1e-6, "{} of {value}", percent.value());
        prop_assert_eq!(percent == Percent::FULL, value >= 100.0);
    }

    #[test]
    fn more_that_is_done_is_never_less(a in any::<u64>(), b in any::<u64>(), total in 1_u64..) {
        let (less, more) = (a.min(b), a.max(b));
        let percent = |done| Percent::of(done, total).expect("of something");
        prop_assert!(percent(less) <= percent(more));
        prop_assert_eq!(percent(more) == Percent::FULL, more >= total);
    }

    #[test]
    fn an_argument_survives_the_wire(value in argument()) {
        let json = serde_json::to_string(&value).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<ArgValue>(&json).expect("an argument"), value);
    }

    #[test]
    fn a_report_survives_the_wire(
        progress in prop::option::of(prop::option::of(0_u16..=1_000)),
        message in prop::option::of(".*"),
        done in any::<Option<u64>>(),
        lines in prop::collection::vec((".*", any::<bool>()), 0..4),
        exit_code in any::<Option<i32>>(),
    ) {
        let progress = progress.map(|progress| progress.map(Percent::of_tenths));
        let line = |(text, lossy)| ReportedLine { text, lossy };
        let lines = lines.into_iter().map(line).collect();
        let patch = JobPatch::<Value> { progress, message, done, lines, exit_code, ..JobPatch::default() };
        let json = serde_json::to_string(&patch).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<JobPatch<Value>>(&json).expect("a patch"), patch);
    }
}

fn argument() -> impl Strategy<Value = ArgValue> {
    prop_oneof![
        any::<bool>().prop_map(ArgValue::Bool),
        any::<i64>().prop_map(ArgValue::Integer),
        // As many digits as serde_json reads back without its slower way.
        any::<i32>().prop_map(|quarters| ArgValue::Number(f64::from(quarters) / 4.0)),
        ".*".prop_map(ArgValue::Text),
        prop::collection::vec(".*", 0..4).prop_map(ArgValue::List),
    ]
}
