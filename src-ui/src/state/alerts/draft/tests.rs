use super::super::tests::alert;
use super::super::wire::body;
use super::*;
use crate::state::request_error::tests::refused;
use tidings_protocol::api::ErrorCode;

fn disk() -> Draft {
    Draft::starter("A disk fills up", "disk.*.used_percent", Side::Above, 90.0, "5m")
}

fn wrong(draft: &Draft) -> Vec<Field> {
    draft.rule().unwrap_err().into_iter().map(|(field, _)| field).collect()
}

#[test]
fn what_is_written_becomes_the_rule_it_says() {
    let rule = disk().rule().unwrap();
    assert_eq!((rule.above, rule.below, rule.for_seconds), (Some(90.0), None, 300));
    assert_eq!((rule.recover, rule.host, rule.users, rule.quiet), (None, None, None, None));
    let draft = Draft {
        name: " Memory ".to_owned(),
        side: Side::Below,
        threshold: "1,5".to_owned(),
        recover: "2".to_owned(),
        recover_hold: "2m".to_owned(),
        host: "*".to_owned(),
        users: Some(vec!["ada".to_owned()]),
        quiet: Quiet::Hours,
        hours: "22:00–07:00, 12:00-13:00".to_owned(),
        ..disk().with_metric("memory.available")
    };
    let rule = draft.rule().unwrap();
    assert_eq!((rule.above, rule.below), (None, Some(1.5 * 1_073_741_824.0)));
    assert_eq!((rule.recover, rule.recover_for_seconds), (Some(2_147_483_648.0), Some(120)));
    assert_eq!(rule.quiet.unwrap(), ["22:00-07:00", "12:00-13:00"]);
    assert_eq!((&*rule.name, rule.host.as_deref()), ("Memory", Some("*")));
}

#[test]
fn a_rule_comes_back_from_its_draft_as_it_was() {
    let mut rule = alert("a", "ok").rule;
    for (metric, threshold, recover) in [
        ("cpu.total", 90.0, None),
        ("memory.available", 1e9, Some(9e8)),
        ("network.*.sent", 5_242_880.0, None),
        ("host.uptime", 86_400.0, Some(3_600.0)),
        ("load.1", 0.5, Some(0.25)),
    ] {
        (rule.metric, rule.above, rule.recover) = (metric.to_owned(), Some(threshold), recover);
        assert_eq!(Draft::of(&rule).rule().unwrap(), rule);
    }
    rule.quiet = Some(vec![]);
    rule.users = Some(vec!["ada".to_owned()]);
    assert_eq!(Draft::of(&rule).rule().unwrap(), rule);
}

#[test]
fn everything_that_is_wrong_is_said_at_its_field() {
    assert_eq!(wrong(&Draft::default()), [Field::Name, Field::Metric, Field::Threshold]);
    let draft = Draft {
        name: "x".repeat(101),
        hold: "soon".to_owned(),
        recover: "95".to_owned(),
        recover_hold: "2d".to_owned(),
        host: "x".repeat(256),
        users: Some(vec![]),
        quiet: Quiet::Hours,
        hours: "22:00".to_owned(),
        ..disk()
    };
    use Field::{Hold, Host, Name, Recover, RecoverHold, Users};
    assert_eq!(wrong(&draft), [Name, Hold, Recover, RecoverHold, Host, Users, Field::Quiet]);
    let below = Draft { side: Side::Below, recover: "80".to_owned(), ..disk() };
    assert_eq!(wrong(&below), [Recover]);
    let empty = Draft { quiet: Quiet::Hours, ..disk() };
    assert_eq!(wrong(&empty), [Field::Quiet]);
}

#[test]
fn a_metric_that_there_is_not_is_told_what_it_is_like() {
    let (field, why) = disk().with_metric("cpu.totl").rule().unwrap_err().remove(0);
    assert_eq!(field, Field::Metric);
    assert!(why.ends_with("Did you mean cpu.total?"), "{why}");
    for metric in ["disk.*", "a..b", "disk.s*.read", "disk.%.x%.y", "disk.sda.*"] {
        assert_eq!(wrong(&disk().with_metric(metric)), [Field::Metric], "{metric}");
    }
}

#[test]
fn a_metric_of_another_unit_begins_with_its_likeliest_scale() {
    let draft = Draft { scale: 3, ..disk().with_metric("memory.used") };
    assert_eq!(draft.clone().with_metric("memory.total").scale, 3, "bytes as well");
    assert_eq!(draft.with_metric("network.*.sent").scale, 0);
}

#[test]
fn each_control_of_the_form_changes_its_own_part() {
    let mut draft = Draft::default();
    for (control, value) in [
        ("name", "Memory"),
        ("metric", "memory.available"),
        ("side", "below"),
        ("threshold", "512"),
        ("scale", "MiB"),
        ("hold", "0"),
        ("recover", "1024"),
        ("recover-hold", "1m"),
        ("level", "error"),
        ("host", "box"),
        ("quiet", "hours"),
        ("hours", "22:00-07:00"),
        ("users", "some"),
    ] {
        draft.set(control, value.to_owned(), false);
    }
    draft.set("user", "Ada".to_owned(), true);
    draft.set("user", "Bo".to_owned(), true);
    draft.set("user", "bo".to_owned(), false);
    assert!(draft.tells("ada") && !draft.tells("Bo"));
    let rule = draft.rule().unwrap();
    assert_eq!((rule.below, rule.recover), (Some(536_870_912.0), Some(1_073_741_824.0)));
    assert_eq!((rule.level, rule.users), (Level::Error, Some(vec!["Ada".to_owned()])));
    draft.set("users", "admins".to_owned(), false);
    draft.set("quiet", "never".to_owned(), false);
    draft.set("enabled", String::new(), false);
    let rule = draft.rule().unwrap();
    assert_eq!((rule.users, rule.quiet, rule.enabled), (None, Some(vec![]), false));
}

#[test]
fn a_default_is_brought_back_by_an_empty_field() {
    let mut was = alert("a", "ok").rule;
    was.recover = Some(80.0);
    was.quiet = Some(vec![]);
    let draft = Draft { recover: String::new(), quiet: Quiet::Server, ..Draft::of(&was) };
    let is = draft.rule().unwrap();
    let text = body(Some(&was), &is).unwrap();
    assert_eq!(text, r#"{"recover":null,"quiet":null}"#);
}

#[test]
fn a_copy_has_a_name_that_is_free() {
    let rule = alert("a", "ok").rule;
    assert_eq!(Draft::copy_of(&rule, ["a"].into_iter()).name, "a (copy)");
    assert_eq!(Draft::copy_of(&rule, ["a", "a (copy)"].into_iter()).name, "a (copy 2)");
}

#[test]
fn a_refusal_stands_at_the_field_that_it_is_about() {
    let at = |code, message: &str| problem(&refused(code, message));
    assert_eq!(at(ErrorCode::NameTaken, "").0, Field::Name);
    assert_eq!(at(ErrorCode::NoSuchUser, "there is no user \"x\"").0, Field::Users);
    let unknown = at(ErrorCode::BadRequest, "there is no metric `x`; did you mean `y`?");
    assert_eq!(unknown, (Field::Metric, "There is no metric `x`; did you mean `y`?".to_owned()));
    assert_eq!(at(ErrorCode::BadRequest, "there are 200 alerts").0, Field::Whole);
    assert!(at(ErrorCode::Forbidden, "admins only").1.starts_with("Only admins"));
    assert!(at(ErrorCode::Unknown, "the server is away").1.ends_with("is away."));
}
