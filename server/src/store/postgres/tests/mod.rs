//! What only Postgres can do, or get wrong; the rest is in `store/suite.rs`.

mod alert;
mod database;
mod faults;
mod job;
mod lock;
mod notification;
mod proxy;
mod regain;

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::store::suite::{Backend, suite};
use crate::store::{
    JournalMeta, JournalRow, JournalStore as _, NotificationStore as _, PageLimits,
    PeopleStore as _, Retain,
};
use database::Database;
use test_postgres::PASSWORD;

async fn open(database: &Database, durable: bool) -> PostgresStore {
    PostgresStore::open(&database.url(), durable, Claim::Alone).await.unwrap()
}

/// Behind the back of the store that has the lock.
async fn add_unheard(database: &Database, rows: &[JournalRow]) {
    let (known, head) = (Known::default(), rows.last().unwrap().seq);
    append::add(&mut database.connect().await, &known, rows, head, head, true).await.unwrap();
}

impl Backend for Database {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(open(self, false).await)
    }

    async fn add_unheard(&self, rows: &[JournalRow]) {
        add_unheard(self, rows).await;
    }
}

mod not_durable {
    use super::*;
    suite!(Database::new().await);
}

struct DurableDatabase(Database);

impl Backend for DurableDatabase {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(open(&self.0, true).await)
    }

    async fn add_unheard(&self, rows: &[JournalRow]) {
        add_unheard(&self.0, rows).await;
    }
}

mod durable {
    use super::*;
    suite!(DurableDatabase(Database::new().await));
}

const META: JournalMeta = JournalMeta { epoch: 1, head: 0, reserved: 0, clean: false };

fn rows(seqs: impl IntoIterator<Item = u64>) -> Vec<JournalRow> {
    let row = |seq| JournalRow {
        seq,
        topic: format!("t/{}", seq % 7),
        kind: "update".to_owned(),
        at: seq,
        data: format!("{seq:100}").into(),
    };
    seqs.into_iter().map(row).collect()
}

/// All that is held, in order.
async fn held(store: &PostgresStore) -> Vec<u64> {
    let topics: Vec<_> = (0..7).map(|n| format!("t/{n}")).collect();
    let topics: Vec<_> = topics.iter().map(String::as_str).collect();
    let all = PageLimits { events: 1_000_000, bytes: usize::MAX };
    let rows = store.page(&topics, 0, u64::MAX, all).await.unwrap();
    rows.into_iter().map(|row| row.seq).collect()
}

