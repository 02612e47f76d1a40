//! Several servers of one database count alike, though none knows of the others.

use std::collections::BTreeMap;

use sqlx::{Connection as _, PgConnection};

use super::*;
use crate::store::{Change, InboxBounds, InboxChange, InboxPage, InboxQuery, NotificationRow};

const ADA: &str = "ada";

fn row(writer: u64, n: u64) -> NotificationRow {
    NotificationRow {
        id: format!("{n:06}-{writer}"),
        user_id: ADA.to_owned(),
        title: format!("{n} of {writer}"),
        level: "info".to_owned(),
        created_at: n,
        dedupe_key: n.is_multiple_of(10).then(|| "one".to_owned()),
        ..NotificationRow::default()
    }
}

/// How what is read comes from one moment.
const SNAPSHOT: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

/// Posts, reads, removes and trims, each in a transaction of its own, and returns what is to be announced.
async fn write(mut on: PgConnection, writer: u64) -> Vec<InboxChange> {
    let bounds = InboxBounds { most: 1_000, oldest: 0, now: 1 };
    let mut noted = Vec::new();
    for n in 0..30 {
        let mut transaction = on.begin().await.unwrap();
        let posted =
            inbox_change::post(&mut transaction, "a", row(writer, n), bounds).await.unwrap();
        transaction.commit().await.unwrap();
        noted.extend(posted.changes);
        let (id, version) = (posted.result.0.id, posted.result.0.version);
        let mut transaction = on.begin().await.unwrap();
        noted.extend(match n % 4 {
            0 => inbox_change::mark_read(&mut transaction, "a", ADA, &id, 1).await.unwrap().changes,
            1 => inbox_change::remove(&mut transaction, "a", ADA, &id, 1).await.unwrap().changes,
            2 if writer == 0 => {
                inbox_change::mark_all_read(&mut transaction, "a", ADA, Some(version), 1)
                    .await
                    .unwrap()
                    .changes
            }
            _ => {
                // Enough that the one with a key, which all have posted by then, is not among the oldest.
                let fewer = InboxBounds { most: 60, ..bounds };
                inbox_change::trim(&mut transaction, "a", ADA, fewer).await.unwrap().changes
            }
        });
        transaction.commit().await.unwrap();
    }
    noted
}

/// Looks again and again: at each moment what is counted is what is there.
async fn read(mut on: PgConnection) {
    let unread = InboxQuery { unread: Some(true), limit: 10_000, before: None };
    for _ in 0..40 {
        let mut transaction = on.begin_with(SNAPSHOT).await.unwrap();
        let page = inbox_read::page(&mut transaction, ADA, &unread, 1).await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(page.rows.len() as u64, page.state.unread);
    }
}

#[tokio::test]
async fn servers_of_one_database_change_an_inbox_at_once_and_count_right() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let mut writers = Vec::new();
    let mut readers = Vec::new();
    for writer in 0..6 {
        writers.push(tokio::spawn(write(database.connect().await, writer)));
        readers.push(tokio::spawn(read(database.connect().await)));
    }
    let mut noted = BTreeMap::new();
    for writer in writers {
        for change in writer.await.unwrap() {
            assert!(
                noted.insert(change.state.version, change).is_none(),
                "a version is given once"
            );
        }
    }
    for reader in readers {
        reader.await.unwrap();
    }
    let last = noted.last_entry().unwrap().get().state;
    assert_eq!(last.version, noted.len() as u64, "no version is left out");
    let all = InboxQuery { limit: 10_000, ..InboxQuery::default() };
    let page = store.notifications(ADA, &all, 1).await.unwrap();
    assert_eq!(page.state, last);
    let unread = page.rows.iter().filter(|row| row.read_at.is_none()).count();
    assert_eq!(unread as u64, last.unread);
    let keyed = page.rows.iter().filter(|row| row.dedupe_key.is_some()).count();
    assert_eq!(keyed, 1, "a key has one row, whoever posted");
    let posted = noted.values().filter(|change| matches!(change.what, Change::Posted(_))).count();
    assert!(posted >= 6 * 27, "{posted}");
    store.close().await;
}

