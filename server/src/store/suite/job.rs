//! What every backend does with jobs.

use std::sync::Arc;
use std::time::Duration;

use super::Backend;
use crate::store::{JobLeft, JobQuery, JobRow, Renewed, Store, StoreError};

/// Makes a test of each function here, on the backend that the expression makes.
macro_rules! job_suite {
    ($backend:expr) => {
        $crate::store::suite::suite!($backend;
            a_job_is_there_as_it_was_added,
            a_second_job_of_the_same_id_is_an_error,
            only_who_has_a_job_says_how_it_stands,
            how_a_job_ended_is_said_once_and_kept_with_what_is_left_of_it,
            the_end_of_a_job_may_be_said_again_by_who_did_not_hear_that_it_was_kept,
            what_is_due_of_many_jobs_is_written_at_once,
            that_the_end_of_a_job_was_asked_for_outlives_what_its_holder_says,
            of_a_job_that_ended_no_end_is_asked_for,
            a_server_renews_nothing_that_is_reported_forgotten_or_of_another,
            a_reported_job_goes_to_the_server_that_its_reporter_turns_to,
            a_job_whose_time_has_run_out_is_taken_once,
            a_job_that_is_renewed_is_not_taken,
            a_server_that_is_alone_takes_all_that_another_did,
            many_orphans_are_taken_in_steps,
            jobs_are_read_page_by_page_the_newest_first,
            jobs_that_come_meanwhile_neither_hide_nor_repeat_others,
            a_job_that_ended_can_be_removed_and_no_other,
            what_lies_beyond_the_bounds_is_trimmed_the_oldest_first,
            the_jobs_of_a_user_go_with_the_user,
        );
    };
}
pub(in crate::store) use job_suite;

pub(super) const ADA: &str = "ada";
pub(super) const OWNER: &str = "owner";
pub(super) const HOUR: Duration = Duration::from_secs(60 * 60);

/// Comes at `at`, is the owner's, and is held by `one` for an hour.
pub(super) fn job(at: u64, name: &str) -> JobRow {
    JobRow {
        id: format!("{OWNER}~{at:012x}-{name}"),
        user_id: OWNER.to_owned(),
        version: 1,
        is_active: true,
        is_reported: false,
        holder: "one".to_owned(),
        lease: HOUR,
        cancel_requested: false,
        created_at: at,
        ended_at: None,
        record: format!("{{\"name\":\"größer \\\"{name}\\\" \u{1f600}\",\"nul\":\"\\u0000\"}}"),
    }
}

pub(super) fn reported(at: u64, name: &str) -> JobRow {
    JobRow { is_reported: true, ..job(at, name) }
}

pub(super) fn ended(row: &JobRow, at: u64) -> JobRow {
    let (version, record) = (row.version + 1, "{\"state\":\"succeeded\"}".to_owned());
    JobRow { version, record, is_active: false, ended_at: Some(at), ..row.clone() }
}

pub(super) fn next(row: &JobRow) -> JobRow {
    let version = row.version + 1;
    JobRow { version, record: format!("{{\"version\":{version}}}"), ..row.clone() }
}

pub(super) async fn add(store: &Arc<dyn Store>, rows: &[&JobRow]) {
    for row in rows {
        store.add_job(row).await.unwrap();
    }
}

pub(super) async fn find(store: &Arc<dyn Store>, row: &JobRow) -> Option<JobRow> {
    store.job(&row.id).await.unwrap()
}

pub(super) fn all() -> JobQuery {
    JobQuery { limit: 10_000, ..JobQuery::default() }
}

pub(super) async fn renew(store: &Arc<dyn Store>, holder: &str, rows: &[&JobRow]) -> Renewed {
    let ids: Vec<_> = rows.iter().map(|row| row.id.clone()).collect();
    store.renew_jobs(holder, &ids).await.unwrap()
}

