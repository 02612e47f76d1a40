//! Rules as the wire has them. By hand: what serde would generate for them weighs a tenth of the page, and its
//! formatter of floats half of that.

use tidings_protocol::alert::{Alert, AlertRule, AlertSeries, AlertSource, AlertState};
use tidings_protocol::metric::Unit;
use tidings_protocol::notification::Level;

use super::scale::number;
use crate::state::json::{Json, quoted};
use crate::state::members::{float, get, is_true, string, strings, text, whole};

/// The rules in a server's answer; none if it is none.
#[must_use]
pub fn list(text: &str) -> Option<Vec<Alert>> {
    match Json::read(text) {
        Json::List(items) => items.iter().map(alert).collect(),
        _ => None,
    }
}

/// The rule in a server's answer; none if it is none.
#[must_use]
pub fn one(text: &str) -> Option<Alert> {
    alert(&Json::read(text))
}

/// The names of users in a server's answer; none if it is none.
#[must_use]
pub fn user_names(text: &str) -> Option<Vec<String>> {
    let Json::List(users) = Json::read(text) else { return None };
    users.iter().map(|user| string(user, "name")).collect()
}

/// Ids and names of users in a server's answer; none if it is none.
#[must_use]
pub fn people(text: &str) -> Option<Vec<(String, String)>> {
    let Json::List(users) = Json::read(text) else { return None };
    users.iter().map(|user| Some((string(user, "id")?, string(user, "name")?))).collect()
}

fn alert(json: &Json) -> Option<Alert> {
    let rule = get(json, "rule")?;
    let Json::List(series) = get(json, "series")? else { return None };
    Some(Alert {
        id: string(json, "id")?,
        source: match text(json, "source")? {
            "configuration" => AlertSource::Configuration,
            "store" => AlertSource::Store,
            _ => AlertSource::Unknown,
        },
        unit: match text(json, "unit")? {
            "percent" => Unit::Percent,
            "bytes" => Unit::Bytes,
            "bytes_per_second" => Unit::BytesPerSecond,
            "celsius" => Unit::Celsius,
            "seconds" => Unit::Seconds,
            "count" => Unit::Count,
            _ => Unit::Unknown,
        },
        recovers_at: float(json, "recoversAt")?,
        state: state(json)?,
        quiet: is_true(json, "quiet"),
        rule: AlertRule {
            name: string(rule, "name")?,
            metric: string(rule, "metric")?,
            above: float(rule, "above"),
            below: float(rule, "below"),
            for_seconds: whole(rule, "forSeconds").unwrap_or_default(),
            recover: float(rule, "recover"),
            recover_for_seconds: whole(rule, "recoverForSeconds"),
            level: level(text(rule, "level")?).unwrap_or(Level::Warning),
            host: string(rule, "host"),
            users: strings(rule, "users"),
            quiet: strings(rule, "quiet"),
            enabled: is_true(rule, "enabled"),
        },
        series: series.iter().map(one_series).collect::<Option<_>>()?,
    })
}

fn one_series(json: &Json) -> Option<AlertSeries> {
    Some(AlertSeries {
        metric: string(json, "metric")?,
        state: state(json)?,
        since: whole(json, "since")?,
        value: float(json, "value"),
        reason: string(json, "reason"),
    })
}

fn state(json: &Json) -> Option<AlertState> {
    Some(match text(json, "state")? {
        "disabled" => AlertState::Disabled,
        "elsewhere" => AlertState::Elsewhere,
        "waiting" => AlertState::Waiting,
        "ok" => AlertState::Ok,
        "pending" => AlertState::Pending,
        "missing" => AlertState::Missing,
        "firing" => AlertState::Firing,
        _ => AlertState::Unknown,
    })
}

/// The level of this name.
pub(super) fn level(name: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| level.as_str() == name)
}

/// What to send to have the rule `is`: all of it, or of one that there `was` what is another, so that what somebody else changed
/// meanwhile stays. None if nothing is.
#[must_use]
pub fn body(was: Option<&AlertRule>, is: &AlertRule) -> Option<String> {
    let mut members = Vec::new();
    let now = texts(is);
    let before = was.map(texts);
    for (at, (key, value)) in now.iter().enumerate() {
        let is_other = match &before {
            None => value.is_some(),
            Some(before) => before[at].1 != *value,
        };
        // One threshold replaces the other: there is none to bring back.
        let is_threshold = matches!(*key, "above" | "below");
        if is_other && (value.is_some() || !is_threshold) {
            members.push(format!("\"{key}\":{}", value.as_deref().unwrap_or("null")));
        }
    }
    (!members.is_empty()).then(|| format!("{{{}}}", members.join(",")))
}

