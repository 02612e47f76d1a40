//! Rules on the wire, and what is none.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking"
)]

use insta::assert_json_snapshot;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tidings_protocol::alert::{
    Alert, AlertChange, AlertRule, AlertSeries, AlertSource, AlertState, InvalidAlert,
};
use tidings_protocol::metric::{InvalidMetric, Unit};
use tidings_protocol::notification::Level;
use tidings_protocol::quiet::QuietWindow;

/// What is read back must be what was written.
fn same<T: Serialize + DeserializeOwned>(value: T) -> T {
    let json = serde_json::to_string(&value).expect("JSON");
    let back: T = serde_json::from_str(&json).expect("reads what it wrote");
    assert_eq!(serde_json::to_string(&back).expect("JSON"), json);
    value
}

fn rule(json: Value) -> AlertRule {
    serde_json::from_value(json).unwrap()
}

fn least() -> Value {
    json!({ "name": "Busy", "metric": "cpu.total", "above": 90 })
}

/// The least rule with other keys.
fn with(keys: Value) -> AlertRule {
    let mut json = least();
    json.as_object_mut().unwrap().extend(keys.as_object().unwrap().clone());
    rule(json)
}

#[test]
fn a_rule_and_how_it_stands() {
    assert_json_snapshot!("the_least_rule", same(rule(least())));
    let full = with(json!({
        "metric": "disk.*.available", "above": null, "below": 1e9, "forSeconds": 120, "recover": 2e9,
        "recoverForSeconds": 60, "level": "error", "host": "box", "users": ["ada"],
        "quiet": ["22:00-07:00"], "enabled": false,
    }));
    assert_json_snapshot!("a_full_rule", same(full.clone()));
    let series = |state, value, reason: Option<&str>| AlertSeries {
        metric: "disk.sda1.available".to_owned(),
        state,
        since: 1_760_000_000_000,
        value,
        reason: reason.map(str::to_owned),
    };
    use AlertState::{Disabled, Elsewhere, Firing, Missing, Ok, Pending, Unknown, Waiting};
    assert_json_snapshot!(
        "a_rule_with_its_state",
        same(Alert {
            id: "0123456789ab".to_owned(),
            source: AlertSource::Configuration,
            recovers_at: 2e9,
            rule: full,
            unit: Unit::Bytes,
            state: Firing,
            quiet: true,
            series: vec![
                series(Firing, Some(5e8), None),
                series(Missing, None, Some("no sample has it")),
            ],
        })
    );
    assert_json_snapshot!(
        "every_state",
        same(vec![Disabled, Elsewhere, Waiting, Ok, Pending, Missing, Firing, Unknown])
    );
}

#[test]
fn a_rule_says_only_what_there_is_to_say() {
    assert!(serde_json::from_value::<AlertRule>(json!({ "name": "x", "metrik": "y" })).is_err());
    assert!(serde_json::from_value::<AlertChange>(json!({ "abov": 1 })).is_err());
}

#[test]
fn what_is_no_rule_says_why() {
    use InvalidAlert as E;
    rule(least()).check().unwrap();
    with(json!({ "recover": 90, "host": "*", "forSeconds": 86_400 })).check().unwrap();
    with(json!({ "above": null, "below": 10, "recover": 10 })).check().unwrap();
    with(json!({ "above": -5 })).check().unwrap();
    for (keys, why) in [
        (json!({ "name": " " }), E::Name),
        (json!({ "name": "x".repeat(101) }), E::Name),
        (json!({ "name": "a\nb" }), E::Name),
        (json!({ "metric": "cpu.totl" }), E::Metric(InvalidMetric::Unknown)),
        (json!({ "metric": "memory.*" }), E::Metric(InvalidMetric::Mixed)),
        (json!({ "below": 5 }), E::Threshold),
        (json!({ "above": null }), E::Threshold),
        (json!({ "recover": 90.1 }), E::Recover),
        (json!({ "above": null, "below": 10, "recover": 9 }), E::Recover),
        (json!({ "forSeconds": 86_401 }), E::Hold),
        (json!({ "recoverForSeconds": 86_401 }), E::Hold),
        (json!({ "host": "" }), E::Host),
        (json!({ "users": [] }), E::Users),
        (json!({ "users": ["ada", ""] }), E::Users),
        (json!({ "quiet": vec!["00:00-01:00"; 11] }), E::Windows),
    ] {
        assert_eq!(with(keys.clone()).check(), Err(why), "{keys}");
    }
    let told = with(json!({ "quiet": ["22-7"] })).check().unwrap_err().to_string();
    assert!(told.contains("22-7") && told.contains("22:00-07:00"), "{told}");
    for threshold in [f64::NAN, f64::INFINITY] {
        let rule = AlertRule { above: Some(threshold), ..rule(least()) };
        assert_eq!(rule.check(), Err(E::NotFinite));
    }
}

