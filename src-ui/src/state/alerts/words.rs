//! What is said of a rule.

use tidings_protocol::alert::{Alert, AlertRule, AlertSeries, AlertState, Side};
use tidings_protocol::metric::Unit;

use super::scale::{exact, number, span};
use crate::state::format::{bytes, one_decimal, percent, rate};
use crate::text::{fill, marks, text};

/// A state in a word or two.
#[must_use]
pub fn state(state: AlertState) -> &'static str {
    let words = &text().alerts;
    match state {
        AlertState::Firing => words.is_firing,
        AlertState::Missing => words.is_missing,
        AlertState::Pending => words.is_pending,
        AlertState::Ok => words.is_ok,
        AlertState::Waiting => words.is_waiting,
        AlertState::Elsewhere => words.is_elsewhere,
        AlertState::Disabled => words.is_off,
        AlertState::Unknown => words.is_unknown,
    }
}

/// A state as it stands in `data-state`.
#[must_use]
pub fn state_name(state: AlertState) -> &'static str {
    match state {
        AlertState::Firing => "firing",
        AlertState::Missing => "missing",
        AlertState::Pending => "pending",
        AlertState::Ok => "ok",
        AlertState::Waiting => "waiting",
        AlertState::Elsewhere => "elsewhere",
        AlertState::Disabled => "disabled",
        AlertState::Unknown => "unknown",
    }
}

/// What a state means, where that is not plain.
#[must_use]
pub fn explain(alert: &Alert) -> Option<String> {
    let (rule, words) = (&alert.rule, &text().alerts);
    Some(match alert.state {
        AlertState::Pending => fill(words.why_pending, &[&span(rule.for_seconds)]),
        AlertState::Waiting => words.why_waiting.to_owned(),
        AlertState::Elsewhere => fill(words.why_elsewhere, &[machine(rule)]),
        AlertState::Disabled => words.why_off.to_owned(),
        AlertState::Missing => {
            match alert.series.iter().find_map(|series| series.reason.as_deref()) {
                Some(reason) => fill(words.why_missing_more, &[reason]),
                None => words.why_missing.to_owned(),
            }
        }
        AlertState::Unknown => words.newer_server.to_owned(),
        AlertState::Firing | AlertState::Ok => return None,
    })
}

/// `34.2 %`, `7.4 GiB`: a figure as it was measured. A line never ends within.
#[must_use]
pub fn figure(value: f64, unit: Unit) -> String {
    let figure = match unit {
        Unit::Percent => percent(value as f32).to_string(),
        Unit::Bytes => bytes(value.max(0.0) as u64).to_string(),
        Unit::BytesPerSecond => rate(value).to_string(),
        Unit::Celsius => format!("{} °C", one_decimal(value)),
        Unit::Seconds => span(value.max(0.0) as u64),
        Unit::Count | Unit::Unknown => marks().point(number((value * 100.0).round() / 100.0)),
    };
    figure.replace(' ', "\u{a0}")
}

/// `above 90 % for 5 min`.
#[must_use]
pub fn condition(rule: &AlertRule, unit: Unit) -> String {
    let Some((side, threshold)) = rule.threshold() else { return String::new() };
    let words = &text().alerts;
    let side = if side == Side::Above { words.is_above } else { words.is_below };
    let at = fill(side, &[&exact(threshold, unit)]);
    held(at, rule.for_seconds)
}

/// `Back at 85.5 % or below, for 5 min`: when it is over.
#[must_use]
pub fn recovery(rule: &AlertRule, unit: Unit) -> String {
    let (Some((side, _)), Some(at)) = (rule.threshold(), rule.recovers_at()) else {
        return String::new();
    };
    let words = &text().alerts;
    let side = if side == Side::Above { words.back_below } else { words.back_above };
    // 5% of a threshold has more digits than anybody reads.
    let at = exact((at * 1e6).round() / 1e6, unit);
    held(fill(side, &[&at]), rule.recovers_after())
}

/// With the time for which it must be so, if that is any.
fn held(condition: String, seconds: u64) -> String {
    match seconds {
        0 => condition,
        seconds => fill(text().alerts.for_span, &[&condition, &span(seconds)]),
    }
}

/// The machine it is for.
#[must_use]
pub fn machine(rule: &AlertRule) -> &str {
    match rule.host.as_deref() {
        Some("*") => text().alerts.all_machines,
        Some(host) => host,
        None => text().alerts.this_machine,
    }
}

/// When nobody is told.
#[must_use]
pub fn quiet(rule: &AlertRule) -> String {
    match rule.quiet.as_deref() {
        None => text().alerts.quiet_all.to_owned(),
        Some([]) => text().alerts.quiet_never.to_owned(),
        Some(hours) => hours.join(", "),
    }
}

