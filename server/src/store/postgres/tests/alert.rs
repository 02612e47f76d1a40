//! Of several servers that share a database, one speaks for a machine.

use sqlx::Connection as _;

use super::*;
use crate::store::{AlertStateRow, AlertStore as _, Speaks};

const HOUR: Duration = Duration::from_secs(60 * 60);

/// As one server claims it, on a connection of its own.
async fn claim(database: &Database, server: &str, time: Duration) -> Speaks {
    let mut on = database.connect().await;
    let mut transaction = on.begin().await.unwrap();
    let speaks = speaker::claim(&mut transaction, "box", server, time).await.unwrap();
    transaction.commit().await.unwrap();
    speaks
}

fn state(series: &str) -> AlertStateRow {
    AlertStateRow {
        rule_id: "r".to_owned(),
        host: "box".to_owned(),
        series: series.to_owned(),
        side: "above".to_owned(),
        threshold: Some(90.0),
        state: "firing".to_owned(),
        since: 1,
        fired: 1,
        value: None,
        told: "raised".to_owned(),
    }
}

#[tokio::test]
async fn of_servers_that_would_all_speak_for_a_machine_one_does() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    for round in 0..5 {
        let claims = (0..8).map(|n| {
            let server = format!("{round}-{n}");
            let database = &database;
            async move { claim(database, &server, HOUR).await }
        });
        let claimed = futures_util::future::join_all(claims).await;
        let speaks = |what| claimed.iter().filter(|claimed| **claimed == what).count();
        assert_eq!((speaks(Speaks::Anew), speaks(Speaks::No)), (1, 7), "{claimed:?}");
        let over = "UPDATE alert_speakers SET until = 0";
        sqlx::query(over).execute(&mut database.connect().await).await.unwrap();
    }
    assert_eq!(store.speak_for("attic", "one", HOUR).await.unwrap(), Speaks::Anew, "another's");
    store.close().await;
}

#[tokio::test]
async fn another_server_speaks_once_the_one_that_did_leaves_or_its_time_is_over() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    assert_eq!(store.speak_for("box", "one", HOUR).await.unwrap(), Speaks::Anew);
    assert_eq!(claim(&database, "other", HOUR).await, Speaks::No);
    store.fall_silent("box", "stranger").await.unwrap();
    assert_eq!(claim(&database, "other", HOUR).await, Speaks::No, "that was not its to leave");
    store.fall_silent("box", "one").await.unwrap();
    assert_eq!(claim(&database, "other", Duration::from_millis(1)).await, Speaks::Anew);
    let begun = Instant::now();
    while store.speak_for("box", "one", HOUR).await.unwrap() == Speaks::No {
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(claim(&database, "other", HOUR).await, Speaks::No);
    store.close().await;
}

#[tokio::test]
async fn a_server_that_speaks_no_more_keeps_nothing_and_one_that_comes_finds_all_that_was_kept() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    assert_eq!(store.speak_for("box", "one", Duration::ZERO).await.unwrap(), Speaks::Anew);
    // Nobody has taken its place yet, and nobody does while it keeps something.
    let mut on = database.connect().await;
    let mut keeping = on.begin().await.unwrap();
    assert!(speaker::hold(&mut keeping, "box", "one").await.unwrap());
    alert_sql::keep(&mut keeping, "box", &[state("cpu.total")], &[]).await.unwrap();
    let mut looker = database.connect().await;
    let waits = async {
        let begun = Instant::now();
        loop {
            let waiting = "SELECT count(*) FROM pg_stat_activity \
                           WHERE datname = current_database() AND wait_event_type = 'Lock'";
            let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut looker).await.unwrap();
            if waiting == 1 {
                return keeping.commit().await.unwrap();
            }
            assert!(begun.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let (speaks, ()) = tokio::join!(claim(&database, "other", HOUR), waits);
    assert_eq!(speaks, Speaks::Anew);
    assert_eq!(store.alert_states("box").await.unwrap(), [state("cpu.total")]);
    let gone = [("r".to_owned(), "cpu.total".to_owned())];
    assert!(!store.keep_alert_states("box", "one", &[state("load.1")], &gone).await.unwrap());
    assert_eq!(store.alert_states("box").await.unwrap(), [state("cpu.total")]);
    store.close().await;
}