#[tokio::test]
async fn a_full_inbox_that_expires_at_once_is_let_go_of_within_one_change() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let bounds = InboxBounds { most: 200_000, oldest: 0, now: 1 };
    store.post(&row(0, 1), bounds).await.unwrap();
    let mut on = database.connect().await;
    // As many as an inbox may hold.
    for statement in [
        "INSERT INTO notifications SELECT 'x' || n, 'ada', 10 + n, 't', '', 'info', NULL, NULL, NULL, n, 5, NULL \
         FROM generate_series(1, 100000) AS n",
        "UPDATE inboxes SET version = 200000, unread = unread + 100000, total = total + 100000",
    ] {
        sqlx::query(statement).execute(&mut on).await.unwrap();
    }
    let changed = store.mark_all_read(ADA, None, 5).await.unwrap();
    assert_eq!(changed.changes.len(), 500 + 1, "in steps, so that none is too long to be told");
    assert_eq!(changed.state.unread, 0);
    store.close().await;
}

#[tokio::test]
async fn an_inbox_is_removed_while_another_server_adds_to_it() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let bounds = InboxBounds { most: 1_000, oldest: 0, now: 1 };
    store.post(&row(0, 1), bounds).await.unwrap();
    let mut poster = database.connect().await;
    let mut posting = poster.begin().await.unwrap();
    inbox_change::post(&mut posting, "a", row(0, 2), bounds).await.unwrap();
    let mut remover = database.connect().await;
    let removing = tokio::spawn(async move {
        let mut transaction = remover.begin().await.unwrap();
        inbox_change::remove_inbox(&mut transaction, ADA).await.unwrap();
        transaction.commit().await.unwrap();
    });
    let mut looker = database.connect().await;
    let begun = Instant::now();
    // Until the removal waits for the post.
    loop {
        let waiting = "SELECT count(*) FROM pg_stat_activity \
                       WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let waiting: i64 = sqlx::query_scalar(waiting).fetch_one(&mut looker).await.unwrap();
        if waiting == 1 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(20));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    posting.commit().await.unwrap();
    removing.await.unwrap();
    let page = store.notifications(ADA, &InboxQuery::default(), 1).await.unwrap();
    assert_eq!(page, InboxPage::default());
    store.close().await;
}

/// Who has gone for so long has left what it noted.
const GONE: Option<Duration> = Some(Duration::from_secs(10));

/// Versions that this server takes upon itself, in a transaction that is left open.
async fn take(on: &mut PgConnection, server: &str, after: u64) -> Vec<u64> {
    let taken = inbox_change::take_unannounced(on, server, ADA, after, GONE).await.unwrap();
    taken.into_iter().map(|change| change.state.version).collect()
}

/// Takes page after page, each in a transaction of its own.
async fn take_all(mut on: PgConnection, server: String) -> Vec<u64> {
    let mut all = Vec::new();
    loop {
        let mut transaction = on.begin().await.unwrap();
        let taken = take(&mut transaction, &server, all.last().copied().unwrap_or(0)).await;
        transaction.commit().await.unwrap();
        if taken.is_empty() {
            return all;
        }
        all.extend(taken);
    }
}

#[tokio::test]
async fn what_a_server_left_behind_is_taken_by_one_of_those_who_find_it() {
    let database = Database::new().await;
    let store = open(&database, false).await;
    let bounds = InboxBounds { most: 1_000, oldest: 0, now: 1 };
    let mut on = database.connect().await;
    for n in (0..450).map(|n| n * 10 + 1) {
        inbox_change::post(&mut on, "gone", row(0, n), bounds).await.unwrap();
    }
    assert_eq!(take(&mut on, "a", 0).await, [0; 0], "it may be at it");
    assert_eq!(take(&mut on, "gone", 440).await, (441..=450).collect::<Vec<_>>());
    sqlx::query("UPDATE inbox_changes SET at = at - 60000").execute(&mut on).await.unwrap();

    // Nobody waits for who is just taking some.
    let mut other = database.connect().await;
    let mut taking = on.begin().await.unwrap();
    assert_eq!(take(&mut taking, "a", 0).await, (1..=100).collect::<Vec<_>>());
    assert_eq!(take(&mut other, "b", 0).await, (101..=200).collect::<Vec<_>>());
    taking.commit().await.unwrap();
    assert_eq!(take(&mut other, "c", 0).await, (201..=300).collect::<Vec<_>>());
    assert_eq!(take(&mut on, "a", 50).await, (51..=100).chain(301..=350).collect::<Vec<_>>());

    sqlx::query("UPDATE inbox_changes SET at = at - 60000").execute(&mut on).await.unwrap();
    let mut servers = Vec::new();
    for n in 0..6 {
        servers.push(tokio::spawn(take_all(database.connect().await, format!("new {n}"))));
    }
    let mut taken = Vec::new();
    for server in servers {
        taken.extend(server.await.unwrap());
    }
    taken.sort_unstable();
    assert_eq!(taken, (1..=450).collect::<Vec<_>>(), "each by one");
    store.close().await;
}