/// The figure that says how it stands: of those in the rule's state the one furthest to the wrong side.
#[must_use]
pub fn worst(alert: &Alert) -> Option<&AlertSeries> {
    let (side, _) = alert.rule.threshold()?;
    let worst = alert.series.iter().filter(|series| series.state == alert.state);
    let bad = |series: &AlertSeries| {
        let value = series.value.unwrap_or(f64::NEG_INFINITY);
        if side == Side::Above || series.value.is_none() { value } else { -value }
    };
    worst.max_by(|a, b| bad(a).total_cmp(&bad(b)))
}

/// Since when it stands as it does, in ms since the epoch: the first of its figures that is wrong, or the last that is well again.
#[must_use]
pub fn since(alert: &Alert) -> Option<u64> {
    let times = alert.series.iter().filter(|s| s.state == alert.state).map(|s| s.since);
    if alert.state == AlertState::Ok { times.max() } else { times.min() }
}

/// `2 of 5 figures`, where a rule is about several and not all of them stand as it does.
#[must_use]
pub fn share(alert: &Alert) -> Option<String> {
    let those = alert.series.iter().filter(|series| series.state == alert.state).count();
    let all = alert.series.len();
    (all > 1).then(|| {
        let words = &text().alerts;
        let (those, all, is_all) = (those.to_string(), all.to_string(), those == all);
        if is_all {
            fill(words.all_figures, &[&all])
        } else {
            fill(words.some_figures, &[&those, &all])
        }
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::alert;
    use super::*;

    fn series(metric: &str, state: AlertState, since: u64, value: f64) -> AlertSeries {
        AlertSeries { metric: metric.to_owned(), state, since, value: Some(value), reason: None }
    }

    #[test]
    fn a_rule_is_told_as_a_sentence() {
        let mut alert = alert("a", "ok");
        assert_eq!(condition(&alert.rule, alert.unit), "above 90\u{a0}%");
        assert_eq!(recovery(&alert.rule, alert.unit), "at 85.5\u{a0}% or below for 1\u{a0}min");
        alert.rule.for_seconds = 300;
        alert.rule.above = None;
        alert.rule.below = Some(0.1);
        assert_eq!(condition(&alert.rule, alert.unit), "below 0.1\u{a0}% for 5\u{a0}min");
        assert_eq!(recovery(&alert.rule, alert.unit), "at 0.105\u{a0}% or above for 5\u{a0}min");
        assert_eq!(machine(&alert.rule), "box");
        alert.rule.host = Some("*".to_owned());
        assert_eq!(machine(&alert.rule), "every machine");
    }

    #[test]
    fn the_worst_figure_of_the_rules_state_stands_for_it() {
        let mut alert = alert("a", "firing");
        alert.series = vec![
            series("disk.a.used_percent", AlertState::Firing, 7, 93.0),
            series("disk.b.used_percent", AlertState::Firing, 5, 97.0),
            series("disk.c.used_percent", AlertState::Ok, 9, 99.0),
        ];
        assert_eq!(worst(&alert).unwrap().metric, "disk.b.used_percent");
        assert_eq!(since(&alert), Some(5));
        assert_eq!(share(&alert).unwrap(), "2 of 3 figures");
        (alert.rule.above, alert.rule.below) = (None, Some(98.0));
        assert_eq!(worst(&alert).unwrap().metric, "disk.a.used_percent");
        alert.series[0].value = None;
        assert_eq!(worst(&alert).unwrap().metric, "disk.b.used_percent", "one that has a figure");
        alert.state = AlertState::Ok;
        assert_eq!(since(&alert), Some(9));
    }

    #[test]
    fn a_figure_that_is_not_there_is_told_with_what_the_server_says() {
        let mut alert = alert("a", "missing");
        assert_eq!(explain(&alert).unwrap(), "There is no such figure.");
        alert.series[0].reason = Some("Names that are like it: cpu.core.0.".to_owned());
        assert!(explain(&alert).unwrap().ends_with("Names that are like it: cpu.core.0."));
    }

    #[test]
    fn figures_have_the_unit_of_their_metric() {
        assert_eq!(figure(93.14, Unit::Percent), "93.1\u{a0}%");
        assert_eq!(figure(1_536.0, Unit::Bytes), "1.5\u{a0}KiB");
        assert_eq!(figure(61.0, Unit::Celsius), "61.0\u{a0}°C");
        assert_eq!(figure(5_400.0, Unit::Seconds), "1\u{a0}h\u{a0}30\u{a0}min");
        assert_eq!(figure(1.256, Unit::Count), "1.26");
    }
}