pub(in crate::store) async fn a_job_is_there_as_it_was_added(backend: &impl Backend) {
    let store = backend.open().await;
    let row = job(1, "a");
    assert_eq!(find(&store, &row).await, None);
    assert_eq!(store.job_left(&row.id).await.unwrap(), None);
    let done = ended(&JobRow { cancel_requested: true, ..reported(2, "b") }, 3);
    add(&store, &[&row, &done]).await;
    drop(store);

    let store = backend.open().await;
    assert_eq!(find(&store, &row).await, Some(row.clone()));
    assert_eq!(find(&store, &done).await, Some(done.clone()));
    assert_eq!(store.jobs(&all()).await.unwrap(), [done, row.clone()]);
    assert_eq!(store.job_left(&row.id).await.unwrap(), Some(JobLeft::default()));
}

pub(in crate::store) async fn a_second_job_of_the_same_id_is_an_error(backend: &impl Backend) {
    let store = backend.open().await;
    let row = job(1, "a");
    add(&store, &[&row]).await;
    let again = store.add_job(&JobRow { holder: "two".to_owned(), ..row.clone() }).await;
    assert!(matches!(again, Err(StoreError::Database(_))), "{again:?}");
    assert_eq!(find(&store, &row).await, Some(row));
}

pub(in crate::store) async fn only_who_has_a_job_says_how_it_stands(backend: &impl Backend) {
    let store = backend.open().await;
    let row = job(1, "a");
    assert!(!store.save_job(&row, None).await.unwrap(), "there is none");
    add(&store, &[&row, &job(2, "b")]).await;
    let later = JobRow { lease: HOUR * 2, ..next(&row) };
    assert!(store.save_job(&later, None).await.unwrap());
    assert_eq!(find(&store, &row).await, Some(later.clone()));

    let others = JobRow { holder: "two".to_owned(), ..next(&later) };
    assert!(!store.save_job(&others, None).await.unwrap());
    let end = ended(&others, 9);
    assert!(!store.save_job(&end, Some(&JobLeft::default())).await.unwrap());
    assert_eq!(find(&store, &row).await, Some(later));
    assert_eq!(find(&store, &job(2, "b")).await, Some(job(2, "b")), "nobody said a word of it");
}

pub(in crate::store) async fn how_a_job_ended_is_said_once_and_kept_with_what_is_left_of_it(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let row = job(1, "a");
    add(&store, &[&row]).await;
    let end = ended(&row, 9);
    let left = JobLeft {
        result: Some("{\"bytes\":7}".to_owned()),
        log: Some("[\"größer\"]".to_owned()),
    };
    assert!(store.save_job(&end, Some(&left)).await.unwrap());
    drop(store);

    let store = backend.open().await;
    assert_eq!(find(&store, &row).await, Some(end.clone()));
    for late in [next(&row), next(&end)] {
        assert!(!store.save_job(&late, None).await.unwrap(), "it is over");
    }
    let gone = Renewed { gone: vec![row.id.clone()], ..Renewed::default() };
    assert_eq!(store.save_jobs("one", &[next(&row)]).await.unwrap(), gone);
    assert_eq!(renew(&store, "one", &[&row]).await, gone);
    assert_eq!(find(&store, &row).await, Some(end));
    assert_eq!(store.job_left(&row.id).await.unwrap(), Some(left));
}

pub(in crate::store) async fn the_end_of_a_job_may_be_said_again_by_who_did_not_hear_that_it_was_kept(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let row = job(1, "a");
    add(&store, &[&row]).await;
    let end = ended(&row, 9);
    let left = JobLeft { result: Some("1".to_owned()), log: None };
    for _ in 0..2 {
        assert!(store.save_job(&end, Some(&left)).await.unwrap());
    }
    assert_eq!(store.job_left(&row.id).await.unwrap(), Some(left));
    let others = JobRow { holder: "two".to_owned(), ..end.clone() };
    assert!(!store.save_job(&others, None).await.unwrap());
    assert_eq!(find(&store, &row).await, Some(end));
}

