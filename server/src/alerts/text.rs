//! What people read.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tidings_protocol::metric::{self, Unit};
use tidings_protocol::notification::{Level, MAX_KEY_BYTES, MAX_TITLE_CHARS, NewNotification};

use super::heartbeat::SAMPLES;
use super::machine::{Message, Series};
use super::rule::Rule;

/// Where the notifications come from.
const SOURCE: &str = "alerts";

/// How many names are told of many, or of those that are like one nobody has.
const NEAR: usize = 3;

/// What a notification is about.
pub(super) struct About<'a> {
    pub(super) rule: &'a Rule,
    pub(super) host: &'a str,
    pub(super) metric: &'a str,
    pub(super) series: &'a Series,
}

impl About<'_> {
    /// The notification. It says the same for as long as the same is the case, so that sending it again changes nothing.
    pub(super) fn notification(
        &self,
        message: Message,
        names: &[String],
        patience: Duration,
    ) -> NewNotification {
        let Self { rule, host, series, metric } = self;
        let (terms, unit) = (&rule.terms, rule.pattern.unit());
        let label = metric::label(metric);
        let side = terms.side.as_str();
        let threshold = figure(terms.threshold, unit);
        // When, and not at which figure: two servers of one machine see different ones, and what is wrong again after its rule
        // was switched off and on has to differ from what users have read.
        let since = || moment(series.fired, terms.hold);
        let (title, text) = match message {
            Message::Raised => {
                let held = if terms.hold.is_zero() {
                    String::new()
                } else {
                    format!(" for {}", time(terms.hold))
                };
                (
                    format!("{label} {side} {threshold}{held} on {host}"),
                    format!("Since {}.", since()),
                )
            }
            Message::Recovered if series.broke_another(terms) => (
                format!("{label} is not {side} {threshold} on {host}"),
                "The rule was changed meanwhile.".to_owned(),
            ),
            Message::Recovered => {
                let lasted = Duration::from_millis(series.over.saturating_sub(series.fired));
                let back = figure(terms.recovers_at, unit);
                let way = match terms.side {
                    tidings_protocol::alert::Side::Above => "down to",
                    tidings_protocol::alert::Side::Below => "up to",
                };
                (
                    format!("{label} is back {way} {back} on {host}"),
                    format!("It was {side} {threshold} for {}.", time(lasted)),
                )
            }
            Message::Missing => (
                format!("No figures of {metric} on {host}"),
                format!("No sample has had it for {}. {}", time(patience), near(metric, names)),
            ),
            Message::Gone if series.broke_another(terms) => (
                format!("{label} is gone from {host}"),
                "It has no figures any more. The rule was changed meanwhile.".to_owned(),
            ),
            Message::Gone => (
                format!("{label} is gone from {host}"),
                format!("It was {side} {threshold} since {} and has no figures any more.", since()),
            ),
            Message::Returned => {
                (format!("{label} has figures again on {host}"), "Nothing is wrong.".to_owned())
            }
        };
        of_rule(rule, message, &title, &text, key(&rule.id, host, metric))
    }
}

/// Many figures of one rule, told at once.
pub(super) struct Group<'a> {
    pub(super) rule: &'a Rule,
    pub(super) host: &'a str,
    pub(super) series: &'a [(&'a str, &'a Series)],
}

impl Group<'_> {
    /// The notification, which replaces the one before of so many.
    pub(super) fn notification(&self, message: Message) -> NewNotification {
        let Self { rule, host, series } = self;
        let (terms, pattern) = (&rule.terms, rule.pattern.as_str());
        let figures = format!("{} figures of {pattern}", series.len());
        let unit = rule.pattern.unit();
        let (side, threshold) = (terms.side.as_str(), figure(terms.threshold, unit));
        let title = match message {
            Message::Raised => format!("{figures} {side} {threshold} on {host}"),
            Message::Recovered if series.iter().any(|(_, series)| series.broke_another(terms)) => {
                format!("{figures} are not {side} {threshold} on {host}")
            }
            Message::Recovered => {
                format!("{figures} are back at {} on {host}", figure(terms.recovers_at, unit))
            }
            Message::Missing | Message::Gone => format!("{figures} are gone from {host}"),
            Message::Returned => format!("{figures} are there again on {host}"),
        };
        let names: Vec<_> = series.iter().take(NEAR).map(|(name, _)| *name).collect();
        let text = format!("Among them: {}.", names.join(", "));
        of_rule(rule, message, &title, &text, key(&rule.id, host, pattern))
    }
}

