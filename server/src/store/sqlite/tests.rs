//! What only SQLite can do, or get wrong; the rest is in `store/suite.rs`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::*;
use crate::store::suite::{Backend, suite};
use crate::store::{JournalMeta, JournalRow, JournalStore as _};

struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join(FILE_NAME)
    }
}

impl Backend for Folder {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.file(), false).await.unwrap())
    }

    async fn add_unheard(&self, rows: &[JournalRow]) {
        let (other, head) = (self.open().await, rows.last().unwrap().seq);
        other.append(rows, head, head).await.unwrap();
    }
}

mod not_durable {
    use super::*;
    suite!(Folder::new());
}

struct DurableFolder(Folder);

impl Backend for DurableFolder {
    async fn open(&self) -> Arc<dyn Store> {
        Arc::new(SqliteStore::open(&self.0.file(), true).await.unwrap())
    }

    async fn add_unheard(&self, rows: &[JournalRow]) {
        self.0.add_unheard(rows).await;
    }
}

mod durable {
    use super::*;
    suite!(DurableFolder(Folder::new()));
}

const META: JournalMeta = JournalMeta { epoch: 1, head: 0, reserved: 0, clean: false };

fn rows(seqs: impl IntoIterator<Item = u64>, bytes: usize) -> Vec<JournalRow> {
    let row = |seq| JournalRow {
        seq,
        topic: format!("t/{}", seq % 7),
        kind: "update".to_owned(),
        at: seq,
        data: vec![b'x'; bytes].into(),
    };
    seqs.into_iter().map(row).collect()
}

async fn count(store: &SqliteStore) -> u64 {
    store.topics().await.unwrap().iter().map(|topic| topic.events).sum()
}

/// No text of ours has it, and not every database takes it.
#[tokio::test]
async fn text_with_a_zero_byte_comes_back_as_it_was() {
    let folder = Folder::new();
    let store = folder.open().await;
    store.begin(META).await.unwrap();
    let mut odd = rows([1], 3);
    odd[0].kind = "a\0b".to_owned();
    store.append(&odd, 1, 1).await.unwrap();
    let limits = crate::store::PageLimits { events: 1, bytes: 3 };
    assert_eq!(store.page(&[odd[0].topic.as_str()], 0, 1, limits).await.unwrap(), odd);
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_may_read_the_file_and_its_log() {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    fs::write(folder.file(), "").unwrap();
    fs::set_permissions(folder.file(), fs::Permissions::from_mode(0o644)).unwrap();
    let store = folder.open().await;
    store.begin(META).await.unwrap();
    let files: Vec<_> = fs::read_dir(folder.0.path()).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 3, "the file, its log, and the log's index");
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", file.file_name());
    }
}

#[tokio::test]
async fn what_is_no_database_is_left_alone() {
    let folder = Folder::new();
    let text = "Dear diary, ".repeat(1_000);
    fs::write(folder.file(), &text).unwrap();
    let error = SqliteStore::open(&folder.file(), false).await.unwrap_err();
    assert!(matches!(error, StoreError::NoDatabase(_)), "{error:?}");
    assert_eq!(fs::read_to_string(folder.file()).unwrap(), text);
}

#[tokio::test]
async fn a_file_of_a_newer_release_is_left_alone() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    let newer = "INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, 1, x'00', 0)";
    sqlx::query(newer).execute(&store.writer).await.unwrap();
    store.close().await;
    let error = SqliteStore::open(&folder.file(), false).await.unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error:?}");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_named() {
    let error = SqliteStore::open(Path::new("/nowhere/at/all.db"), false).await.unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error:?}");
    assert!(error.to_string().contains("/nowhere/at/all.db"));
}

#[tokio::test]
async fn a_full_disk_is_told_and_what_fits_afterwards_is_stored() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    store.begin(META).await.unwrap();
    store.append(&rows(1..=10, 10), 10, 10).await.unwrap();
    sqlx::query("PRAGMA max_page_count = 30").execute(&store.writer).await.unwrap();
    let error = store.append(&rows(11..=1_000, 1_000), 1_000, 1_000).await.unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error:?}");
    assert_eq!(count(&store).await, 10);
    assert!(matches!(store.probe().await, Err(StoreError::Full)));

    sqlx::query("PRAGMA max_page_count = 100000").execute(&store.writer).await.unwrap();
    store.probe().await.unwrap();
    store.append(&rows(11..=1_000, 1_000), 1_000, 1_000).await.unwrap();
    assert_eq!(count(&store).await, 1_000);
}

