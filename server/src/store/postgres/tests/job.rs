//! Servers that share a database have each job once, and a database that is killed forgets nothing that was said to be kept.

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use sqlx::{Connection as _, PgConnection};

use super::super::job::save_all;
use super::lock::{share, usurp};
use super::*;
use crate::store::{JobBounds, JobLeft, JobQuery, JobRow, JobStore as _, LEAP, PeopleChange};

const LEASE: Duration = Duration::from_secs(60);

fn job(n: u64, holder: &str) -> JobRow {
    JobRow {
        id: format!("owner~{n:016x}"),
        user_id: "owner".to_owned(),
        version: 1,
        is_active: true,
        holder: holder.to_owned(),
        lease: LEASE,
        created_at: n,
        record: "{}".to_owned(),
        ..JobRow::default()
    }
}

fn next(row: &JobRow) -> JobRow {
    JobRow { version: row.version + 1, ..row.clone() }
}

/// As the server of this name takes it.
fn taken_by(holder: &str, row: &JobRow) -> JobRow {
    JobRow { holder: holder.to_owned(), version: row.version + LEAP, ..row.clone() }
}

fn ended(row: &JobRow) -> JobRow {
    JobRow { is_active: false, ended_at: Some(9), ..next(row) }
}

/// Has time pass for all jobs, as the database counts it.
async fn age(database: &Database, by: i64) {
    let mut on = database.connect().await;
    let aged = sqlx::query("UPDATE jobs SET renewed_at = renewed_at - $1").bind(by);
    aged.execute(&mut on).await.unwrap();
}

const LONG: i64 = 120_000;

/// Takes step after step until there are no more.
async fn take_all(mut on: PgConnection, server: String) -> Vec<String> {
    let mut all = Vec::new();
    loop {
        let taken = job_sql::take_orphans(&mut on, &server, false).await.unwrap();
        if taken.is_empty() {
            return all;
        }
        assert!(taken.iter().all(|row| row.holder == server));
        all.extend(taken.into_iter().map(|row| row.id));
    }
}

