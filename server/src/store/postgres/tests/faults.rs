//! Connections, commits and whole databases that are lost.

use super::proxy::Proxy;
use super::*;

#[tokio::test]
async fn a_lock_that_was_lost_is_taken_again_before_anything_is_written() {
    let database = Database::new().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    cut(&database).await;
    store.check().await.unwrap();
    let error = PostgresStore::open(&database.url(), false, Claim::Alone).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken), "{error:?}");

    cut(&database).await;
    // Whether it was written is not known at first.
    let _ = store.append(&rows(1..=5), 5, 5).await;
    if store.load().await.unwrap().unwrap().head == 0 {
        store.append(&rows(1..=5), 5, 5).await.unwrap();
    }
    assert_eq!(held(&store).await, [1, 2, 3, 4, 5]);
}

/// The lock of a connection that hangs on somewhere is not another server's.
#[tokio::test]
async fn a_change_that_was_given_up_does_not_keep_its_own_server_out() {
    let database = Database::new().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    let mut foreign = database.connect().await;
    sqlx::raw_sql("BEGIN; LOCK journal_meta").execute(&mut foreign).await.unwrap();
    let some = rows(1..=5);
    let hanging = store.append(&some, 5, 5);
    assert!(tokio::time::timeout(Duration::from_millis(200), hanging).await.is_err());
    let began = Instant::now();
    assert!(matches!(store.append(&some, 5, 5).await, Err(StoreError::Busy)));
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());

    sqlx::raw_sql("ROLLBACK").execute(&mut foreign).await.unwrap();
    assert_eq!(store.load().await.unwrap().unwrap().head, 0);
    store.append(&some, 5, 5).await.unwrap();
    assert_eq!(held(&store).await, [1, 2, 3, 4, 5]);
}

/// As the journal does: what is not known to be there is looked for, and added if it is not.
async fn append_until_done(store: &PostgresStore, rows: &[JournalRow]) {
    let head = rows.last().unwrap().seq;
    let mut is_unclear = false;
    loop {
        let done = async {
            let stored = if is_unclear { store.load().await?.unwrap().head } else { 0 };
            is_unclear = true;
            let left = rows.iter().position(|row| row.seq > stored).unwrap_or(rows.len());
            store.append(&rows[left..], head, 0).await
        };
        match done.await {
            Ok(()) => return,
            Err(StoreError::Diverged) => panic!("nobody else was there"),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

async fn kills(durable: bool) {
    let database = Database::private().await;
    let store = Arc::new(open(&database, durable).await);
    store.begin(META).await.unwrap();
    let (told, acknowledged) = tokio::sync::watch::channel(0);
    let appends = tokio::spawn({
        let store = Arc::clone(&store);
        async move {
            let mut seq = 0;
            while !told.is_closed() {
                append_until_done(&store, &rows(seq + 1..=seq + 10)).await;
                seq += 10;
                told.send_replace(seq);
            }
            seq
        }
    });
    for round in 0..4 {
        let mut acknowledged = acknowledged.clone();
        let before = *acknowledged.borrow_and_update();
        acknowledged.wait_for(|now| *now >= before + 200 + round * 70).await.unwrap();
        database.kill().await;
        let began = Instant::now();
        assert!(store.check().await.is_err());
        assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
        database.restart().await;
        let now = *acknowledged.borrow_and_update();
        // What was acknowledged is there for whoever reads, whether or not anything was written since.
        let held = held(&store).await;
        assert!(held.len() as u64 >= now, "{} of {now}", held.len());
    }
    drop(acknowledged);
    let last = appends.await.unwrap();
    store.check().await.unwrap();
    let expected: Vec<u64> = (1..=last).collect();
    assert_eq!(held(&store).await, expected, "nothing is lost, and nothing is there twice");
    let topics = store.topics().await.unwrap();
    assert_eq!(topics.iter().map(|topic| topic.events).sum::<u64>(), last);
    store.end(last).await.unwrap();
    store.close().await;
    assert_eq!(held(&open(&database, durable).await).await, expected);
}

#[tokio::test]
async fn a_database_that_is_killed_under_durable_appends_loses_and_repeats_nothing() {
    kills(true).await;
}

#[tokio::test]
async fn what_a_killed_database_had_not_brought_to_its_disk_is_written_again() {
    kills(false).await;
}

#[tokio::test]
async fn a_database_that_has_lost_what_was_on_its_disk_is_not_written_on() {
    let database = Database::new().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=20), 20, 20).await.unwrap();
    lose(&database, 3).await;
    for _ in 0..2 {
        assert!(matches!(store.check().await, Err(StoreError::Diverged)));
        assert!(matches!(store.append(&rows([21]), 21, 21).await, Err(StoreError::Diverged)));
    }
}

#[tokio::test]
async fn a_database_that_is_away_fails_everything_soon_and_serves_again_once_it_is_back() {
    let database = Database::private().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=5), 5, 5).await.unwrap();
    assert_eq!(held(&store).await.len(), 5);
    database.kill().await;
    let began = Instant::now();
    assert!(store.append(&rows([6]), 6, 6).await.is_err());
    assert!(store.check().await.is_err());
    assert!(store.probe().await.is_err());
    assert!(store.people(None).await.is_err());
    let limits = PageLimits { events: 10, bytes: 1_000 };
    assert!(store.page(&["t/1"], 0, 10, limits).await.is_err());
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    let error = PostgresStore::open(&database.url(), true, Claim::Alone).await.unwrap_err();
    assert!(matches!(error, StoreError::Unopened { .. }), "{error:?}");

    database.restart().await;
    store.check().await.unwrap();
    store.append(&rows([6]), 6, 6).await.unwrap();
    assert_eq!(held(&store).await, [1, 2, 3, 4, 5, 6]);
}

