//! Two servers of one machine on one Postgres: one of them tells users, and the other once it is gone.

use std::str::FromStr as _;
use std::sync::Arc;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use test_postgres::Database;

use super::task::Running;
use super::*;
use crate::config::Config;
use crate::store::{PostgresStore, Store};

const ABOVE: &str = "CPU above 90% on box";
const BACK: &str = "CPU is back down to 85.5% on box";

struct Pair {
    database: Database,
    store: Arc<dyn Store>,
    config: Config,
}

impl Pair {
    async fn new() -> Self {
        let database = Database::new().await.unwrap();
        let store = PostgresStore::open(&database.url().into(), false).await.unwrap();
        let rule =
            "[[alerts]]\nname = \"Busy\"\nmetric = \"cpu.total\"\nabove = 90\nrecover_for = \"0s\"";
        Self { database, store: Arc::new(store), config: toml::from_str(rule).unwrap() }
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

    async fn connect(&self) -> PgConnection {
        PgConnectOptions::from_str(&self.database.url()).unwrap().connect().await.unwrap()
    }

    /// As if that much time had passed.
    async fn end_time(&self) {
        let over = "UPDATE alert_speakers SET until = 0";
        sqlx::query(over).execute(&mut self.connect().await).await.unwrap();
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
    pair.end_time().await;
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
    let mut on = pair.connect().await;
    let taken = "UPDATE alert_speakers SET server = 'other', until = 9000000000000";
    sqlx::query(taken).execute(&mut on).await.unwrap();
    sample(&[&one], 95.0, AlertState::Firing).await;
    one.until("it hears of the other", |server| !speaks(server)).await;
    assert!(one.heard.titles().is_empty());
    let told = "INSERT INTO alert_states VALUES \
                ($1, 'box', 'cpu.total', 'above', 90, 'firing', 1760000000000, 1760000000000, 95, 'raised')";
    let id = one.alerts.list()[0].id.clone();
    sqlx::query(told).bind(id).execute(&mut on).await.unwrap();
    pair.end_time().await;
    one.until("it speaks", speaks).await;
    assert_eq!(one.alerts.list()[0].series[0].since, 1_760_000_000_000);
    one.sample(5.0);
    one.until("users hear of it", |server| !server.heard.titles().is_empty()).await;
    pair.until_kept(0).await;
    assert_eq!(one.heard.titles(), [BACK]);
    one.end().await;
    pair.store.close().await;
}