#[tokio::test]
async fn an_orphan_is_taken_by_one_of_those_who_look_at_once_and_none_waits_for_another() {
    let database = Database::new().await;
    let (one, other) = (share(&database).await.unwrap(), share(&database).await.unwrap());
    for n in 0..450 {
        one.add_job(&job(n, "gone")).await.unwrap();
    }
    for store in [&one, &other] {
        assert_eq!(store.take_orphans("a", false).await.unwrap(), [], "it may be at it");
    }
    age(&database, LONG).await;
    let mut on = database.connect().await;
    let mut taking = on.begin().await.unwrap();
    let first = job_sql::take_orphans(&mut taking, "slow", false).await.unwrap();
    let (a, b) = tokio::join!(one.take_orphans("a", false), other.take_orphans("b", false));
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!((first.len(), a.len(), b.len()), (100, 100, 100));
    // Who did not come to its end has taken nothing.
    taking.rollback().await.unwrap();

    let mut servers = Vec::new();
    for n in 0..6 {
        servers.push(tokio::spawn(take_all(database.connect().await, format!("new {n}"))));
    }
    let mut taken: Vec<_> = a.into_iter().chain(b).map(|row| row.id).collect();
    for server in servers {
        taken.extend(server.await.unwrap());
    }
    taken.sort_unstable();
    let expected: Vec<_> = (0..450).map(|n| job(n, "").id).collect();
    assert_eq!(taken, expected, "each by one");
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_cancel_that_came_to_one_server_is_found_by_the_other_that_has_the_job() {
    let database = Database::new().await;
    let (one, other) = (share(&database).await.unwrap(), share(&database).await.unwrap());
    assert!(!one.is_alone());
    let (row, told) = (job(1, "one"), JobRow { is_reported: true, ..job(2, "one") });
    one.add_job(&row).await.unwrap();
    one.add_job(&told).await.unwrap();
    assert!(other.ask_to_cancel(&row.id).await.unwrap().unwrap().cancel_requested);
    let ids = [row.id.clone(), told.id.clone()];
    let found = one.renew_jobs("one", &ids).await.unwrap();
    assert_eq!((found.to_cancel, found.gone), (vec![row.id.clone()], vec![]));
    // Its reporter turned to the other server.
    assert!(other.take_job(&told.id, "other").await.unwrap().is_some());
    let found = one.save_jobs("one", &[next(&told), next(&row)]).await.unwrap();
    assert_eq!((found.to_cancel, found.gone), (vec![row.id.clone()], vec![told.id]));
    assert!(one.save_job(&ended(&row), None).await.unwrap());
    let seen = other.job(&row.id).await.unwrap().unwrap();
    assert!(seen.cancel_requested && !seen.is_active);
    one.close().await;
    other.close().await;
}

/// Says in any order how jobs stand, asks for their ends, takes, trims and removes them.
async fn meddle(mut on: PgConnection, seed: u64) -> usize {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut rows: Vec<_> = (0..60).map(|n| job(n, "one")).collect();
    let mut found = 0;
    for _ in 0..60 {
        rows.shuffle(&mut rng);
        let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
        match rng.random_range(0..12) {
            0..4 => {
                let gone = save_all(&mut on, "one", &rows).await.unwrap().gone.len();
                found += rows.len() - gone;
            }
            4..7 => drop(job_sql::renew(&mut on, "one", &ids).await.unwrap()),
            7 => drop(job_sql::take_orphans(&mut on, "one", seed.is_multiple_of(2)).await.unwrap()),
            8 => drop(job_sql::ask_to_cancel(&mut on, &ids[0]).await.unwrap()),
            9 => {
                job_sql::save(&mut on, &ended(&rows[0]), &JobLeft::default()).await.unwrap();
                job_sql::trim(&mut on, JobBounds { most: 0, oldest: 0 }).await.unwrap();
            }
            10 => {
                let mut transaction = on.begin().await.unwrap();
                job_sql::remove_of_user(&mut transaction, "owner").await.unwrap();
                transaction.commit().await.unwrap();
            }
            _ => {
                for row in &rows {
                    // Unless another has added it.
                    let _ = job_sql::add(&mut on, row).await;
                }
            }
        }
    }
    found
}

/// Two that wait for each other would end with an error for one of them.
#[tokio::test]
async fn servers_that_change_the_same_jobs_in_any_order_do_not_wait_in_a_ring() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let mut servers = Vec::new();
    for n in 0..8 {
        servers.push(tokio::spawn(meddle(database.connect().await, n)));
    }
    let found = join_all(servers).await.into_iter().map(Result::unwrap).sum::<usize>();
    assert!(found > 1_000, "{found}: there was something to wait for");
    store.close().await;
}

#[tokio::test]
async fn a_user_is_removed_while_a_server_says_how_the_jobs_stand() {
    let database = Database::new().await;
    let (one, other) = (share(&database).await.unwrap(), share(&database).await.unwrap());
    let mut rows: Vec<_> = (0..100).map(|n| job(n, "one")).collect();
    for row in &rows {
        one.add_job(row).await.unwrap();
    }
    rows.reverse();
    let saving = async {
        while one.save_jobs("one", &rows).await.unwrap().gone.is_empty() {}
        one.save_jobs("one", &rows).await.unwrap().gone.len()
    };
    let removing = async {
        let remove = PeopleChange::RemoveUser { id: "owner".to_owned(), at: 3 };
        other.change_people(&remove, 0).await.unwrap().unwrap();
    };
    let (gone, ()) = tokio::join!(saving, removing);
    assert_eq!(gone, 100, "all or none: they go with the user");
    one.close().await;
    other.close().await;
}

