//! Alerts in the configuration.

use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tidings_protocol::alert::{AlertRule, InvalidAlert, MAX_RULES, quiet_windows};
use tidings_protocol::metric::{FAMILIES, InvalidMetric};
use tidings_protocol::notification::Level;

use super::{ConfigError, nearest};

/// What holds for all alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AlertingConfig {
    /// When nobody is told, unless a rule says otherwise. Default: never.
    pub quiet: Vec<String>,
}

/// A rule of an alert; what each key means is told by [`AlertRule`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertConfig {
    /// What people call it; no two are alike.
    pub name: String,
    /// Which figures.
    pub metric: String,
    /// The figure may not be above this.
    #[serde(default, deserialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// The figure may not be below this.
    #[serde(default, deserialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// For how long it must have been so. Default `0s`.
    #[serde(default, rename = "for")]
    pub hold: Span,
    /// How far back it must come. Default: 5% of the threshold.
    #[serde(default, deserialize_with = "finite", skip_serializing_if = "Option::is_none")]
    pub recover: Option<f64>,
    /// For how long it must have been back. Default: as `for`, and a minute at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recover_for: Option<Span>,
    /// Level of the notification. Default `warning`.
    #[serde(default = "warning")]
    pub level: Level,
    /// Name of the machine, or `*`. Default: this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Names of the users who are told. Default: every admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
    /// When nobody is told. Default: `alerting.quiet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Vec<String>>,
    /// Whether it is judged. Default true.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn warning() -> Level {
    Level::Warning
}

fn yes() -> bool {
    true
}

/// TOML knows numbers that are none.
fn finite<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = f64::deserialize(deserializer)?;
    let is_none = || serde::de::Error::custom("a threshold is a number");
    number.is_finite().then_some(Some(number)).ok_or_else(is_none)
}

impl AlertConfig {
    /// The rule with every key, so that each can be found.
    pub(super) fn full() -> Self {
        Self {
            name: String::new(),
            metric: String::new(),
            above: Some(0.0),
            below: Some(0.0),
            hold: Span::default(),
            recover: Some(0.0),
            recover_for: Some(Span::default()),
            level: Level::Warning,
            host: Some(String::new()),
            users: Some(Vec::new()),
            quiet: Some(Vec::new()),
            enabled: true,
        }
    }

    /// The rule as the wire has it.
    #[must_use]
    pub fn rule(&self) -> AlertRule {
        AlertRule {
            name: self.name.clone(),
            metric: self.metric.clone(),
            above: self.above,
            below: self.below,
            for_seconds: self.hold.0,
            recover: self.recover,
            recover_for_seconds: self.recover_for.map(|time| time.0),
            level: self.level,
            host: self.host.clone(),
            users: self.users.clone(),
            quiet: self.quiet.clone(),
            enabled: self.enabled,
        }
    }
}

/// A time as people write it: `90s`, `2m`, `1h`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span(pub u64);

impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("{text:?} is no time; write it as in 90s, 2m, 1h or 1d");
        let digits = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(invalid)?;
        let number: u64 = text[..digits].parse().map_err(|_| invalid())?;
        let seconds = match &text[digits..] {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            "d" => 86_400,
            _ => return Err(invalid()),
        };
        number.checked_mul(seconds).map(Self).ok_or_else(invalid)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// Checks what holds for all, and each rule.
pub(super) fn check(all: &AlertingConfig, alerts: &[AlertConfig]) -> Result<(), ConfigError> {
    quiet_windows(&all.quiet).map_err(|error| ConfigError::Quiet(error.to_string()))?;
    if alerts.len() > MAX_RULES {
        return Err(ConfigError::TooManyAlerts);
    }
    let mut names = HashSet::new();
    for alert in alerts {
        let wrong = |reason| ConfigError::Alert { name: alert.name.clone(), reason };
        let rule = alert.rule();
        rule.check().map_err(|error| wrong(why(&error, &alert.metric)))?;
        if !names.insert(&alert.name) {
            return Err(wrong("there is another of this name".to_owned()));
        }
    }
    Ok(())
}

/// What is wrong with a rule, and for a metric that nobody knows the one most like it.
pub(crate) fn why(error: &InvalidAlert, metric: &str) -> String {
    match error {
        InvalidAlert::Metric(InvalidMetric::Unknown) => {
            let known: Vec<_> = FAMILIES.iter().map(|family| family.pattern.to_owned()).collect();
            let nearest = nearest(metric, &known);
            format!("there is no metric `{metric}`; did you mean `{nearest}`?")
        }
        InvalidAlert::Metric(error) => format!("metric `{metric}`: {error}"),
        error => error.to_string(),
    }
}
