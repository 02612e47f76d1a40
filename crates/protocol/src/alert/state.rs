//! How a rule stands.

use serde::{Deserialize, Serialize};

use super::AlertRule;
use crate::metric::Unit;

/// A rule with its state, as `GET` [`path::ALERTS`](crate::api::path::ALERTS) lists it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Alert {
    /// Never changes.
    pub id: String,
    /// Where it stands, and whether it can be changed.
    pub source: AlertSource,
    /// What it says.
    pub rule: AlertRule,
    /// What its figures count.
    pub unit: Unit,
    /// Where its figures must be to be back, whether the rule says it or not.
    pub recovers_at: f64,
    /// The worst state of its series.
    pub state: AlertState,
    /// Whether these are quiet hours, in which nobody is told.
    pub quiet: bool,
    /// Each figure it judges, by name.
    pub series: Vec<AlertSeries>,
}

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertSource {
    /// In the file, where it is changed.
    Configuration,
    /// In the database, where it is changed by requests.
    Store,
    /// Somewhere a newer server knows.
    #[serde(other)]
    Unknown,
}

/// How a rule or one of its series stands, the least first.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// It is not to be judged.
    Disabled,
    /// The server of another machine judges it.
    Elsewhere,
    /// There was no figure yet.
    #[default]
    Waiting,
    /// Nothing is wrong.
    Ok,
    /// Something is wrong, and not for long enough.
    Pending,
    /// There is no figure to judge.
    Missing,
    /// Something is wrong.
    Firing,
    /// A state of a newer server.
    #[serde(other)]
    Unknown,
}

/// One figure that a rule judges.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertSeries {
    /// Name of the metric.
    pub metric: String,
    /// How it stands.
    pub state: AlertState,
    /// Since when, in ms since the epoch.
    pub since: u64,
    /// The last figure there was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<f64>,
    /// Why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
