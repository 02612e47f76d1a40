//! A rule that was checked, ready to be judged by.

use std::time::Duration;

use sha2::{Digest, Sha256};
use tidings_protocol::alert::{AlertRule, AlertSource, InvalidAlert, Side, quiet_windows};
use tidings_protocol::metric::MetricPattern;
use tidings_protocol::quiet::QuietWindow;

/// The host of a rule that every machine judges.
pub(super) const EVERY_HOST: &str = "*";

/// What a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Terms {
    /// Where it may not be.
    pub(super) side: Side,
    /// Of this.
    pub(super) threshold: f64,
    /// How far back it must come.
    pub(super) recovers_at: f64,
    /// For how long it must have been wrong.
    pub(super) hold: Duration,
    /// For how long it must have been back.
    pub(super) recovers_after: Duration,
}

impl Terms {
    /// Whether the figure is where it may not be.
    pub(super) fn is_wrong(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value > self.threshold,
            Side::Below => value < self.threshold,
        }
    }

    /// Whether the figure has come back far enough.
    pub(super) fn is_back(&self, value: f64) -> bool {
        match self.side {
            Side::Above => value <= self.recovers_at,
            Side::Below => value >= self.recovers_at,
        }
    }
}

/// A rule that was checked.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(super) id: String,
    pub(super) source: AlertSource,
    /// As it was written, with its host; the users of one in the store by id.
    pub(super) spec: AlertRule,
    pub(super) pattern: MetricPattern,
    pub(super) terms: Terms,
    /// Null: what holds for all.
    pub(super) quiet: Option<Vec<QuietWindow>>,
}

impl Rule {
    /// Checks `spec`; where it names no machine, it is for `host`.
    pub(super) fn new(
        id: String,
        source: AlertSource,
        mut spec: AlertRule,
        host: &str,
    ) -> Result<Self, InvalidAlert> {
        spec.check()?;
        spec.host.get_or_insert_with(|| host.to_owned());
        let (side, threshold) = spec.threshold().ok_or(InvalidAlert::Threshold)?;
        let terms = Terms {
            side,
            threshold,
            recovers_at: spec.recovers_at().ok_or(InvalidAlert::Threshold)?,
            hold: Duration::from_secs(spec.for_seconds),
            recovers_after: Duration::from_secs(spec.recovers_after()),
        };
        let quiet = spec.quiet.as_deref().map(quiet_windows).transpose()?;
        Ok(Self { pattern: spec.metric.parse()?, id, source, spec, terms, quiet })
    }

    /// Whether the server of `host` judges it.
    pub(super) fn is_for(&self, host: &str) -> bool {
        self.spec.host.as_deref().is_none_or(|own| own == EVERY_HOST || own == host)
    }

    /// Whether what was found by this rule means something to one that says `other`.
    pub(super) fn asks_the_same(&self, other: &AlertRule) -> bool {
        self.spec.metric == other.metric
            && other.threshold().is_some_and(|(side, _)| side == self.terms.side)
            && self.spec.host == other.host
            && self.spec.enabled == other.enabled
    }
}

/// The id of a rule of the configuration: the same for as long as it has its name.
pub(super) fn id_of_name(name: &str) -> String {
    let digest = Sha256::digest(name.as_bytes());
    digest.iter().take(6).fold("c".to_owned(), |id, byte| format!("{id}{byte:02x}"))
}
