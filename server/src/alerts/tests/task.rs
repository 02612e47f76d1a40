//! The task, with a database and inboxes that may fail.

use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use tidings_protocol::alert::AlertChange;
use tidings_protocol::notification::NewNotification;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::alerts::outlet::{Outlet, Whom};
use crate::alerts::{AlertError, Alerts, Found};
use crate::config::Config;
use crate::notifications::NotifyError;
use crate::store::{AlertRuleRow, Saved, SqliteStore, Store, StoreError};

/// Remembers what Ada and the admins are told, unless the database is away.
#[derive(Debug, Default)]
pub(super) struct Heard {
    titles: Mutex<Vec<String>>,
    is_away: Mutex<bool>,
    /// To whom the last of them went.
    whom: Mutex<String>,
    /// Ada was removed.
    is_alone: Mutex<bool>,
}

impl Heard {
    pub(super) fn titles(&self) -> Vec<String> {
        self.titles.lock().unwrap().clone()
    }
}

impl Outlet for Heard {
    fn tell<'a>(
        &'a self,
        whom: Whom<'a>,
        notification: &'a NewNotification,
    ) -> BoxFuture<'a, Result<(), NotifyError>> {
        Box::pin(async move {
            if *self.is_away.lock().unwrap() {
                return Err(StoreError::Busy.into());
            }
            *self.whom.lock().unwrap() = format!("{whom:?}");
            self.titles.lock().unwrap().push(notification.title.clone().unwrap());
            Ok(())
        })
    }

    fn ids(&self, names: &[String]) -> Result<Vec<String>, String> {
        let is_alone = *self.is_alone.lock().unwrap();
        let stranger = names.iter().find(|name| *name != "ada" || is_alone);
        stranger.map_or_else(|| Ok(vec!["id of ada".to_owned()]), |name| Err(name.clone()))
    }

    fn names(&self, ids: &[String]) -> Vec<String> {
        assert_eq!(ids, ["id of ada"]);
        if *self.is_alone.lock().unwrap() { vec![] } else { vec!["ada".to_owned()] }
    }
}

pub(super) struct Running {
    pub(super) alerts: Alerts,
    samples: watch::Sender<Option<Arc<Snapshot>>>,
    pub(super) heard: Arc<Heard>,
    stop: CancellationToken,
    pub(super) task: tokio::task::JoinHandle<()>,
}

impl Running {
    pub(super) async fn start(store: &Arc<dyn Store>, config: &Config) -> Self {
        let found = Found::load(store.as_ref(), "box").await.unwrap();
        let heard = Arc::new(Heard::default());
        let outlet = Arc::clone(&heard) as Arc<dyn Outlet>;
        let alerts = Alerts::new(config, "box", Some(Arc::clone(store)), found, outlet);
        let (samples, newest) = watch::channel(None);
        let stop = CancellationToken::new();
        let task = tokio::spawn(alerts.clone().run(newest, stop.clone()));
        Self { alerts, samples, heard, stop, task }
    }

    pub(super) fn sample(&self, total: f32) {
        self.samples.send_replace(Some(Arc::new(cpu(total))));
    }

    pub(super) async fn until(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        let wait = async {
            while !condition(self) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect(what);
    }

    pub(super) async fn end(self) {
        self.stop.cancel();
        tokio::time::timeout(Duration::from_secs(5), self.task).await.unwrap().unwrap();
    }
}

async fn store(folder: &tempfile::TempDir) -> Arc<dyn Store> {
    Arc::new(SqliteStore::open(&folder.path().join("x.db"), false).await.unwrap())
}

#[tokio::test]
async fn what_is_told_outlives_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let (store, config) = (store(&folder).await, Config::default());
    let server = Running::start(&store, &config).await;
    let alert = server
        .alerts
        .create(spec(json!({ "users": ["ada"], "recoverForSeconds": 0 })))
        .await
        .unwrap();
    server.sample(95.0);
    server.until("Ada hears of it", |server| server.heard.titles().len() == 1).await;
    assert_eq!(*server.heard.whom.lock().unwrap(), "Users([\"id of ada\"])");
    let kept = async {
        while store.alert_states("box").await.unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), kept).await.expect("it is kept");
    server.end().await;

    let server = Running::start(&store, &config).await;
    let found = server.alerts.find(&alert.id).unwrap();
    assert_eq!((found.rule, found.state), (alert.rule, AlertState::Firing));
    server.sample(5.0);
    server.until("it is over", |server| server.heard.titles().len() == 1).await;
    assert_eq!(server.heard.titles(), ["CPU is back down to 85.5% on box"]);
    server.end().await;
}

