//! Alerts: rules that the figures of this machine are held to, and users who hear when one is broken.
//!
//! - `rule`: a rule that was checked.
//! - `machine`: one series of a rule, without a clock: what is the case, and what users know of it.
//! - `judged`, `board`: a rule with its series, all rules; `heartbeat`: whether there are samples; `due`: what users are to be told; `text`: what they read; `kept`: what outlives a restart.
//! - `speaker`: which of several servers of one machine tells users.
//! - `task`: judges the collectors' samples as they are taken, and sends what is due to the `outlet`.
//! - [`Alerts`]: what routes ask.
//!
//! Samples come from the collectors themselves and not from the hub: anybody who may publish to `metrics/{host}` could say
//! anything there, and what the machine does is to be judged also while the hub takes no events.

mod board;
mod due;
mod error;
mod heartbeat;
mod judged;
mod kept;
mod machine;
pub(crate) mod outlet;
mod rule;
mod speaker;
mod task;
#[cfg(test)]
mod tests;
mod text;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidings_protocol::alert::{
    Alert, AlertChange, AlertRule, AlertSource, MAX_RULES, quiet_windows,
};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use error::AlertError;
pub(crate) use task::Samples;

use crate::auth::Secret;
use crate::clock;
use crate::config::Config;
use crate::config::alerts::why;
use crate::store::{AlertRuleRow, AlertStateRow, Saved, Store, StoreError};
use board::Board;
use machine::Now;
use outlet::Outlet;
use rule::{Rule, id_of_name};
use speaker::Speaker;

/// How often a change is made of what a rule says by then, where other servers change it at the same time.
const ATTEMPTS: usize = 3;

/// Hex digits of an id.
const ID_DIGITS: usize = 12;

/// The alerts of a server; clones are the same.
#[derive(Clone, Debug)]
pub struct Alerts(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Option<Arc<dyn Store>>,
    outlet: Arc<dyn Outlet>,
    board: Mutex<Board>,
    speaker: Speaker,
    /// Rows that are no rules to this server, by id.
    unreadable: Mutex<HashSet<String>>,
    /// Held over a change of database and memory, so that they stay equal.
    changing: tokio::sync::Mutex<()>,
    /// There is something to tell or to keep.
    wake: Notify,
    begun: Instant,
}

/// What a database has of the alerts of a machine.
#[derive(Debug, Default)]
pub(crate) struct Found {
    rules: Vec<AlertRuleRow>,
    states: Vec<AlertStateRow>,
}

impl Found {
    /// What is in `store` for the machine called `host`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn load(store: &dyn Store, host: &str) -> Result<Self, StoreError> {
        let (rules, states) = (store.alert_rules().await?, store.alert_states(host).await?);
        Ok(Self { rules, states })
    }
}

impl Alerts {
    /// The rules of `config` and those that were `found` in `store`, on the machine called `host`, which goes on from where
    /// it was.
    #[must_use]
    pub(crate) fn new(
        config: &Config,
        host: &str,
        store: Option<Arc<dyn Store>>,
        found: Found,
        outlet: Arc<dyn Outlet>,
    ) -> Self {
        let quiet = quiet_windows(&config.alerting.quiet).unwrap_or_default();
        let interval = Duration::from_millis(config.collectors.interval_ms);
        let begun = Instant::now();
        let mut board = Board::new(host.to_owned(), quiet, interval, now(begun));
        for alert in &config.alerts {
            let (id, spec) = (id_of_name(&alert.name), alert.rule());
            let name = alert.name.as_str();
            if let Some(Err(user)) = spec.users.as_deref().map(|users| outlet.ids(users)) {
                tracing::warn!(
                    name,
                    user,
                    "an alert of the configuration is for a user there is not"
                );
            }
            match Rule::new(id, AlertSource::Configuration, spec, host) {
                Ok(rule) => board.put(rule),
                // The configuration was checked before.
                Err(error) => tracing::error!(%error, name, "an alert is left out"),
            }
        }
        let mut unreadable = HashSet::new();
        let rules = found.rules.iter().filter_map(|row| read(row, host, &mut unreadable));
        rules.for_each(|rule| board.put(rule));
        board.restore(found.states);
        let speaker = Speaker::new(store.as_ref().is_some_and(|store| !store.is_alone()));
        if speaker.has_others() {
            // Until it is found that none of them speaks.
            board.fall_silent();
        }
        Self(Arc::new(Inner {
            store,
            outlet,
            board: Mutex::new(board),
            speaker,
            unreadable: Mutex::new(unreadable),
            changing: tokio::sync::Mutex::default(),
            wake: Notify::new(),
            begun,
        }))
    }

