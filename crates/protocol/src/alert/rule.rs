//! A rule, and what is none.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::metric::{InvalidMetric, MetricPattern};
use crate::notification::Level;
use crate::quiet::{InvalidWindow, QuietWindow};

/// Most rules of a server, those of its configuration included.
pub const MAX_RULES: usize = 200;
/// Most series of a rule whose metric has a `*`; what is beyond is not judged.
pub const MAX_SERIES: usize = 1_000;
/// Longest name of a rule, in bytes.
pub const MAX_NAME_BYTES: usize = 100;
/// Longest time that a rule may wait, in seconds: a day.
pub const MAX_HOLD_SECONDS: u64 = 24 * 60 * 60;
/// Most users that a rule tells by name.
pub const MAX_USERS: usize = 50;
/// Most quiet hours of a day.
pub const MAX_QUIET: usize = 10;

/// For how long a figure must have been back at least, in seconds, unless a rule says otherwise: one that swings would be told all day.
const LEAST_RECOVERY_SECONDS: u64 = 60;

/// Longest name of a user or a host, in bytes.
const MAX_WHO_BYTES: usize = 255;

/// How far back a figure must come by default, as a share of the threshold.
const HYSTERESIS: f64 = 0.05;

/// What a figure may not do, for how long, and who hears of it. Body of `POST`
/// [`path::ALERTS`](crate::api::path::ALERTS).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AlertRule {
    /// What people call it; no two of a server are alike.
    pub name: String,
    /// Which figures, as a [`MetricPattern`].
    pub metric: String,
    /// The figure may not be above this; a rule has this or `below`, in the unit of the metric.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// The figure may not be below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// For how long it must have been so, in seconds. Default 0: at once.
    #[serde(default)]
    pub for_seconds: u64,
    /// How far back it must come to be over. Default: 5% of the threshold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recover: Option<f64>,
    /// For how long it must have been back, in seconds. Default: as `for_seconds`, and 60 at least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recover_for_seconds: Option<u64>,
    /// Level of the notification. Default [`Level::Warning`].
    #[serde(default = "warning")]
    pub level: Level,
    /// Name of the machine, as in its topic, or `*` for every one. Default: the one of the server that is given the rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Names of the users who are told. Default: every admin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
    /// When nobody is told, as [`QuietWindow`]s of the server's local time. Default: what the configuration says for all; an
    /// empty list is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Vec<String>>,
    /// Whether it is judged at all. Default true.
    #[serde(default = "yes")]
    pub enabled: bool,
}

fn warning() -> Level {
    Level::Warning
}

fn yes() -> bool {
    true
}

/// On which side of its threshold a figure may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Above it.
    Above,
    /// Below it.
    Below,
}

impl Side {
    /// Its word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Above => "above",
            Self::Below => "below",
        }
    }
}

/// What no rule can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InvalidAlert {
    /// A name that is empty, too long or has control characters.
    Name,
    /// A metric that cannot be.
    Metric(InvalidMetric),
    /// Both thresholds, or neither.
    Threshold,
    /// A threshold that is no number.
    NotFinite,
    /// A time that is too long.
    Hold,
    /// A figure that would be back before it was gone.
    Recover,
    /// A host without a name, or with too long a one.
    Host,
    /// No users, too many, or one without a name.
    Users,
    /// Quiet hours that are none.
    Window(String, InvalidWindow),
    /// Too many quiet hours.
    Windows,
}

