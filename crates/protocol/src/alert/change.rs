//! What of a rule is to be another.

use serde::{Deserialize, Deserializer, Serialize};

use super::AlertRule;
use crate::notification::Level;

/// Body of `PATCH`: what it does not name stays. Null brings a default back, where there is one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AlertChange {
    /// Another name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Other figures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// Another threshold, in the place of the one there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Another threshold, in the place of the one there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Another time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub for_seconds: Option<u64>,
    /// How far back the figure must come.
    #[serde(deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub recover: Option<Option<f64>>,
    /// For how long it must have been back.
    #[serde(deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub recover_for_seconds: Option<Option<u64>>,
    /// Another level.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// Another machine.
    #[serde(deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub host: Option<Option<String>>,
    /// Other users.
    #[serde(deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub users: Option<Option<Vec<String>>>,
    /// Other quiet hours.
    #[serde(deserialize_with = "named", skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Option<Vec<String>>>,
    /// Whether it is judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled: Option<bool>,
}

/// Tells null from nothing at all.
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl AlertChange {
    /// The rule with the change; [`AlertRule::check`] says whether it is one still.
    #[must_use]
    pub fn of(self, rule: AlertRule) -> AlertRule {
        // One threshold replaces the other.
        let (above, below) = match (self.above, self.below) {
            (None, None) => (rule.above, rule.below),
            threshold => threshold,
        };
        AlertRule {
            name: self.name.unwrap_or(rule.name),
            metric: self.metric.unwrap_or(rule.metric),
            above,
            below,
            for_seconds: self.for_seconds.unwrap_or(rule.for_seconds),
            recover: self.recover.unwrap_or(rule.recover),
            recover_for_seconds: self.recover_for_seconds.unwrap_or(rule.recover_for_seconds),
            level: self.level.unwrap_or(rule.level),
            host: self.host.unwrap_or(rule.host),
            users: self.users.unwrap_or(rule.users),
            quiet: self.quiet.unwrap_or(rule.quiet),
            enabled: self.enabled.unwrap_or(rule.enabled),
        }
    }
}