#[tokio::test]
async fn a_server_whose_database_another_has_says_nothing_of_its_jobs() {
    let database = Database::new().await;
    let store = open(&database, true).await;
    let row = job(1, "one");
    store.add_job(&row).await.unwrap();
    let other = usurp(&database).await;
    assert!(matches!(store.check().await, Err(StoreError::Taken)));
    let say = async || {
        let saved = store.save_job(&next(&row), None).await.unwrap_err();
        let all = store.save_jobs("one", &[next(&row)]).await.unwrap_err();
        let taken = store.take_orphans("one", true).await.unwrap_err();
        [saved, all, taken]
    };
    let refused = say().await;
    assert!(refused.iter().all(|error| matches!(error, StoreError::Taken)), "{refused:?}");
    sqlx::Connection::close(other).await.unwrap();
    let refused = say().await;
    assert!(refused.iter().all(|error| matches!(error, StoreError::Diverged)), "{refused:?}");
    let there = job_sql::find(&mut database.connect().await, &row.id).await.unwrap();
    assert_eq!(there, Some(row));
}

#[tokio::test]
async fn a_clock_that_was_wrong_and_is_set_back_holds_no_job_for_ever() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    store.add_job(&job(1, "gone")).await.unwrap();
    // As far as a clock may be set back that was not quite right: whoever has it may be at it.
    age(&database, -3_500_000).await;
    assert_eq!(store.take_orphans("new", false).await.unwrap(), []);
    age(&database, -200_000).await;
    assert_eq!(store.take_orphans("new", false).await.unwrap(), [taken_by("new", &job(1, "gone"))]);
    assert_eq!(store.take_orphans("other", false).await.unwrap(), []);
    store.close().await;
}

#[tokio::test]
async fn only_what_is_said_of_jobs_that_go_on_does_not_wait_for_the_disk() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let row = job(1, "one");
    store.add_job(&row).await.unwrap();
    let mut on = database.connect().await;
    let setting = "SELECT current_setting('synchronous_commit')";
    let none = JobLeft::default();
    for (what, expected) in
        [("save", "off"), ("all", "off"), ("renew", "off"), ("cancel", "on"), ("end", "on")]
    {
        let mut transaction = on.begin().await.unwrap();
        let done = match what {
            "save" => job_sql::save(&mut transaction, &next(&row), &none).await.unwrap(),
            "all" => {
                let rows = [next(&row)];
                save_all(&mut transaction, "one", &rows).await.unwrap().gone.is_empty()
            }
            "renew" => {
                let ids = [row.id.clone()];
                job_sql::renew(&mut transaction, "one", &ids).await.unwrap().gone.is_empty()
            }
            "cancel" => job_sql::ask_to_cancel(&mut transaction, &row.id).await.unwrap().is_some(),
            _ => job_sql::save(&mut transaction, &ended(&row), &none).await.unwrap(),
        };
        assert!(done, "{what}");
        let now: String = sqlx::query_scalar(setting).fetch_one(&mut *transaction).await.unwrap();
        assert_eq!(now, expected, "{what}");
        transaction.commit().await.unwrap();
        let after: String = sqlx::query_scalar(setting).fetch_one(&mut on).await.unwrap();
        assert_eq!(after, "on", "{what}");
    }
    store.close().await;
}

/// A page goes by an index that has its order: what is kept is not looked through, nor sorted.
#[tokio::test]
async fn no_page_of_jobs_looks_through_all_of_them() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let mut on = database.connect().await;
    sqlx::raw_sql(
        "INSERT INTO jobs SELECT 'u' || n % 50 || '~' || n, 'u' || n % 50, 1, n % 100 = 0, false, \
             'one', 1, 1, false, n, CASE WHEN n % 100 = 0 THEN NULL ELSE n END, '{}', NULL, NULL \
         FROM generate_series(1, 20000) AS n; ANALYZE jobs",
    )
    .execute(&mut on)
    .await
    .unwrap();
    for user_id in [None, Some("u7".to_owned())] {
        for is_active in [None, Some(true), Some(false)] {
            let query = JobQuery { user_id: user_id.clone(), is_active, before: None, limit: 50 };
            let page = job_sql::page_sql(&query);
            let page = page.replace("$1", "15000").replace("$2", "'x'").replace("$3", "50");
            let explain = sqlx::AssertSqlSafe(format!("EXPLAIN {}", page.replace("$4", "'u7'")));
            let plan: Vec<String> = sqlx::query_scalar(explain).fetch_all(&mut on).await.unwrap();
            let plan = plan.join("; ");
            assert!(plan.contains("Index") && !plan.contains("Seq Scan"), "{query:?}: {plan}");
            assert!(query.user_id.is_some() || !plan.contains("Sort"), "{query:?}: {plan}");
        }
    }
    store.close().await;
}