#[tokio::test(start_paused = true)]
async fn while_inboxes_are_away_it_is_tried_again_until_they_are_back() {
    let config = crate::config::Config {
        alerts: toml::from_str::<Config>(
            "[[alerts]]\nname = \"B\"\nmetric = \"cpu.total\"\nabove = 9",
        )
        .unwrap()
        .alerts,
        ..Config::default()
    };
    let heard = Arc::new(Heard::default());
    *heard.is_away.lock().unwrap() = true;
    let outlet = Arc::clone(&heard) as Arc<dyn Outlet>;
    let alerts = Alerts::new(&config, "box", None, Found::default(), outlet);
    let (samples, newest) = watch::channel(None);
    let stop = CancellationToken::new();
    let task = tokio::spawn(alerts.clone().run(newest, stop.clone()));
    let server = Running { alerts, samples, heard, stop, task };
    server.sample(10.0);
    server.until("it fires", |server| server.alerts.list()[0].state == AlertState::Firing).await;
    *server.heard.is_away.lock().unwrap() = false;
    // There are no more samples: soon they hear of that, too.
    let has_heard =
        |server: &Running| server.heard.titles().iter().any(|told| told == "CPU above 9% on box");
    server.until("they hear of it", has_heard).await;
    server.end().await;
}

#[tokio::test(start_paused = true)]
async fn what_is_due_of_many_rules_is_sent_in_rounds_with_time_between() {
    let rules =
        (0..45).map(|n| format!("[[alerts]]\nname = \"{n}\"\nmetric = \"cpu.total\"\nabove = 9\n"));
    let config = toml::from_str::<Config>(&rules.collect::<String>()).unwrap();
    let heard = Arc::new(Heard::default());
    let outlet = Arc::clone(&heard) as Arc<dyn Outlet>;
    let alerts = Alerts::new(&config, "box", None, Found::default(), outlet);
    let (samples, newest) = watch::channel(None);
    let stop = CancellationToken::new();
    let task = tokio::spawn(alerts.clone().run(newest, stop.clone()));
    let server = Running { alerts, samples, heard, stop, task };
    let begun = tokio::time::Instant::now();
    server.sample(10.0);
    for (round, heard) in [20, 40, 45].into_iter().enumerate() {
        server.until("a round", |server| server.heard.titles().len() >= heard).await;
        assert_eq!(server.heard.titles().len(), heard);
        let round = u32::try_from(round).unwrap();
        assert!(begun.elapsed() >= Duration::from_secs(10) * round, "round {round} is too soon");
    }
    server.end().await;
}

#[tokio::test]
async fn a_rule_is_made_changed_and_removed_or_refused_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let text = "[[alerts]]\nname = \"Fixed\"\nmetric = \"cpu.total\"\nabove = 90\n";
    let config = toml::from_str::<Config>(text).unwrap();
    let server = Running::start(&store(&folder).await, &config).await;
    let alerts = &server.alerts;
    let fixed = alerts.list().remove(0);
    let change = AlertChange { above: Some(50.0), ..AlertChange::default() };
    assert!(matches!(alerts.change(&fixed.id, change.clone()).await, Err(AlertError::Configured)));
    assert!(matches!(alerts.remove(&fixed.id).await, Err(AlertError::Configured)));
    assert!(matches!(alerts.remove("none").await, Err(AlertError::NoSuch)));

    let made = alerts.create(spec(json!({ "host": null }))).await.unwrap();
    assert_eq!((made.source, made.rule.host.as_deref()), (AlertSource::Store, Some("box")));
    for name in ["Busy", "Fixed"] {
        let again = alerts.create(spec(json!({ "name": name }))).await;
        assert!(matches!(again, Err(AlertError::NameTaken)), "{name}");
    }
    let stranger = alerts.create(spec(json!({ "name": "x", "users": ["ada", "bob"] }))).await;
    assert!(matches!(stranger, Err(AlertError::NoSuchUser(user)) if user == "bob"));
    let wrong = alerts.create(spec(json!({ "name": "x", "metric": "cpu.totl" }))).await;
    assert!(matches!(wrong, Err(AlertError::Invalid(why)) if why.contains("`cpu.total`")));

    assert_eq!(alerts.change(&made.id, change).await.unwrap().rule.above, Some(50.0));
    assert_eq!(alerts.find(&made.id).unwrap().recovers_at, 47.5);
    let both = AlertChange { above: Some(1.0), below: Some(1.0), ..AlertChange::default() };
    assert!(matches!(alerts.change(&made.id, both).await, Err(AlertError::Invalid(_))));
    alerts.remove(&made.id).await.unwrap();
    assert!(matches!(alerts.find(&made.id), Err(AlertError::NoSuch)));
    assert_eq!(alerts.list(), [fixed]);
    server.end().await;
}