#[test]
fn a_figure_is_back_five_percent_behind_the_threshold() {
    for (keys, back) in [
        (json!({}), 85.5),
        (json!({ "recover": 50 }), 50.0),
        (json!({ "above": -20 }), -21.0),
        (json!({ "above": 0 }), 0.0),
        (json!({ "above": null, "below": 20 }), 21.0),
    ] {
        assert_eq!(with(keys.clone()).recovers_at(), Some(back), "{keys}");
    }
    assert_eq!(with(json!({ "forSeconds": 700 })).recovers_after(), 700);
    assert_eq!(with(json!({ "forSeconds": 7 })).recovers_after(), 60, "a minute at least");
    assert_eq!(with(json!({ "forSeconds": 7, "recoverForSeconds": 0 })).recovers_after(), 0);
}

#[test]
fn a_change_leaves_what_it_does_not_name() {
    let old = with(json!({ "recover": 50, "users": ["ada"], "quiet": [] }));
    let change = |json: Value| serde_json::from_value::<AlertChange>(json).unwrap();
    assert_eq!(change(json!({})).of(old.clone()), old);

    let other = change(json!({ "below": 5, "recover": null, "users": null })).of(old.clone());
    let expected = AlertRule { above: None, below: Some(5.0), recover: None, users: None, ..old };
    assert_eq!(other, expected);
    let both = change(json!({ "above": 1, "below": 5 })).of(other);
    assert_eq!(both.check(), Err(InvalidAlert::Threshold));

    let written =
        AlertChange { level: Some(Level::Error), quiet: Some(None), ..Default::default() };
    assert_eq!(
        serde_json::to_value(same(written)).unwrap(),
        json!({ "level": "error", "quiet": null })
    );
}

#[test]
fn quiet_hours_go_over_midnight_and_end_before_their_last_minute() {
    let at = |hours: u16, minutes: u16| hours * 60 + minutes;
    for (text, within, without) in [
        ("22:00-07:00", [at(22, 0), at(0, 0), at(6, 59)], [at(21, 59), at(7, 0), at(12, 0)]),
        ("12:30-13:00", [at(12, 30), at(12, 31), at(12, 59)], [at(12, 29), at(13, 0), at(0, 30)]),
        ("20:00-24:00", [at(20, 0), at(22, 0), at(23, 59)], [at(0, 0), at(12, 0), at(19, 59)]),
        ("23:59-00:00", [at(23, 59); 3], [at(0, 0), at(23, 58), at(12, 0)]),
    ] {
        let window: QuietWindow = text.parse().unwrap();
        assert!(within.iter().all(|&minute| window.contains(minute)), "{text}");
        assert!(!without.iter().any(|&minute| window.contains(minute)), "{text}");
        assert_eq!(window.to_string(), text);
    }
    for text in [
        "",
        "22-7",
        "7:00-8:00",
        "22:00",
        "24:00-01:00",
        "25:00-01:00",
        "10:60-11:00",
        "1:000-02:00",
        "08:00-08:00",
        "+8:00-09:00",
        "22:00 - 07:00",
        "24:01-01:00",
    ] {
        assert!(text.parse::<QuietWindow>().is_err(), "{text:?}");
    }
}

proptest! {
    #[test]
    fn hours_that_are_over_are_those_that_are_not_quiet(from in 0..1440_u16, to in 0..1440_u16, minute in 0..1440_u16) {
        prop_assume!(from != to);
        let text = |from: u16, to: u16| {
            format!("{:02}:{:02}-{:02}:{:02}", from / 60, from % 60, to / 60, to % 60)
        };
        let window: QuietWindow = text(from, to).parse().unwrap();
        let other: QuietWindow = text(to, from).parse().unwrap();
        prop_assert_ne!(window.contains(minute), other.contains(minute));
    }
}
