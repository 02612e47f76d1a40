//! Two servers of one machine on one Postgres: one of them tells users, and the other once it is gone.

use std::sync::Arc;

use test_postgres::Database;

use super::task::Running;
use super::*;
use crate::config::Config;
use crate::store::{Claim, PostgresStore, Speaks, Store};

const ABOVE: &str = "CPU above 90% on box";
const BACK: &str = "CPU is back down to 85.5% on box";

const HOUR: Duration = Duration::from_secs(60 * 60);

struct Pair {
    _database: Database,
    store: Arc<dyn Store>,
    config: Config,
}

impl Pair {
    async fn new() -> Self {
        let database = Database::new().await.unwrap();
        let store =
            PostgresStore::open(&database.url().into(), false, Claim::Shared).await.unwrap();
        let rule =
            "[[alerts]]\nname = \"Busy\"\nmetric = \"cpu.total\"\nabove = 90\nrecover_for = \"0s\"";
        Self { _database: database, store: Arc::new(store), config: toml::from_str(rule).unwrap() }
    }

    async fn start(&self) -> Running {
        Running::start(&self.store, &self.config).await
    }

    /// One that speaks, and one that does not.
    async fn both(&self) -> (Running, Running) {
        let one = self.start().await;
        one.until("it speaks", speaks).await;
        let other = self.start().await;
        other.sample(5.0);
        other.until("it judges", |server| state(server) == AlertState::Ok).await;
        assert!(!speaks(&other));
        (one, other)
    }

    /// As if the time of the one that speaks were over.
    async fn end_time(&self, speaks: &str) {
        self.store.fall_silent("box", speaks).await.unwrap();
    }

    /// Has a third server speak.
    async fn take_from(&self, server: &Running) {
        let third = async {
            while self.store.speak_for("box", "third", HOUR).await.unwrap() == Speaks::No {
                self.end_time(server.alerts.0.speaker.name()).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), third).await.expect("it speaks");
    }

    /// Until the database has what users were told.
    async fn until_kept(&self, told: usize) {
        let kept = async {
            while self.store.alert_states("box").await.unwrap().len() != told {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), kept).await.expect("it is kept");
    }
}

fn speaks(server: &Running) -> bool {
    server.alerts.board().speaks()
}

fn state(server: &Running) -> AlertState {
    server.alerts.list()[0].state
}

/// Both have the sample, and both have judged it.
async fn sample(servers: &[&Running], value: f32, expected: AlertState) {
    for server in servers {
        server.sample(value);
        server.until("it is judged", |server| state(server) == expected).await;
    }
}

#[tokio::test]
async fn one_of_two_servers_tells_and_the_other_goes_on_when_it_stops() {
    let pair = Pair::new().await;
    let (one, other) = pair.both().await;
    sample(&[&one, &other], 95.0, AlertState::Firing).await;
    one.until("users hear of it", |server| server.heard.titles() == [ABOVE]).await;
    pair.until_kept(1).await;
    one.end().await;
    other.until("it speaks", speaks).await;
    // It knows that users know.
    other.sample(96.0);
    other
        .until("it is judged", |server| server.alerts.list()[0].series[0].value == Some(96.0))
        .await;
    other.sample(5.0);
    other.until("users hear of it", |server| !server.heard.titles().is_empty()).await;
    pair.until_kept(0).await;
    assert_eq!(other.heard.titles(), [BACK]);
    other.end().await;
    pair.store.close().await;
}

#[tokio::test]
async fn what_a_server_crashed_over_is_told_by_the_other_and_what_it_told_is_not() {
    let pair = Pair::new().await;
    let (one, other) = pair.both().await;
    sample(&[&one, &other], 95.0, AlertState::Firing).await;
    one.until("users hear of it", |server| server.heard.titles() == [ABOVE]).await;
    pair.until_kept(1).await;
    one.task.abort();
    // It is over while nobody speaks.
    sample(&[&other], 5.0, AlertState::Ok).await;
    assert!(!speaks(&other) && other.heard.titles().is_empty());
    pair.end_time(one.alerts.0.speaker.name()).await;
    other.until("it speaks", speaks).await;
    other.sample(4.0);
    other.until("users hear of it", |server| server.heard.titles() == [BACK]).await;
    pair.until_kept(0).await;
    other.end().await;
    pair.store.close().await;
}

#[tokio::test]
async fn a_server_that_stood_still_says_nothing_until_it_has_read_what_was_told_meanwhile() {
    let pair = Pair::new().await;
    let one = pair.start().await;
    one.until("it speaks", speaks).await;
    // Another has taken its place, told that it is wrong, and is gone again.
    pair.take_from(&one).await;
    sample(&[&one], 95.0, AlertState::Firing).await;
    one.until("it hears of the other", |server| !speaks(server)).await;
    assert!(one.heard.titles().is_empty());
    let told = AlertStateRow {
        rule_id: one.alerts.list()[0].id.clone(),
        host: "box".to_owned(),
        series: "cpu.total".to_owned(),
        side: "above".to_owned(),
        threshold: Some(90.0),
        state: "firing".to_owned(),
        since: 1_760_000_000_000,
        fired: 1_760_000_000_000,
        value: Some(95.0),
        told: "raised".to_owned(),
    };
    assert!(pair.store.keep_alert_states("box", "third", &[told], &[]).await.unwrap());
    pair.end_time("third").await;
    one.until("it speaks", speaks).await;
    assert_eq!(one.alerts.list()[0].series[0].since, 1_760_000_000_000);
    one.sample(5.0);
    one.until("users hear of it", |server| !server.heard.titles().is_empty()).await;
    pair.until_kept(0).await;
    assert_eq!(one.heard.titles(), [BACK]);
    one.end().await;
    pair.store.close().await;
}
