//! Who has the database, and for how long.

use futures_util::poll;
use sqlx::PgConnection;

use super::super::fence::Fence;
use super::*;

/// How long it may take until something is noticed that is looked for each second.
const NOTICED: Duration = Duration::from_secs(5);

const HOLDER: &str = "SELECT pid FROM pg_locks JOIN pg_database AS base ON base.oid = database \
     WHERE locktype = 'advisory' AND datname = current_database()";

/// Who has the lock.
async fn holder(on: &mut PgConnection) -> Option<i32> {
    let holder = sqlx::AssertSqlSafe(format!("{HOLDER} AND granted"));
    sqlx::query_scalar(holder).fetch_optional(on).await.unwrap()
}

async fn until_held(on: &mut PgConnection, by: impl Fn(i32) -> bool) {
    let began = Instant::now();
    while !holder(on).await.is_some_and(&by) {
        assert!(began.elapsed() < NOTICED);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Takes the database away from the server that has it, as another does that comes the moment its connection is lost.
pub(super) async fn usurp(database: &Database) -> PgConnection {
    let mut on = database.connect().await;
    let former = holder(&mut on).await.unwrap();
    let mut usurper = database.connect().await;
    let waiting = tokio::spawn(async move {
        sqlx::query("SELECT pg_advisory_lock($1)")
            .bind(session::LOCK)
            .execute(&mut usurper)
            .await
            .unwrap();
        usurper
    });
    let began = Instant::now();
    let waits = || sqlx::AssertSqlSafe(format!("{HOLDER} AND NOT granted"));
    while sqlx::query(waits()).fetch_optional(&mut on).await.unwrap().is_none() {
        assert!(began.elapsed() < NOTICED);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    sqlx::query("SELECT pg_terminate_backend($1)").bind(former).execute(&mut on).await.unwrap();
    let mut usurper = waiting.await.unwrap();
    Fence::take(&mut usurper).await.unwrap();
    usurper
}

#[tokio::test]
async fn a_lock_that_was_lost_is_taken_again_though_nobody_asks_for_anything() {
    let database = Database::new().await;
    let _store = open(&database, false).await;
    let mut on = database.connect().await;
    let before = holder(&mut on).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)").bind(before).execute(&mut on).await.unwrap();
    until_held(&mut on, |now| now != before).await;
    let error = PostgresStore::open(&database.url(), false, Claim::Alone).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken), "{error:?}");
}

#[tokio::test]
async fn a_server_that_is_idle_keeps_its_lock_whatever_the_database_does_with_idle_ones() {
    let database = Database::new().await;
    let mut on = database.connect().await;
    let version = on.server_version_num().unwrap();
    let settings = ["idle_in_transaction_session_timeout", "idle_session_timeout"];
    let settings = &settings[..if version < 14_00_00 { 1 } else { 2 }];
    for setting in settings {
        let alter = sqlx::AssertSqlSafe(format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET {setting} = 100', current_database()); END $$"
        ));
        sqlx::query(alter).execute(&mut on).await.unwrap();
    }
    let mut on = connector(&database.url()).unwrap().connect().await.unwrap();
    for setting in settings {
        let now = sqlx::query_scalar("SELECT current_setting($1)").bind(*setting);
        let now: String = now.fetch_one(&mut on).await.unwrap();
        assert_eq!(now, "0", "{setting}");
    }
}

#[tokio::test]
async fn a_change_that_failed_leaves_no_transaction_open() {
    let database = Database::new().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=5), 5, 5).await.unwrap();
    let mut on = database.connect().await;
    let holder = holder(&mut on).await.unwrap();
    // Of a new topic, so that it takes a transaction.
    let again = JournalRow { topic: "new".to_owned(), ..rows([5]).remove(0) };
    assert!(matches!(store.append(&[again], 6, 6).await, Err(StoreError::Database(_))));
    let state = "SELECT state FROM pg_stat_activity WHERE pid = $1";
    let state: String = sqlx::query_scalar(state).bind(holder).fetch_one(&mut on).await.unwrap();
    assert_eq!(state, "idle");
}

#[tokio::test]
async fn whoever_hangs_up_takes_no_lock_along() {
    let database = Database::new().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    let mut on = database.connect().await;
    let before = holder(&mut on).await;
    let some = rows(1..=5);
    for _ in 0..3 {
        assert!(poll!(store.check()).is_pending());
        assert!(poll!(store.probe()).is_pending());
        assert!(poll!(store.append(&some, 5, 5)).is_pending());
        // Once those are under way, too.
        tokio::task::yield_now().await;
        assert!(poll!(store.check()).is_pending());
    }
    store.load().await.unwrap();
    assert!(before.is_some() && holder(&mut on).await == before, "it is another connection");
    assert_eq!(held(&store).await, [1, 2, 3, 4, 5], "what was begun is done");
}

#[tokio::test]
async fn a_server_whose_database_another_has_used_reads_and_writes_nothing_more() {
    let database = Database::new().await;
    let store = open(&database, true).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=5), 5, 5).await.unwrap();
    assert_eq!(held(&store).await.len(), 5);
    let mut other = usurp(&database).await;
    assert!(matches!(store.check().await, Err(StoreError::Taken)));
    assert!(matches!(store.append(&rows([6]), 6, 6).await, Err(StoreError::Taken)));
    // As one that begins anew.
    sqlx::query("DELETE FROM journal_events").execute(&mut other).await.unwrap();
    let read = async || {
        let limits = PageLimits { events: 10, bytes: 1_000 };
        store.page(&["t/1"], 0, 10, limits).await.unwrap_err()
    };
    assert!(matches!(read().await, StoreError::Taken));
    sqlx::Connection::close(other).await.unwrap();

    for _ in 0..2 {
        assert!(matches!(store.check().await, Err(StoreError::Diverged)));
        assert!(matches!(store.append(&rows([6]), 6, 6).await, Err(StoreError::Diverged)));
        assert!(matches!(read().await, StoreError::Diverged));
    }
}

pub(super) async fn share(database: &Database) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&database.url(), false, Claim::Shared).await
}

#[tokio::test]
async fn servers_that_share_a_database_use_it_together_from_the_first_start_on() {
    let database = Database::new().await;
    let (one, other) = tokio::join!(share(&database), share(&database));
    let (one, other) = (one.unwrap(), other.unwrap());
    for _ in 0..2 {
        one.check().await.unwrap();
        other.check().await.unwrap();
        one.probe().await.unwrap();
        other.probe().await.unwrap();
    }
    // One loses its connection; the other does not have to do with it.
    let mut on = database.connect().await;
    let lost = holder(&mut on).await.unwrap();
    sqlx::query("SELECT pg_terminate_backend($1)").bind(lost).execute(&mut on).await.unwrap();
    for store in [&one, &other] {
        let began = Instant::now();
        while let Err(error) = store.probe().await {
            assert!(began.elapsed() < NOTICED, "{error:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        store.check().await.unwrap();
    }
    other.check().await.unwrap();
    one.check().await.unwrap();
}

#[tokio::test]
async fn a_server_has_a_database_for_itself_only_if_nobody_shares_it() {
    let database = Database::new().await;
    let shared = share(&database).await.unwrap();
    let error = PostgresStore::open(&database.url(), false, Claim::Alone).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken), "{error:?}");
    shared.close().await;
    let alone = open(&database, false).await;
    let error = share(&database).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken), "{error:?}");
    alone.close().await;
    share(&database).await.unwrap().check().await.unwrap();
}