    /// Judges `samples` until `stop`.
    pub(crate) async fn run(self, samples: Samples, stop: CancellationToken) {
        task::run(self, samples, stop).await;
    }

    /// Every rule and how it stands.
    #[must_use]
    pub fn list(&self) -> Vec<Alert> {
        let alerts = self.board().alerts();
        alerts.into_iter().map(|alert| self.with_names(alert)).collect()
    }

    /// One rule and how it stands.
    ///
    /// # Errors
    ///
    /// If there is none of this id.
    pub fn find(&self, id: &str) -> Result<Alert, AlertError> {
        let alert = self.board().find(id).ok_or(AlertError::NoSuch)?;
        Ok(self.with_names(alert))
    }

    /// The alert as people read it: users by the names they have, and not by the ids that are kept.
    fn with_names(&self, mut alert: Alert) -> Alert {
        if alert.source == AlertSource::Store
            && let Some(users) = &mut alert.rule.users
        {
            *users = self.0.outlet.names(users);
        }
        alert
    }

    /// Adds a rule. Must be called within a tokio runtime; a caller that goes away leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If it is none, its name is taken, there are too many, or the database fails.
    pub async fn create(&self, spec: AlertRule) -> Result<Alert, AlertError> {
        let this = self.clone();
        to_its_end(async move {
            let _changing = this.0.changing.lock().await;
            if this.board().rules().count() >= MAX_RULES {
                return Err(AlertError::TooMany);
            }
            let id: String = Secret::generate().expose().chars().take(ID_DIGITS).collect();
            this.put(&id, spec, None).await?.ok_or(AlertError::NoSuch)
        })
        .await
    }

    /// Changes a rule. What is the case by it stays, and is judged by what it says now, unless that is something else
    /// altogether: other figures, another side, another machine. Must be called within a tokio runtime; a caller that goes
    /// away leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If there is none, it is of the configuration, it would be none, its name is taken, or the database fails.
    pub async fn change(&self, id: &str, change: AlertChange) -> Result<Alert, AlertError> {
        let (this, id) = (self.clone(), id.to_owned());
        to_its_end(async move {
            let _changing = this.0.changing.lock().await;
            let names_users = change.users.is_some();
            for _ in 0..ATTEMPTS {
                let was = this.stored(&id).await?;
                let spec = serde_json::from_str(&was).map_err(AlertError::Unreadable)?;
                let spec = change.clone().of(spec);
                if let Some(alert) = this.put(&id, spec, Some((&was, names_users))).await? {
                    return Ok(alert);
                }
            }
            Err(StoreError::Busy.into())
        })
        .await
    }

    /// Removes a rule; what is wrong by it is over, and nobody is told. Must be called within a tokio runtime; a caller that
    /// goes away leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If there is none, it is of the configuration, or the database fails; the rule goes on then.
    pub async fn remove(&self, id: &str) -> Result<(), AlertError> {
        let (this, id) = (self.clone(), id.to_owned());
        to_its_end(async move {
            let _changing = this.0.changing.lock().await;
            this.check_changeable(&id)?;
            let store = this.0.store.as_ref().ok_or(AlertError::NoStore)?;
            let was_there = store.remove_alert_rule(&id).await?;
            this.board().remove(&id);
            this.0.wake.notify_one();
            if was_there { Ok(()) } else { Err(AlertError::NoSuch) }
        })
        .await
    }

    /// Takes over what other servers of the same database have made of the rules.
    ///
    /// # Errors
    ///
    /// If the database fails; the rules stay as they are then.
    async fn reload(&self) -> Result<(), StoreError> {
        let Some(store) = &self.0.store else { return Ok(()) };
        let _changing = self.0.changing.lock().await;
        let rows = store.alert_rules().await?;
        let mut board = self.board();
        let stored = board.rules().filter(|rule| rule.source == AlertSource::Store);
        let known: HashMap<_, _> =
            stored.map(|rule| (rule.id.clone(), rule.spec.clone())).collect();
        for id in known.keys().filter(|id| !rows.iter().any(|row| row.id == **id)) {
            board.remove(id);
        }
        let host = board.host().to_owned();
        let mut unreadable = self.0.unreadable.lock().unwrap_or_else(PoisonError::into_inner);
        unreadable.retain(|id| rows.iter().any(|row| row.id == *id));
        for rule in rows.iter().filter_map(|row| read(row, &host, &mut unreadable)) {
            if known.get(&rule.id) != Some(&rule.spec) {
                board.put(rule);
            }
        }
        Ok(())
    }

