//! What alerts need of a database: rules that were made by requests, and what must outlive a restart of how rules stand.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::StoreError;

/// A rule as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertRuleRow {
    /// Never changes.
    pub id: String,
    /// What people call it; no two are alike.
    pub name: String,
    /// What it says, as JSON.
    pub rule: String,
    /// When it was made, in ms since the epoch.
    pub created_at: u64,
}

/// How a series of a rule stands on a machine.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertStateRow {
    /// Of which rule, which may be one of the configuration.
    pub rule_id: String,
    /// On which machine.
    pub host: String,
    /// Name of the metric.
    pub series: String,
    /// On which side of its threshold it is wrong.
    pub side: String,
    /// The threshold it was wrong by, if it ever was.
    pub threshold: Option<f64>,
    /// How it stands.
    pub state: String,
    /// Since when, in ms since the epoch.
    pub since: u64,
    /// When it was wrong the last time, since when, in ms since the epoch.
    pub fired: u64,
    /// The figure it began with.
    pub value: Option<f64>,
    /// What users were told last.
    pub told: String,
}

/// What came of saving a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is kept.
    Yes,
    /// Another has its name; nothing changed.
    NameTaken,
    /// It says something else by now, or is gone; nothing changed.
    NotAsItWas,
}

/// Whether a server is the one that speaks for a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speaks {
    /// It has been all the time.
    Still,
    /// It is from now on: another may have been.
    Anew,
    /// Another is.
    No,
}

/// The rules of alerts, and how they stand.
pub trait AlertStore {
    /// All rules, the oldest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn alert_rules(&self) -> BoxFuture<'_, Result<Vec<AlertRuleRow>, StoreError>>;

    /// Adds a rule, or has the one of its id, which stays as old as it is, say something else, if it still says what it `was`:
    /// another server of the same database may have changed or removed it. Returns once it is on the disk.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn save_alert_rule<'a>(
        &'a self,
        row: &'a AlertRuleRow,
        was: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Saved, StoreError>>;

    /// Removes a rule and how it stands on every machine, and says whether there was one. Returns once that is on the disk.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn remove_alert_rule<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// How rules stand on this machine.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn alert_states<'a>(
        &'a self,
        host: &'a str,
    ) -> BoxFuture<'a, Result<Vec<AlertStateRow>, StoreError>>;

    /// Has the server called `server` speak for `host` for so long from now, unless another does: of those that share a
    /// database, one tells users of a machine. Where no other server can be it always does.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn speak_for<'a>(
        &'a self,
        _host: &'a str,
        _server: &'a str,
        _time: Duration,
    ) -> BoxFuture<'a, Result<Speaks, StoreError>> {
        Box::pin(async { Ok(Speaks::Still) })
    }

    /// Lets another server speak for `host` at once, if `server` does.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn fall_silent<'a>(
        &'a self,
        _host: &'a str,
        _server: &'a str,
    ) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async { Ok(()) })
    }

    /// Keeps how series of `host` stand, and forgets those of rule and series in `gone`; all or nothing. Returns once that is
    /// on the disk. False if another than `server` speaks for `host` by now: nothing changed then.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn keep_alert_states<'a>(
        &'a self,
        host: &'a str,
        server: &'a str,
        kept: &'a [AlertStateRow],
        gone: &'a [(String, String)],
    ) -> BoxFuture<'a, Result<bool, StoreError>>;
}