pub(in crate::store) async fn what_is_due_of_many_jobs_is_written_at_once(backend: &impl Backend) {
    let store = backend.open().await;
    assert_eq!(store.save_jobs("one", &[]).await.unwrap(), Renewed::default());
    // More than one statement holds.
    let rows: Vec<_> = (0..450).map(|at| job(at, "a")).collect();
    for row in &rows {
        store.add_job(row).await.unwrap();
    }
    store.ask_to_cancel(&rows[7].id).await.unwrap();
    store.ask_to_cancel(&rows[399].id).await.unwrap();
    store.remove_job(&rows[20].id).await.unwrap();
    assert!(store.save_job(&ended(&rows[20], 9), None).await.unwrap());
    let theirs = JobRow { holder: "two".to_owned(), ..job(1_000, "theirs") };
    add(&store, &[&theirs]).await;

    let mut due: Vec<_> = rows.iter().map(next).collect();
    due.push(next(&theirs));
    due.push(job(2_000, "none"));
    // In whatever order: who waits for each other is no matter of theirs.
    due.reverse();
    due[100] = JobRow { lease: HOUR * 3, ..due[100].clone() };
    let found = store.save_jobs("one", &due).await.unwrap();
    assert_eq!(found.to_cancel, [&*rows[399].id, &rows[7].id]);
    assert_eq!(found.gone, [&*job(2_000, "none").id, &theirs.id, &rows[20].id]);
    for row in &due {
        let there = find(&store, row).await;
        match () {
            () if row.id == rows[20].id => assert_eq!(there, Some(ended(&rows[20], 9))),
            () if row.id == theirs.id => assert_eq!(there.as_ref(), Some(&theirs)),
            () if row.created_at == 2_000 => assert_eq!(there, None),
            () => {
                let cancel_requested = found.to_cancel.contains(&row.id);
                assert_eq!(there, Some(JobRow { cancel_requested, ..row.clone() }));
            }
        }
    }
}

pub(in crate::store) async fn that_the_end_of_a_job_was_asked_for_outlives_what_its_holder_says(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    assert_eq!(store.ask_to_cancel("none").await.unwrap(), None);
    let (row, other) = (job(1, "a"), reported(2, "b"));
    add(&store, &[&row, &other]).await;
    for row in [&row, &row, &other] {
        let asked = store.ask_to_cancel(&row.id).await.unwrap();
        assert_eq!(asked, Some(JobRow { cancel_requested: true, ..row.clone() }));
    }
    drop(store);

    let store = backend.open().await;
    let asked = [row.id.clone(), other.id.clone()];
    let expected = Renewed { to_cancel: asked.to_vec(), gone: Vec::new() };
    assert_eq!(renew(&store, "one", &[&row, &other]).await, expected);
    let later = next(&row);
    assert!(store.save_job(&later, None).await.unwrap(), "as it was before it was asked");
    assert!(find(&store, &row).await.unwrap().cancel_requested);
    let later = next(&later);
    let saved = store.save_jobs("one", &[later.clone(), next(&other)]).await.unwrap();
    assert_eq!(saved, expected);
    assert!(find(&store, &row).await.unwrap().cancel_requested);
    assert!(store.save_job(&ended(&later, 9), None).await.unwrap());
    let there = find(&store, &row).await.unwrap();
    assert!(there.cancel_requested && !there.is_active, "{there:?}");
}

pub(in crate::store) async fn of_a_job_that_ended_no_end_is_asked_for(backend: &impl Backend) {
    let store = backend.open().await;
    let end = ended(&job(1, "a"), 9);
    add(&store, &[&end]).await;
    assert_eq!(store.ask_to_cancel(&end.id).await.unwrap(), Some(end.clone()));
    assert_eq!(find(&store, &end).await, Some(end));
}