    /// Rules of the configuration are changed there.
    fn check_changeable(&self, id: &str) -> Result<(), AlertError> {
        let board = self.board();
        match board.rules().find(|rule| rule.id == id).map(|rule| rule.source) {
            None | Some(AlertSource::Store) => Ok(()),
            Some(_) => Err(AlertError::Configured),
        }
    }

    /// What a rule says in the store by now, whatever this server knows of it: others may have changed it a moment ago.
    async fn stored(&self, id: &str) -> Result<String, AlertError> {
        self.check_changeable(id)?;
        let Some(store) = &self.0.store else { return Err(AlertError::NoSuch) };
        let row = store.alert_rules().await?.into_iter().find(|row| row.id == id);
        if row.is_none() {
            self.board().remove(id);
            self.0.wake.notify_one();
        }
        row.map(|row| row.rule).ok_or(AlertError::NoSuch)
    }

    /// Checks a rule, keeps it and judges by it. Of one that is changed, it is told what it was in the store, and whether it says
    /// anew whom it is for; it is null if it is something else by now. Whom it is for is looked at where that is new, and kept by
    /// id: a rule for somebody who was removed meanwhile can be changed all the same, and is not for the next of that name.
    async fn put(
        &self,
        id: &str,
        spec: AlertRule,
        was: Option<(&str, bool)>,
    ) -> Result<Option<Alert>, AlertError> {
        let store = self.0.store.as_ref().ok_or(AlertError::NoStore)?;
        let names_users = was.is_none_or(|(_, names_users)| names_users);
        let (host, metric) = (self.board().host().to_owned(), spec.metric.clone());
        let mut rule = Rule::new(id.to_owned(), AlertSource::Store, spec, &host)
            .map_err(|error| AlertError::Invalid(why(&error, &metric)))?;
        if let Some(users) = rule.spec.users.as_mut().filter(|_| names_users) {
            *users = self.0.outlet.ids(users).map_err(AlertError::NoSuchUser)?;
        }
        let is_taken = |other: &Rule| other.id != id && other.spec.name == rule.spec.name;
        if self.board().rules().any(is_taken) {
            return Err(AlertError::NameTaken);
        }
        let name = rule.spec.name.clone();
        let text = serde_json::to_string(&rule.spec).map_err(AlertError::Unwritable)?;
        let row = AlertRuleRow { id: id.to_owned(), name, rule: text, created_at: clock::now_ms() };
        match store.save_alert_rule(&row, was.map(|(was, _)| was)).await? {
            Saved::Yes => {}
            Saved::NameTaken => return Err(AlertError::NameTaken),
            Saved::NotAsItWas => return Ok(None),
        }
        let mut board = self.board();
        board.put(rule);
        self.0.wake.notify_one();
        let alert = board.find(id);
        drop(board);
        Ok(alert.map(|alert| self.with_names(alert)))
    }

    /// Whether it is this server that tells users, and no other by now.
    fn is_speaking(&self) -> bool {
        self.board().speaks() && self.0.speaker.is_sure()
    }

    fn now(&self) -> Now {
        now(self.0.begun)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.board.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The rule of a row; none if a newer server wrote it, which is logged once for each.
fn read(row: &AlertRuleRow, host: &str, unreadable: &mut HashSet<String>) -> Option<Rule> {
    let spec = serde_json::from_str(&row.rule).map_err(|error| error.to_string());
    let rule = spec.and_then(|spec| {
        let rule = Rule::new(row.id.clone(), AlertSource::Store, spec, host);
        rule.map_err(|error| error.to_string())
    });
    match rule {
        Ok(rule) => {
            unreadable.remove(&row.id);
            Some(rule)
        }
        Err(error) => {
            if unreadable.insert(row.id.clone()) {
                tracing::warn!(error, row.name, "an alert in the database is left out");
            }
            None
        }
    }
}

fn now(begun: Instant) -> Now {
    Now { monotonic: begun.elapsed(), wall: clock::now_ms() }
}

/// Runs a change of database and memory on a task of its own: a request whose client hangs up is dropped wherever it
/// stands.
async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, AlertError>> + Send + 'static,
) -> Result<T, AlertError> {
    // A task ends without a result only with its runtime, or by a panic.
    tokio::spawn(change).await.map_err(|_| StoreError::Closed)?
}