/// Of several rows SQLite takes back the statement, of a single one the whole transaction.
#[tokio::test]
async fn a_transaction_that_sqlite_ended_by_itself_does_not_stay_open_for_ever() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), true).await.unwrap();
    store.begin(META).await.unwrap();
    sqlx::query("PRAGMA max_page_count = 30").execute(&store.writer).await.unwrap();
    let error = store.append(&rows([1], 200_000), 1, 1).await.unwrap_err();
    assert!(matches!(error, StoreError::Full), "{error:?}");

    sqlx::query("PRAGMA max_page_count = 100000").execute(&store.writer).await.unwrap();
    store.append(&rows([1], 200_000), 1, 1).await.unwrap();
    assert_eq!(count(&store).await, 1);
}

#[tokio::test]
async fn a_probe_asks_the_disk_for_as_much_as_a_large_event() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    let log = || fs::metadata(folder.0.path().join(format!("{FILE_NAME}-wal"))).unwrap().len();
    let before = log();
    store.probe().await.unwrap();
    assert!(log() >= before + (256 << 10), "{before} bytes grew to {}", log());
    let left: i64 =
        sqlx::query_scalar("SELECT count(*) FROM probe").fetch_one(&store.writer).await.unwrap();
    assert_eq!(left, 0);
}

/// What a killed process leaves is what lies in the files at that moment, log included, and a system that
/// went down may have written less of the log.
#[tokio::test]
async fn of_a_torn_log_whole_appends_remain() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), true).await.unwrap();
    store.begin(META).await.unwrap();
    for batch in 0..20 {
        let last = (batch + 1) * 50;
        store.append(&rows(batch * 50 + 1..=last, 200), last, last).await.unwrap();
    }
    let log = fs::read(folder.0.path().join(format!("{FILE_NAME}-wal"))).unwrap();
    let mut seen = Vec::new();
    for part in 0..=16 {
        let torn = Folder::new();
        fs::copy(folder.file(), torn.file()).unwrap();
        let kept = &log[..log.len() * part / 16];
        fs::write(torn.0.path().join(format!("{FILE_NAME}-wal")), kept).unwrap();
        let opened = SqliteStore::open(&torn.file(), true).await.unwrap();
        let (count, meta) = (count(&opened).await, opened.load().await.unwrap());
        assert_eq!(count, meta.map_or(0, |meta| meta.head), "events and head are of one append");
        assert!(meta.is_none_or(|meta| !meta.clean));
        seen.push(count);
    }
    assert!(seen.is_sorted() && seen.contains(&0), "{seen:?}");
    assert_eq!(seen.last(), Some(&1_000));
}

/// Nothing moves the clock here but waiting: what waits for its turn must do so for ever.
#[tokio::test]
async fn many_pages_wait_for_their_turn_and_hold_up_nothing_else() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    store.begin(META).await.unwrap();
    store.append(&rows(1..=10, 10), 10, 10).await.unwrap();
    let mut pages = Vec::new();
    for _ in 0..READERS {
        pages.push(store.read().await.unwrap());
    }
    store.check().await.unwrap();
    let retain = crate::store::Retain { events: 1, bytes: 100, oldest_at: 0 };
    assert_eq!(store.boundary("t/1", u64::MAX, retain).await.unwrap().seq, 1);
    assert_eq!(store.aged(100).await.unwrap().len(), 7);

    let topics = ["t/1"];
    let limits = crate::store::PageLimits { events: 10, bytes: 1_000 };
    let mut page = store.page(&topics, 0, 10, limits);
    tokio::time::pause();
    // Longer than a pool waits.
    let waits = tokio::time::timeout(Duration::from_secs(100), &mut page).await;
    assert!(waits.is_err(), "{waits:?}");
    tokio::time::resume();
    pages.pop();
    assert_eq!(page.await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_run_ends_cleanly_while_somebody_reads_and_soon_fails_while_somebody_writes() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    store.begin(META).await.unwrap();
    store.append(&rows(1..=10, 10), 10, 10).await.unwrap();
    let other = SqliteStore::open(&folder.file(), false).await.unwrap();
    let mut reading = other.read().await.unwrap();
    sqlx::query("SELECT seq FROM journal_events").fetch_all(&mut *reading.on).await.unwrap();
    store.end(10).await.unwrap();
    assert!(other.load().await.unwrap().unwrap().clean);
    drop(reading);

    let mut foreign = other.writer().await.unwrap();
    sqlx::query(IMMEDIATE).execute(&mut *foreign).await.unwrap();
    let began = std::time::Instant::now();
    assert!(matches!(store.end(11).await, Err(StoreError::Busy)));
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    sqlx::query("ROLLBACK").execute(&mut *foreign).await.unwrap();
}