fn of_rule(
    rule: &Rule,
    message: Message,
    title: &str,
    text: &str,
    dedupe_key: String,
) -> NewNotification {
    let level = match message {
        Message::Recovered | Message::Returned => Level::Success,
        Message::Raised | Message::Missing | Message::Gone => rule.spec.level,
    };
    NewNotification {
        title: Some(line(title)),
        message: Some(format!("{text}\nRule: {}", rule.spec.name)),
        level: Some(level),
        link: Some(format!("/#alerts/{}", rule.id)),
        source: Some(SOURCE.to_owned()),
        dedupe_key: Some(dedupe_key),
        ..NewNotification::default()
    }
}

/// That there are no samples of `host`, or some again.
pub(super) fn of_samples(message: Message, host: &str, patience: Duration) -> NewNotification {
    let (title, text, level) = match message {
        Message::Recovered | Message::Returned => (
            format!("There are samples of {host} again"),
            "Alerts are judged again.".to_owned(),
            Level::Success,
        ),
        Message::Raised | Message::Missing | Message::Gone => (
            format!("No samples of {host}"),
            format!(
                "There has been none for {}. Until there are some again, alerts stay as they are.",
                time(patience)
            ),
            Level::Warning,
        ),
    };
    NewNotification {
        title: Some(line(&title)),
        message: Some(text),
        level: Some(level),
        link: Some("/#alerts".to_owned()),
        source: Some(SOURCE.to_owned()),
        dedupe_key: Some(key(SAMPLES, host, SAMPLES)),
        ..NewNotification::default()
    }
}

/// What there is that is like a name that no sample has.
pub(super) fn near(metric: &str, names: &[String]) -> String {
    if names.is_empty() {
        return "There are no samples of this machine.".to_owned();
    }
    let mut near: Vec<_> =
        names.iter().map(|name| (strsim::jaro_winkler(metric, name), name)).collect();
    near.sort_by(|(a, x), (b, y)| b.total_cmp(a).then_with(|| x.cmp(y)));
    let near: Vec<_> = near.iter().take(NEAR).map(|(_, name)| name.as_str()).collect();
    format!("Names that are like it: {}.", near.join(", "))
}

/// Of one series on one machine: raised and recovered replace each other.
fn key(rule: &str, host: &str, metric: &str) -> String {
    let key = format!("alert/{rule}/{host}/{metric}");
    // A name may hold what a key may not.
    if key.len() <= MAX_KEY_BYTES && !key.contains(char::is_control) {
        return key;
    }
    let digest = Sha256::digest(key.as_bytes());
    digest.iter().take(16).fold(format!("alert/{rule}/"), |key, byte| format!("{key}{byte:02x}"))
}

/// What fits a title: names are the system's, and may hold anything.
fn line(text: &str) -> String {
    let clean = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = clean.clone().take(MAX_TITLE_CHARS).collect();
    if clean.count() > MAX_TITLE_CHARS {
        line.pop();
        line.push('…');
    }
    line
}

/// A figure with its unit.
pub(super) fn figure(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Percent => format!("{}%", short(value)),
        Unit::Bytes => bytes(value),
        Unit::BytesPerSecond => format!("{}/s", bytes(value)),
        Unit::Celsius => format!("{} °C", short(value)),
        Unit::Seconds if value >= 0.0 => {
            // Longer than any machine runs.
            time(Duration::from_secs_f64(value.min(1e12)))
        }
        Unit::Seconds => format!("{} s", short(value)),
        Unit::Count | Unit::Unknown => short(value),
    }
}

/// One digit behind the point, and none if it is 0.
fn short(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").unwrap_or(&text).to_owned()
}

fn bytes(value: f64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let (mut value, mut unit) = (value, 0);
    while value.abs() >= 1024.0 && unit + 1 < units.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", short(value), units[unit])
}

/// The minute that lies so far before `fired`, which is in ms since the epoch.
fn moment(fired: u64, before: Duration) -> String {
    let before = u64::try_from(before.as_millis()).unwrap_or(u64::MAX);
    let at = i64::try_from(fired.saturating_sub(before)).unwrap_or(i64::MAX);
    let at = jiff::Timestamp::from_millisecond(at).unwrap_or(jiff::Timestamp::MAX);
    at.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time in its two largest units.
pub(super) fn time(time: Duration) -> String {
    let seconds = time.as_secs();
    let units = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
    let mut rest = seconds;
    let mut parts = Vec::new();
    for (size, unit) in units {
        if rest >= size {
            parts.push(format!("{} {unit}", rest / size));
            rest %= size;
        } else if !parts.is_empty() {
            break;
        }
        if parts.len() == 2 {
            break;
        }
    }
    if parts.is_empty() { "0 s".to_owned() } else { parts.join(" ") }
}