/// Whether a rule is judged, and nothing else of it.
#[must_use]
pub fn switch(enabled: bool) -> String {
    format!("{{\"enabled\":{enabled}}}")
}

fn texts(rule: &AlertRule) -> [(&'static str, Option<String>); 12] {
    let float = |value: Option<f64>| value.map(number);
    let list = |texts: &Option<Vec<String>>| {
        let quoted =
            |texts: &Vec<String>| texts.iter().map(|text| quoted(text)).collect::<Vec<_>>();
        texts.as_ref().map(|texts| format!("[{}]", quoted(texts).join(",")))
    };
    [
        ("name", Some(quoted(&rule.name))),
        ("metric", Some(quoted(&rule.metric))),
        ("above", float(rule.above)),
        ("below", float(rule.below)),
        ("forSeconds", Some(rule.for_seconds.to_string())),
        ("recover", float(rule.recover)),
        ("recoverForSeconds", rule.recover_for_seconds.map(|seconds| seconds.to_string())),
        ("level", Some(quoted(rule.level.as_str()))),
        ("host", rule.host.as_deref().map(quoted)),
        ("users", list(&rule.users)),
        ("quiet", list(&rule.quiet)),
        ("enabled", Some(rule.enabled.to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::alert::AlertChange;

    const FULL: &str = r#"[{"id":"c1","source":"configuration","unit":"bytes_per_second","recoversAt":85.5,
        "state":"firing","quiet":true,"rule":{"name":"a \"b\"","metric":"network.*.sent","below":1.5e6,"forSeconds":300,
        "recover":2e6,"recoverForSeconds":60,"level":"error","host":"box","users":["ada"],"quiet":[],"enabled":true},
        "series":[{"metric":"network.eth0.sent","state":"missing","since":1760000000000,"value":0.25,"reason":"gone"},
        {"metric":"network.lo.sent","state":"somehow","since":5}]}]"#;

    fn full() -> AlertRule {
        list(FULL).unwrap().remove(0).rule
    }

    #[test]
    fn a_list_is_read_as_serde_would_read_it() {
        let expected: Vec<Alert> = serde_json::from_str(FULL).unwrap();
        assert_eq!(list(FULL).unwrap(), expected);
        let names =
            ["disabled", "elsewhere", "waiting", "ok", "pending", "missing", "firing", "new"];
        let units = ["percent", "bytes", "celsius", "seconds", "count", "new"];
        for (state, unit) in names.iter().zip(units.iter().cycle()) {
            let text = FULL.replace("firing", state).replace("bytes_per_second", unit);
            let text = text.replace("configuration", "store").replace("\"below\"", "\"above\"");
            let expected: Vec<Alert> = serde_json::from_str(&text).unwrap();
            assert_eq!(list(&text).unwrap(), expected);
        }
        assert_eq!(user_names(r#"[{"id":"1","name":"Ada","role":"admin"}]"#).unwrap(), ["Ada"]);
    }

    #[test]
    fn what_is_no_list_of_rules_is_none() {
        for text in ["", "{}", "[1]", "<html>", r#"[{"id":"1"}]"#] {
            assert_eq!(list(text), None, "{text}");
        }
        assert_eq!(list("[]"), Some(Vec::new()));
        assert_eq!(user_names("{}"), None);
    }

    #[test]
    fn a_new_rule_is_sent_whole() {
        let rule = full();
        let sent: AlertRule = serde_json::from_str(&body(None, &rule).unwrap()).unwrap();
        assert_eq!(sent, rule);
    }

    #[test]
    fn a_change_names_only_what_is_another() {
        let was = full();
        assert_eq!(body(Some(&was), &was), None);
        let mut is = was.clone();
        (is.above, is.below, is.recover, is.quiet) = (Some(0.1), None, None, None);
        is.users = Some(vec!["\u{e4}da".to_owned(), "bo".to_owned()]);
        let text = body(Some(&was), &is).unwrap();
        assert_eq!(
            text,
            "{\"above\":0.1,\"recover\":null,\"users\":[\"\u{e4}da\",\"bo\"],\"quiet\":null}"
        );
        let change: AlertChange = serde_json::from_str(&text).unwrap();
        assert_eq!(change.of(was.clone()), is);
        let off: AlertChange = serde_json::from_str(&switch(false)).unwrap();
        assert!(!off.of(was).enabled);
    }
}
