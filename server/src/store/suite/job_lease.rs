//! Which server has a job, with every backend.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use super::Backend;
use super::job::{HOUR, add, all, ended, find, job, next, renew, reported};
use crate::store::{JobRow, LEAP};

/// As the server of this name takes it.
fn taken_by(holder: &str, row: &JobRow) -> JobRow {
    JobRow { holder: holder.to_owned(), version: row.version + LEAP, ..row.clone() }
}

pub(in crate::store) async fn a_server_renews_nothing_that_is_reported_forgotten_or_of_another(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let short = |row| JobRow { lease: Duration::from_millis(400), ..row };
    let (own, silent) = (job(1, "own"), short(reported(2, "silent")));
    let forgotten = short(job(3, "forgotten"));
    let theirs = JobRow { holder: "two".to_owned(), ..short(job(4, "theirs")) };
    add(&store, &[&own, &silent, &forgotten, &theirs]).await;
    let begun = Instant::now();
    let mut taken = BTreeSet::new();
    while taken.len() < 3 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{taken:?}");
        let renewed = renew(&store, "one", &[&own, &silent, &theirs]).await;
        assert!(renewed.gone.contains(&theirs.id) && !renewed.gone.contains(&own.id));
        assert_eq!(renewed.gone.contains(&silent.id), taken.contains(&silent.id));
        let orphans = store.take_orphans("three", false).await.unwrap();
        taken.extend(orphans.into_iter().map(|row| row.id));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(taken, BTreeSet::from([silent.id, forgotten.id, theirs.id]));
}

pub(in crate::store) async fn a_reported_job_goes_to_the_server_that_its_reporter_turns_to(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let (row, work) = (reported(1, "a"), job(2, "b"));
    let end = ended(&reported(3, "c"), 9);
    add(&store, &[&row, &work, &end]).await;
    for none in [work.id.as_str(), end.id.as_str(), "none"] {
        assert_eq!(store.take_job(none, "two").await.unwrap(), None);
    }
    let taken = store.take_job(&row.id, "two").await.unwrap().unwrap();
    assert_eq!(taken, taken_by("two", &row));
    assert!(!store.save_job(&next(&row), None).await.unwrap(), "not the first's any more");
    assert_eq!(renew(&store, "one", &[&row]).await.gone, [row.id.as_str()]);
    assert!(store.save_job(&next(&taken), None).await.unwrap());
    let back = taken_by("one", &next(&taken));
    assert_eq!(store.take_job(&row.id, "one").await.unwrap(), Some(back.clone()));
    assert_eq!(store.jobs(&all()).await.unwrap()[1..], [work, back]);
}

pub(in crate::store) async fn a_job_whose_time_has_run_out_is_taken_once(backend: &impl Backend) {
    let store = backend.open().await;
    let brief = |row| JobRow { lease: Duration::from_millis(1), ..row };
    let (work, told) = (brief(job(2, "work")), brief(reported(1, "told")));
    let over = brief(ended(&job(3, "over"), 9));
    add(&store, &[&work, &told, &over, &job(4, "held")]).await;
    let begun = Instant::now();
    let mut taken = Vec::new();
    while taken.len() < 2 {
        assert!(begun.elapsed() < Duration::from_secs(20), "{taken:?}");
        // For long, from then on: as a server does that is to say how it ended.
        for row in store.take_orphans("two", false).await.unwrap() {
            assert!(store.save_job(&JobRow { lease: HOUR, ..row.clone() }, None).await.unwrap());
            taken.push(row);
        }
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    taken.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(taken, [taken_by("two", &told), taken_by("two", &work)]);
    assert_eq!(store.take_orphans("three", false).await.unwrap(), []);
    for row in [work, told] {
        assert!(!store.save_job(&next(&row), None).await.unwrap(), "it was taken");
    }
}

pub(in crate::store) async fn a_job_that_is_renewed_is_not_taken(backend: &impl Backend) {
    let store = backend.open().await;
    let lease = Duration::from_millis(500);
    let brief = |row| JobRow { lease, ..row };
    let (mut saved, mut at_once) = (brief(job(1, "saved")), brief(reported(2, "at once")));
    let (renewed, taken) = (brief(job(3, "renewed")), brief(reported(4, "taken")));
    add(&store, &[&saved, &at_once, &renewed, &taken]).await;
    let begun = Instant::now();
    let mut heard = Instant::now();
    while begun.elapsed() < lease * 3 {
        (saved, at_once) = (next(&saved), next(&at_once));
        let mut is_there = store.save_job(&saved, None).await.unwrap();
        is_there &= store.save_jobs("one", &[at_once.clone()]).await.unwrap().gone.is_empty();
        is_there &= renew(&store, "one", &[&renewed]).await.gone.is_empty();
        is_there &= store.take_job(&taken.id, "one").await.unwrap().is_some();
        let orphans = store.take_orphans("two", false).await.unwrap();
        // Where the machine came to a stop for so long its time was over indeed.
        if heard.elapsed() >= lease * 3 / 4 {
            return;
        }
        assert!(is_there && orphans.is_empty(), "{orphans:?}");
        heard = Instant::now();
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(in crate::store) async fn a_server_that_is_alone_takes_all_that_another_did(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    let own = JobRow { holder: "two".to_owned(), ..job(1, "own") };
    let (work, told) = (job(2, "work"), reported(3, "told"));
    let over = ended(&job(4, "over"), 9);
    add(&store, &[&own, &work, &told, &over]).await;
    assert_eq!(store.take_orphans("two", false).await.unwrap(), []);
    let taken = store.take_orphans("two", true).await.unwrap();
    assert_eq!(taken, [taken_by("two", &work)]);
    assert_eq!(store.take_orphans("two", true).await.unwrap(), []);
    assert_eq!(find(&store, &told).await, Some(told), "its reporter may go on");
}

pub(in crate::store) async fn many_orphans_are_taken_in_steps(backend: &impl Backend) {
    let store = backend.open().await;
    for at in 0..230 {
        store.add_job(&job(at, "a")).await.unwrap();
    }
    let (mut taken, mut steps) = (Vec::new(), Vec::new());
    loop {
        let step = store.take_orphans("two", true).await.unwrap();
        if step.is_empty() {
            break;
        }
        steps.push(step.len());
        taken.extend(step.into_iter().map(|row| row.created_at));
    }
    assert_eq!(steps, [100, 100, 30]);
    assert_eq!(taken, (0..230).collect::<Vec<_>>());
}