#[tokio::test]
async fn a_change_is_made_of_what_a_rule_says_by_now_and_brings_none_back() {
    let folder = tempfile::tempdir().unwrap();
    let (store, config) = (store(&folder).await, Config::default());
    let one = Running::start(&store, &config).await;
    let other = Running::start(&store, &config).await;
    let made = one.alerts.create(spec(json!({}))).await.unwrap();
    // The other has not read it yet, and does not know what the one makes of it.
    let above = AlertChange { above: Some(50.0), ..AlertChange::default() };
    let time = AlertChange { for_seconds: Some(7), ..AlertChange::default() };
    other.alerts.change(&made.id, above).await.unwrap();
    let changed = one.alerts.change(&made.id, time.clone()).await.unwrap();
    assert_eq!((changed.rule.above, changed.rule.for_seconds), (Some(50.0), 7));

    one.alerts.remove(&made.id).await.unwrap();
    let late = other.alerts.change(&made.id, time).await;
    assert!(matches!(late, Err(AlertError::NoSuch)), "{late:?}");
    assert!(matches!(other.alerts.remove(&made.id).await, Err(AlertError::NoSuch)));
    assert!(other.alerts.list().is_empty() && store.alert_rules().await.unwrap().is_empty());
    one.end().await;
    other.end().await;
}

#[tokio::test]
async fn a_rule_for_somebody_who_was_removed_is_changed_all_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&store(&folder).await, &Config::default()).await;
    let alerts = &server.alerts;
    let made = alerts.create(spec(json!({ "users": ["ada"] }))).await.unwrap();
    *server.heard.is_alone.lock().unwrap() = true;
    let off = AlertChange { enabled: Some(false), ..AlertChange::default() };
    assert_eq!(alerts.change(&made.id, off).await.unwrap().state, AlertState::Disabled);
    let users = Some(Some(vec!["ada".to_owned()]));
    let again = alerts.change(&made.id, AlertChange { users, ..AlertChange::default() }).await;
    assert!(matches!(again, Err(AlertError::NoSuchUser(_))), "{again:?}");
    server.end().await;
}

#[tokio::test]
async fn what_another_server_makes_of_the_rules_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let (store, config) = (store(&folder).await, Config::default());
    let one = Running::start(&store, &config).await;
    let other = Running::start(&store, &config).await;
    let made = one.alerts.create(spec(json!({}))).await.unwrap();
    assert!(other.alerts.list().is_empty());
    other.alerts.reload().await.unwrap();
    other.sample(95.0);
    other.until("it fires", |server| server.alerts.list()[0].state == AlertState::Firing).await;
    let change = AlertChange { name: Some("Wild".to_owned()), ..AlertChange::default() };
    one.alerts.change(&made.id, change).await.unwrap();
    other.alerts.reload().await.unwrap();
    let found = other.alerts.find(&made.id).unwrap();
    assert_eq!((found.rule.name.as_str(), found.state), ("Wild", AlertState::Firing));
    one.alerts.remove(&made.id).await.unwrap();
    other.alerts.reload().await.unwrap();
    assert!(other.alerts.list().is_empty());
    one.end().await;
    other.end().await;
}

/// Counts what is logged.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_rule_of_a_newer_server_is_left_out_and_logged_once() {
    let folder = tempfile::tempdir().unwrap();
    let (store, config) = (store(&folder).await, Config::default());
    let newer = AlertRuleRow {
        id: "n".to_owned(),
        name: "Newer".to_owned(),
        rule: "{\"shape\":\"round\"}".to_owned(),
        created_at: 1,
    };
    assert_eq!(store.save_alert_rule(&newer, None).await.unwrap(), Saved::Yes);
    let server = Running::start(&store, &config).await;
    let lines = Lines::default();
    let writer = lines.clone();
    let logged = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
    let _logging = tracing::subscriber::set_default(logged);
    let count = || String::from_utf8_lossy(&lines.0.lock().unwrap()).matches("left out").count();
    for _ in 0..3 {
        server.alerts.reload().await.unwrap();
    }
    assert_eq!(count(), 0, "it was at the start");
    store.remove_alert_rule("n").await.unwrap();
    server.alerts.reload().await.unwrap();
    assert_eq!(store.save_alert_rule(&newer, None).await.unwrap(), Saved::Yes);
    for _ in 0..3 {
        server.alerts.reload().await.unwrap();
    }
    assert_eq!(count(), 1);
    assert!(server.alerts.list().is_empty());
    server.end().await;
}

#[tokio::test]
async fn there_are_two_hundred_rules_at_most() {
    let folder = tempfile::tempdir().unwrap();
    let server = Running::start(&store(&folder).await, &Config::default()).await;
    for n in 0..200 {
        server.alerts.create(spec(json!({ "name": n.to_string() }))).await.unwrap();
    }
    assert!(matches!(server.alerts.create(spec(json!({}))).await, Err(AlertError::TooMany)));
    server.end().await;
}