impl fmt::Display for InvalidAlert {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name => write!(
                f,
                "a rule has a name of 1 to {MAX_NAME_BYTES} bytes without control characters"
            ),
            Self::Metric(error) => error.fmt(f),
            Self::Threshold => f.write_str("a rule has either `above` or `below`"),
            Self::NotFinite => f.write_str("a threshold is a number"),
            Self::Hold => f.write_str("a rule waits for a day at most"),
            Self::Recover => f.write_str(
                "`recover` lies on the good side of the threshold, or on it: not over `above`, not under \
                 `below`",
            ),
            Self::Host => f.write_str("`host` is the name of a machine, or * for every one"),
            Self::Users => write!(
                f,
                "`users` are 1 to {MAX_USERS} names; without it every admin is told"
            ),
            Self::Window(text, error) => write!(f, "{text:?}: {error}"),
            Self::Windows => write!(f, "a day has at most {MAX_QUIET} quiet hours"),
        }
    }
}

impl std::error::Error for InvalidAlert {}

impl From<InvalidMetric> for InvalidAlert {
    fn from(error: InvalidMetric) -> Self {
        Self::Metric(error)
    }
}

impl AlertRule {
    /// Looks whether a server would take it, users apart.
    ///
    /// # Errors
    ///
    /// If it would not: the first reason.
    pub fn check(&self) -> Result<(), InvalidAlert> {
        use InvalidAlert as E;
        let line = |text: &str, most| {
            !text.trim().is_empty() && text.len() <= most && !text.contains(char::is_control)
        };
        if !line(&self.name, MAX_NAME_BYTES) {
            return Err(E::Name);
        }
        self.metric.parse::<MetricPattern>()?;
        let (side, threshold) = self.threshold().ok_or(E::Threshold)?;
        let recover = self.recovers_at().ok_or(E::Threshold)?;
        if !threshold.is_finite() || !recover.is_finite() {
            return Err(E::NotFinite);
        }
        let is_good = match side {
            Side::Above => recover <= threshold,
            Side::Below => recover >= threshold,
        };
        let users = self.users.as_ref();
        let has_users = |users: &Vec<String>| {
            (1..=MAX_USERS).contains(&users.len()) && users.iter().all(|u| line(u, MAX_WHO_BYTES))
        };
        for (holds, error) in [
            (is_good, E::Recover),
            (self.for_seconds <= MAX_HOLD_SECONDS, E::Hold),
            (self.recover_for_seconds.is_none_or(|time| time <= MAX_HOLD_SECONDS), E::Hold),
            (self.host.as_ref().is_none_or(|host| line(host, MAX_WHO_BYTES)), E::Host),
            (users.is_none_or(has_users), E::Users),
        ] {
            if !holds {
                return Err(error);
            }
        }
        self.quiet.as_deref().map_or(Ok(()), |quiet| quiet_windows(quiet).map(drop))
    }

    /// The threshold and its side; null unless there is exactly one.
    #[must_use]
    pub fn threshold(&self) -> Option<(Side, f64)> {
        match (self.above, self.below) {
            (Some(above), None) => Some((Side::Above, above)),
            (None, Some(below)) => Some((Side::Below, below)),
            _ => None,
        }
    }

    /// How far back the figure must come; null where there is no threshold.
    #[must_use]
    pub fn recovers_at(&self) -> Option<f64> {
        let (side, threshold) = self.threshold()?;
        let back = threshold.abs() * HYSTERESIS;
        Some(self.recover.unwrap_or(match side {
            Side::Above => threshold - back,
            Side::Below => threshold + back,
        }))
    }

    /// For how long the figure must have been back, in seconds.
    #[must_use]
    pub fn recovers_after(&self) -> u64 {
        self.recover_for_seconds.unwrap_or(self.for_seconds.max(LEAST_RECOVERY_SECONDS))
    }
}

/// Quiet hours as they are written.
///
/// # Errors
///
/// If one is none, or there are more than [`MAX_QUIET`].
pub fn quiet_windows(texts: &[String]) -> Result<Vec<QuietWindow>, InvalidAlert> {
    if texts.len() > MAX_QUIET {
        return Err(InvalidAlert::Windows);
    }
    let window =
        |text: &String| text.parse().map_err(|error| InvalidAlert::Window(text.clone(), error));
    texts.iter().map(window).collect()
}