/// A network that swallows everything: packets are taken, and nothing answers.
#[tokio::test]
async fn a_database_that_does_not_answer_is_not_waited_for_for_ever() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("postgres://u@{}/x", silent.local_addr().unwrap());
    let began = Instant::now();
    let error = PostgresStore::open(&DatabaseUrl::from(url), true, Claim::Alone).await.unwrap_err();
    assert!(matches!(error, StoreError::Unopened { .. }), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(6), "{:?}", began.elapsed());
}

/// The commit happens, and nobody hears of it; its connection hangs on, and has the lock.
#[tokio::test]
async fn a_commit_that_is_not_heard_of_is_not_known_and_neither_lost_nor_repeated() {
    let database = Database::new().await;
    let proxy = Proxy::to(database.tcp_address()).await;
    let store =
        PostgresStore::open(&database.tcp_url_at(proxy.address(), PASSWORD), true, Claim::Alone)
            .await;
    let store = store.unwrap();
    store.begin(META).await.unwrap();
    // All topics are there: what follows is one statement.
    store.append(&rows(1..=7), 7, 7).await.unwrap();
    assert_eq!(held(&store).await.len(), 7);

    proxy.swallow(true);
    let began = Instant::now();
    let (some, limits) = (rows(8..=12), PageLimits { events: 10, bytes: 1_000 });
    let topics = ["t/1"];
    let others = async {
        // The append has its turn.
        tokio::task::yield_now().await;
        tokio::join!(store.page(&topics, 0, 10, limits), store.check())
    };
    let (appended, (page, checked)) = tokio::join!(store.append(&some, 12, 12), others);
    assert!(matches!(appended, Err(StoreError::Lost(_))), "{appended:?}");
    assert!(page.is_err() && checked.is_err(), "{page:?} {checked:?}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());

    proxy.swallow(false);
    let began = Instant::now();
    assert_eq!(store.load().await.unwrap().unwrap().head, 12);
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    append_until_done(&store, &rows(13..=17)).await;
    assert_eq!(held(&store).await, (1..=17).collect::<Vec<u64>>());
}