/// Ends every connection to the database, as the end of a network would, and more politely; returns when they are gone.
async fn cut(database: &Database) {
    let mut on = database.connect().await;
    let others = "SELECT pid FROM pg_stat_activity \
                  WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let pids: Vec<i32> = sqlx::query_scalar(others).fetch_all(&mut on).await.unwrap();
    let cut = "SELECT pg_terminate_backend(pid) FROM unnest($1) AS other (pid)";
    sqlx::query(cut).bind(&pids).execute(&mut on).await.unwrap();
    let left = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY ($1)";
    let began = Instant::now();
    while sqlx::query_scalar::<_, i64>(left).bind(&pids).fetch_one(&mut on).await.unwrap() > 0 {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// As a crash does that comes before the disk has the last commits: what they added and made is gone.
async fn lose(database: &Database, head: u64) {
    let mut on = database.connect().await;
    let lose = format!(
        "UPDATE journal_meta SET head = {head}; DELETE FROM journal_events WHERE seq > {head}; \
         DELETE FROM journal_topics WHERE id NOT IN (SELECT topic_id FROM journal_events)"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(lose)).execute(&mut on).await.unwrap();
    cut(database).await;
}

#[tokio::test]
async fn a_second_server_is_refused_until_the_first_lets_go() {
    let database = Database::new().await;
    let first = open(&database, false).await;
    let began = Instant::now();
    let error = PostgresStore::open(&database.url(), false, Claim::Alone).await.unwrap_err();
    assert!(matches!(error, StoreError::Taken), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    first.check().await.unwrap();
    first.close().await;
    open(&database, false).await;
}

#[tokio::test]
async fn a_password_is_asked_for_and_never_told() {
    let database = Database::new().await;
    let store =
        PostgresStore::open(&database.tcp_url(PASSWORD), false, Claim::Alone).await.unwrap();
    store.check().await.unwrap();
    assert!(!format!("{store:?}").contains(PASSWORD));
    store.close().await;

    let error =
        PostgresStore::open(&database.tcp_url("hunter3"), false, Claim::Alone).await.unwrap_err();
    let mut told = format!("{error:?} {error}");
    let mut source = std::error::Error::source(&error);
    while let Some(error) = source {
        told += &format!(" {error:?} {error}");
        source = error.source();
    }
    assert!(told.contains("password authentication failed"), "{told}");
    assert!(told.contains("127.0.0.1") && !told.contains("hunter"), "{told}");
}

/// Whatever it is called: a table that we would come to last must not be found when the others are made.
#[tokio::test]
async fn what_is_no_database_of_tidings_is_left_as_it_is() {
    for table in ["accounts", "probe"] {
        let database = Database::new().await;
        let mut on = database.connect().await;
        let create = sqlx::AssertSqlSafe(format!("CREATE TABLE {table} (mine text)"));
        sqlx::query(create).execute(&mut on).await.unwrap();
        let error = PostgresStore::open(&database.url(), false, Claim::Alone).await.unwrap_err();
        assert!(matches!(error, StoreError::Unsuitable { .. }), "{error:?}");
        assert!(error.to_string().contains("something else"), "{error}");
        let tables = "SELECT relname::text FROM pg_class \
                      WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'";
        let tables: Vec<String> = sqlx::query_scalar(tables).fetch_all(&mut on).await.unwrap();
        assert_eq!(tables, [table]);
    }
}

#[tokio::test]
async fn tables_may_take_long_to_make_and_nothing_else_may() {
    let database = Database::new().await;
    let mut on = connector(&database.url()).unwrap().connect().await.unwrap();
    let setting = "SELECT current_setting('statement_timeout')";
    // Each statement of a migration is asked how long it may take.
    let watched = "CREATE TABLE public.seen (setting text); \
        CREATE FUNCTION note() RETURNS event_trigger LANGUAGE plpgsql AS \
            'BEGIN INSERT INTO public.seen VALUES (current_setting(''statement_timeout'')); END'; \
        CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION note(); \
        CREATE SCHEMA other; SET search_path = other";
    sqlx::raw_sql(watched).execute(&mut on).await.unwrap();
    sqlx::query("DELETE FROM public.seen").execute(&mut on).await.unwrap();
    tables::prepare(&mut on, "x").await.unwrap();
    let seen = "SELECT DISTINCT setting FROM public.seen";
    let seen: Vec<String> = sqlx::query_scalar(seen).fetch_all(&mut on).await.unwrap();
    assert_eq!(seen, ["0"]);
    let after: String = sqlx::query_scalar(setting).fetch_one(&mut on).await.unwrap();
    assert_eq!(after, "10s");
}

/// A backup reads all tables in one transaction.
#[tokio::test]
async fn history_is_forgotten_while_somebody_reads_it() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=45_000), 45_000, 0).await.unwrap();
    let mut backup = database.connect().await;
    let read = "BEGIN; SELECT count(*) FROM journal_events, journal_topics WHERE topic_id = id";
    sqlx::raw_sql(read).execute(&mut backup).await.unwrap();

    let meta = JournalMeta { epoch: 2, ..META };
    store.reset(meta).await.unwrap();
    assert_eq!(store.load().await.unwrap(), Some(meta));
    assert_eq!(store.topics().await.unwrap(), []);
    assert_eq!(held(&store).await, [0; 0]);
    store.append(&rows(1..=3), 3, 0).await.unwrap();
    assert_eq!(held(&store).await, [1, 2, 3]);
    sqlx::raw_sql("ROLLBACK").execute(&mut backup).await.unwrap();
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_left_alone() {
    let database = Database::new().await;
    open(&database, false).await.close().await;
    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', now(), true, '', 0)";
    sqlx::query(newer).execute(&mut database.connect().await).await.unwrap();
    let error = PostgresStore::open(&database.url(), false, Claim::Alone).await.unwrap_err();
    assert!(error.to_string().contains("newer Tidings"), "{error}");
}

#[tokio::test]
async fn only_an_append_that_may_be_lost_does_not_wait_for_the_disk() {
    let database = Database::new().await;
    let mut on = connector(&database.url()).unwrap().connect().await.unwrap();
    tables::MIGRATIONS.run(&mut on).await.unwrap();
    let known = Known::default();
    sqlx::query("INSERT INTO journal_meta VALUES (1, 1, 0, 0, false)")
        .execute(&mut on)
        .await
        .unwrap();
    let setting = "SELECT current_setting('synchronous_commit')";
    for (seq, flush, expected) in [(1, true, "on"), (2, false, "off")] {
        let mut transaction = sqlx::Connection::begin(&mut on).await.unwrap();
        append::add(&mut transaction, &known, &rows([seq]), seq, 0, flush).await.unwrap();
        let now: String = sqlx::query_scalar(setting).fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(now, expected);
        transaction.commit().await.unwrap();
        let after: String = sqlx::query_scalar(setting).fetch_one(&mut on).await.unwrap();
        assert_eq!(after, "on");
    }
}

/// Each search must go by its index: a million events are not looked through for one.
#[tokio::test]
async fn no_search_looks_through_all_events_of_others() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    store.begin(META).await.unwrap();
    store.append(&rows(1..=20_000), 20_000, 0).await.unwrap();
    let mut on = database.connect().await;
    sqlx::query("ANALYZE").execute(&mut on).await.unwrap();
    for (search, arguments) in [
        (page::NEXT, &["'{1,2}'", "5::bigint", "15000::bigint"][..]),
        (page::WANTED, &["'{1,2}'", "5::bigint", "15000::bigint", "9"]),
        (journal::STEP, &["1::bigint", "15000::bigint", "9"]),
        (journal::AGED, &["5"]),
        (journal::BOUNDARY, &["1::bigint", "10", "1000", "5", "15000::bigint"]),
    ] {
        let search = (1..).zip(arguments).fold(search.to_owned(), |search, (n, argument)| {
            search.replace(&format!("${n}"), argument)
        });
        let explain = sqlx::AssertSqlSafe(format!("EXPLAIN {search}"));
        let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut on).await.unwrap();
        let plan = plan.join("; ");
        assert!(plan.contains("journal_events_of_topic"), "{search}: {plan}");
        assert!(!plan.contains("Seq Scan on journal_events"), "{search}: {plan}");
    }
}
