//! What a server believes of its database once it was without it.

use super::*;

#[tokio::test]
async fn what_a_crash_may_take_is_there_again_for_the_next_who_reads() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=3), 3, 0).await.unwrap();
    store.append(&rows(4..=20), 21, 0).await.unwrap();
    lose(&database, 3).await;
    let all: Vec<u64> = (1..=20).collect();
    assert_eq!(held(&store).await, all);
    assert_eq!(store.load().await.unwrap().unwrap().head, 21);
    store.append(&rows([22]), 22, 0).await.unwrap();
    assert_eq!(held(&store).await.len(), 21);
    assert_eq!(store.topics().await.unwrap().len(), 7);
}

/// As in the moment when what was lost is there again, and it is not known yet under which numbers; and on a server that is
/// behind.
#[tokio::test]
async fn a_database_that_is_not_as_it_was_left_has_no_pages_rather_than_empty_ones() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=20), 20, 0).await.unwrap();
    assert_eq!(held(&store).await.len(), 20);
    let mut on = database.connect().await;
    for (change, back) in [
        ("fence SET generation = generation + 1", "fence SET generation = generation - 1"),
        ("fence SET token = token + 1", "fence SET token = token - 1"),
        ("journal_meta SET head = 19", "journal_meta SET head = 20"),
    ] {
        let mut update = async |what: &str| {
            let update = sqlx::AssertSqlSafe(format!("UPDATE {what}"));
            sqlx::query(update).execute(&mut on).await.unwrap();
        };
        update(change).await;
        let limits = PageLimits { events: 10, bytes: 1_000 };
        let page = store.page(&["t/1", "t/2"], 0, 20, limits).await;
        assert!(matches!(page, Err(StoreError::Unreachable(_))), "{change}: {page:?}");
        let retain = Retain { events: 1, bytes: 1, oldest_at: 0 };
        assert!(store.boundary("t/1", 20, retain).await.is_err(), "{change}");
        assert!(store.aged(10).await.is_err() && store.people(None).await.is_err(), "{change}");
        update(back).await;
        assert_eq!(held(&store).await.len(), 20, "{back}");
    }
}

#[tokio::test]
async fn whoever_reads_while_lost_events_are_written_again_finds_all_or_fails() {
    const ROUNDS: u64 = 8;
    let database = Database::new().await;
    let store = Arc::new(open(&database, false).await);
    store.begin(META).await.unwrap();
    // Topics of each round's own, which are lost with their events.
    let topic = |round, n| format!("{round}/{n}");
    let topics = (0..ROUNDS).flat_map(|round| (0..7).map(move |n| topic(round, n)));
    let topics: Vec<_> = topics.collect();
    let (told, acknowledged) = tokio::sync::watch::channel(0);
    let readers: Vec<_> = (0..4)
        .map(|_| {
            let (store, topics) = (Arc::clone(&store), topics.clone());
            let mut acknowledged = acknowledged.clone();
            tokio::spawn(async move {
                let topics: Vec<_> = topics.iter().map(String::as_str).collect();
                let limits = PageLimits { events: 1_000, bytes: 1 << 20 };
                acknowledged.wait_for(|upto| *upto > 0).await.unwrap();
                while acknowledged.has_changed().is_ok() {
                    let upto = *acknowledged.borrow();
                    match store.page(&topics, 0, upto, limits).await {
                        Ok(page) => assert_eq!(page.len() as u64, upto),
                        Err(_) => tokio::time::sleep(Duration::from_millis(1)).await,
                    }
                }
            })
        })
        .collect();
    for round in 0..ROUNDS {
        let before = round * 20;
        let mut some = rows(before + 1..=before + 20);
        some.iter_mut().for_each(|row| row.topic = topic(round, row.seq % 7));
        store.append(&some, before + 20, 0).await.unwrap();
        told.send_replace(before + 20);
        lose(&database, before).await;
        let began = Instant::now();
        while store.check().await.is_err() {
            assert!(began.elapsed() < Duration::from_secs(10));
        }
    }
    drop(told);
    for reader in readers {
        reader.await.unwrap();
    }
}

/// It is in the database, whose disk need not have it yet: nobody here has its events to write them again.
#[tokio::test]
async fn an_append_that_was_not_heard_of_is_on_the_disk_before_it_is_built_upon() {
    let database = Database::private().await;
    let slow = "ALTER SYSTEM SET wal_writer_delay = '10s'";
    let mut on = database.connect().await;
    sqlx::query(slow).execute(&mut on).await.unwrap();
    sqlx::query("SELECT pg_reload_conf()").execute(&mut on).await.unwrap();
    drop(on);
    let store = open(&database, false).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=10), 10, 0).await.unwrap();
    let known = Known::load(store.known.stand().fence, &mut database.connect().await).await;
    let mut unheard = database.connect().await;
    let some = rows(11..=20);
    append::add(&mut unheard, &known.unwrap(), &some, 20, 0, false).await.unwrap();
    cut(&database).await;
    store.check().await.unwrap();
    assert_eq!(store.load().await.unwrap().unwrap().head, 20);
    store.append(&[], 20, 0).await.unwrap();
    database.kill().await;
    database.restart().await;
    assert_eq!(held(&store).await, (1..=20).collect::<Vec<u64>>());
}

/// The answers of a replica that lags are of a time before; what it lacks is not lost.
#[tokio::test]
async fn a_replica_that_lags_is_not_taken_for_a_database_that_has_lost_something() {
    let database = Database::private().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=5), 5, 5).await.unwrap();
    let data = database.cluster.data();
    let (primary, replica) = (data.with_extension("primary"), data.with_extension("replica"));
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        let copied = std::process::Command::new("cp").arg("-a").args([from, to]).status();
        assert!(copied.unwrap().success());
    };
    database.kill().await;
    copy(&data, &replica);
    database.restart().await;
    store.check().await.unwrap();
    store.append(&rows(6..=10), 10, 10).await.unwrap();
    assert_eq!(held(&store).await.len(), 10);

    database.kill().await;
    std::fs::rename(&data, &primary).unwrap();
    std::fs::rename(&replica, &data).unwrap();
    std::fs::write(data.join("standby.signal"), "").unwrap();
    database.restart().await;
    for _ in 0..2 {
        let checked = store.check().await;
        assert!(matches!(checked, Err(StoreError::Unreachable(_))), "{checked:?}");
        let limits = PageLimits { events: 10, bytes: 1_000 };
        let page = store.page(&["t/1"], 0, 10, limits).await;
        assert!(matches!(page, Err(StoreError::Unreachable(_))), "{page:?}");
    }
    let error = PostgresStore::open(&database.url(), true, Claim::Alone).await.unwrap_err();
    let cause = std::error::Error::source(&error).map(ToString::to_string);
    assert!(cause.as_ref().is_some_and(|cause| cause.contains("replica")), "{cause:?}");

    database.kill().await;
    std::fs::remove_dir_all(&data).unwrap();
    std::fs::rename(&primary, &data).unwrap();
    database.restart().await;
    store.check().await.unwrap();
    assert_eq!(held(&store).await, (1..=10).collect::<Vec<u64>>());
}