/// Each search must go by its index: a million events are not looked through for one.
#[tokio::test]
async fn no_search_looks_through_all_events_of_others() {
    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    store.begin(META).await.unwrap();
    // One that reads more of an event than its size looks it up; one over several topics sorts their numbers.
    let (covering, sorting) = ("COVERING INDEX journal_events_of_topic", "B-TREE FOR ORDER BY");
    for (search, with, without) in [
        (page::OF_ONE, covering, sorting),
        (page::NEXT, covering, sorting),
        (page::OF_SEVERAL, covering, "SCAN journal_events"),
        (page::FOUND, "SEARCH journal_events USING INTEGER PRIMARY KEY", sorting),
        (journal::STEP_END, covering, sorting),
        (journal::TOPICS, covering, sorting),
        (journal::AGED, covering, sorting),
        (journal::BOUNDARY, covering, sorting),
        (journal::WHOLE, covering, sorting),
    ] {
        let explain = format!("EXPLAIN QUERY PLAN {search}");
        let plan: Vec<(i64, i64, i64, String)> =
            sqlx::query_as(sqlx::AssertSqlSafe(explain)).fetch_all(&store.writer).await.unwrap();
        let plan: Vec<_> = plan.into_iter().map(|(_, _, _, step)| step).collect();
        let plan = plan.join("; ");
        assert!(plan.contains(with) && !plan.contains(without), "{search}: {plan}");
    }
}

/// A page goes by an index that has its order: what is kept is not looked through, nor sorted.
#[tokio::test]
async fn no_page_of_jobs_looks_through_all_of_them() {
    use crate::store::JobQuery;

    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    for user_id in [None, Some("u".to_owned())] {
        for is_active in [None, Some(true), Some(false)] {
            let query = JobQuery { user_id: user_id.clone(), is_active, ..JobQuery::default() };
            let explain = format!("EXPLAIN QUERY PLAN {}", job_sql::page_sql(&query));
            let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(explain))
                .fetch_all(&store.writer)
                .await
                .unwrap();
            let plan: Vec<_> = plan.into_iter().map(|(_, _, _, step)| step).collect();
            let plan = plan.join("; ");
            assert!(plan.contains("USING INDEX jobs_"), "{query:?}: {plan}");
            assert!(!plan.contains("B-TREE") && !plan.contains("SCAN"), "{query:?}: {plan}");
        }
    }
}

#[tokio::test]
async fn a_change_that_is_dropped_does_not_leave_its_setting_behind() {
    use crate::store::{PeopleChange, PeopleStore as _};
    use futures_util::FutureExt as _;

    let folder = Folder::new();
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    for turns in 0..20 {
        let change = PeopleChange::RevokeToken { id: "none".to_owned(), at: 1 };
        let mut revoking = store.change_people(&change, 0);
        for _ in 0..turns {
            if (&mut revoking).now_or_never().is_some() {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_micros(50)).await;
        }
        drop(revoking);
        // The one connection that writes is free once the change is over.
        let mut writer = store.writer().await.unwrap();
        let synchronous: i64 =
            sqlx::query_scalar("PRAGMA synchronous").fetch_one(&mut *writer).await.unwrap();
        assert_eq!(synchronous, 1, "NORMAL after {turns} turns");
    }
}

#[tokio::test]
async fn tokens_that_were_left_in_a_file_are_found_and_the_file_is_left_as_it_is() {
    use crate::store::{PeopleChange, PeopleStore as _, TokenRow};

    let folder = Folder::new();
    assert!(!SqliteStore::has_tokens(&folder.file(), 0).await, "there is no file");
    let store = SqliteStore::open(&folder.file(), false).await.unwrap();
    assert!(!SqliteStore::has_tokens(&folder.file(), 0).await, "there is no token");
    let token = TokenRow {
        id: "a".to_owned(),
        name: "a".to_owned(),
        user_id: "owner".to_owned(),
        digest: "a".to_owned(),
        scopes: Vec::new(),
        created_at: 5,
        expires_at: Some(100),
    };
    let add = PeopleChange::AddToken { token, most_of_user: 1, most: 1, forget: 0 };
    store.change_people(&add, 0).await.unwrap().unwrap();
    assert!(SqliteStore::has_tokens(&folder.file(), 99).await, "as after a crash");
    store.close().await;
    let state = || {
        let names = fs::read_dir(folder.0.path()).unwrap().map(|entry| entry.unwrap().file_name());
        (names.collect::<Vec<_>>(), fs::read(folder.file()).unwrap())
    };
    let before = state();
    assert!(SqliteStore::has_tokens(&folder.file(), 99).await);
    assert!(!SqliteStore::has_tokens(&folder.file(), 100).await, "it is over");
    assert!(state() == before, "something was changed");
    fs::write(folder.file(), "no database").unwrap();
    assert!(!SqliteStore::has_tokens(&folder.file(), 0).await);
}
