//! The past of metrics on the wire.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "a test fails by panicking")]

use insta::assert_json_snapshot;
use tidings_protocol::history::{History, InvalidRange, Range, Series, kept};
use tidings_protocol::metric::Unit;

const AT: u64 = 1_760_000_000_000;

fn same(history: History) -> History {
    let json = serde_json::to_string(&history).expect("JSON");
    let back: History = serde_json::from_str(&json).expect("reads what it wrote");
    assert_eq!(serde_json::to_string(&back).expect("JSON"), json);
    history
}

#[test]
fn samples_of_an_hour() {
    let history = same(History {
        host: "workshop".to_owned(),
        from: AT,
        to: AT + 4_000,
        step_ms: 1_000,
        newest: Some(AT + 3_007),
        times: Some(vec![3, 1_003, 2_003, 3_007]),
        series: vec![Series {
            metric: "cpu.total".to_owned(),
            unit: Unit::Percent,
            values: vec![Some(12.3), Some(100.0), None, Some(f64::from(0.1_f32))],
            min: None,
            max: None,
        }],
    });
    assert_eq!((history.points(), history.time(3), history.time(4)), (4, Some(AT + 3_007), None));
    assert_json_snapshot!(history);
}

#[test]
fn minutes_of_a_day() {
    let history = same(History {
        host: "workshop".to_owned(),
        from: AT,
        to: AT + 150_000,
        step_ms: 60_000,
        newest: None,
        times: None,
        series: vec![Series {
            metric: "disk.sda1.total".to_owned(),
            unit: Unit::Bytes,
            values: vec![None, Some(1_000_204_886_016.0), Some(1.5)],
            min: Some(vec![None, Some(1_000_204_886_016.0), Some(-0.0)]),
            max: Some(vec![None, Some(1_000_204_886_016.0), Some(3.0)]),
        }],
    });
    assert_eq!((history.points(), history.time(2), history.time(3)), (3, Some(AT + 120_000), None));
    assert_json_snapshot!(history);
}

#[test]
fn a_range_is_digits_and_a_unit_and_eight_days_at_most() {
    for (text, seconds) in
        [("1s", 1), ("90s", 90), ("5m", 300), ("1h", 3_600), ("007d", 604_800), ("8d", 691_200)]
    {
        assert_eq!(text.parse::<Range>().map(Range::seconds), Ok(seconds), "{text}");
    }
    for text in ["", "h", "1", "1w", "1H", "-1h", "+1h", "1.5h", "1 h", " 1h", "1h ", "１h", "1ｈ"]
    {
        assert_eq!(text.parse::<Range>(), Err(InvalidRange::Form), "{text}");
    }
    for text in
        ["0s", "0d", "9d", "691201s", "193h", "99999999999999999999s", "18446744073709551615d"]
    {
        assert_eq!(text.parse::<Range>(), Err(InvalidRange::Bounds), "{text}");
    }
}

#[test]
fn whole_numbers_are_kept_and_fractions_to_seven_digits() {
    assert_eq!(kept(1_000_204_886_016.0), 1_000_204_886_016.0);
    assert_eq!(kept(1.0 / 3.0), f64::from(1.0_f32 / 3.0));
    assert_eq!(kept(1e300), 1e300);
    assert!(kept(-0.0).is_sign_positive());
}

#[test]
fn figures_are_rounded_to_as_many_digits_as_are_asked_for() {
    let mut history = History {
        host: String::new(),
        from: AT,
        to: AT,
        step_ms: 1,
        newest: None,
        times: None,
        series: vec![Series {
            metric: "x".to_owned(),
            unit: Unit::Count,
            values: [12.345_67, 0.0, -0.001_234_56, 1_000_204_886_016.0, 99.996, 5.0]
                .map(Some)
                .to_vec(),
            min: Some(vec![None, Some(f64::MAX)]),
            max: None,
        }],
    };
    history.round(4);
    let json = serde_json::to_string(&history.series[0]).expect("JSON");
    assert!(json.contains("\"values\":[12.35,0,-0.001235,1000000000000,100,5]"), "{json}");
    assert!(json.contains("\"min\":[null,1.79"), "{json}");
}