/// Does one job after the other, as a server does that the database is taken from again and again. What it cannot say it
/// says again, and it is never told that the job is not its own.
async fn work(store: &PostgresStore, done: &tokio::sync::watch::Sender<u64>) {
    let soon = Duration::from_millis(10);
    while !done.is_closed() {
        let n = *done.borrow();
        let mut row = job(n, "one");
        while let Err(error) = store.add_job(&row).await {
            // It may have been added, and nobody heard of it.
            if matches!(error, StoreError::Database(_)) {
                assert!(store.job(&row.id).await.unwrap().is_some(), "{error:?}");
                break;
            }
            tokio::time::sleep(soon).await;
        }
        for _ in 0..3 {
            row = next(&row);
            // That is said again soon.
            if let Ok(renewed) = store.save_jobs("one", std::slice::from_ref(&row)).await {
                assert_eq!(renewed.gone, [""; 0]);
            }
        }
        let left = JobLeft { result: Some(n.to_string()), log: None };
        let row = ended(&row);
        loop {
            match store.save_job(&row, Some(&left)).await {
                Ok(is_own) => break assert!(is_own, "{row:?}"),
                Err(_) => tokio::time::sleep(soon).await,
            }
        }
        done.send_replace(n + 1);
    }
}

#[tokio::test]
async fn how_jobs_ended_outlives_a_database_that_is_killed_while_others_go_on() {
    let database = Database::private().await;
    let store = Arc::new(open(&database, false).await);
    let (done, mut seen) = tokio::sync::watch::channel(0);
    let working = tokio::spawn({
        let store = Arc::clone(&store);
        async move { work(&store, &done).await }
    });
    for _ in 0..4 {
        let before = *seen.borrow_and_update();
        seen.wait_for(|now| *now >= before + 40).await.unwrap();
        database.kill().await;
        let told = *seen.borrow_and_update();
        assert!(store.check().await.is_err());
        database.restart().await;
        let query = JobQuery { is_active: Some(false), limit: 100_000, ..JobQuery::default() };
        let there = store.jobs(&query).await.unwrap().len() as u64;
        assert!(there >= told, "{there} of {told}");
    }
    let told = *seen.borrow_and_update();
    drop(seen);
    working.await.unwrap();
    for n in 0..told {
        let id = job(n, "").id;
        let left = store.job_left(&id).await.unwrap().unwrap();
        assert_eq!(left.result, Some(n.to_string()));
        assert_eq!(store.job(&id).await.unwrap().unwrap().version, 5);
    }
    store.close().await;
}

#[tokio::test]
async fn who_was_away_from_the_database_for_longer_than_its_time_goes_on_unless_another_came() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let (kept, lost) = (job(1, "one"), job(2, "one"));
    store.add_job(&kept).await.unwrap();
    store.add_job(&lost).await.unwrap();
    age(&database, LONG).await;
    assert!(store.save_job(&next(&kept), None).await.unwrap());
    let theirs = taken_by("two", &lost);
    assert_eq!(store.take_orphans("two", false).await.unwrap(), std::slice::from_ref(&theirs));
    let renewed = store.renew_jobs("one", &[kept.id.clone(), lost.id.clone()]).await.unwrap();
    assert_eq!(renewed.gone, [lost.id.as_str()]);
    // Its own is given to it as any other.
    age(&database, LONG).await;
    let own = store.take_orphans("one", false).await.unwrap();
    assert_eq!(own, [taken_by("one", &next(&kept)), taken_by("one", &theirs)]);
    store.close().await;
}
