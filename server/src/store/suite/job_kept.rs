//! Which jobs are kept, and how they are read, with every backend.

use std::sync::Arc;

use tidings_protocol::api::Role;

use super::Backend;
use super::job::{ADA, OWNER, add, all, ended, find, job, next, reported};
use crate::store::{JobBounds, JobQuery, JobRow, PeopleChange, Store, UserRow};

fn ids(rows: &[JobRow]) -> Vec<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

pub(in crate::store) async fn jobs_are_read_page_by_page_the_newest_first(backend: &impl Backend) {
    let store = backend.open().await;
    let adas =
        |row: JobRow| JobRow { id: row.id.replacen(OWNER, ADA, 1), user_id: ADA.to_owned(), ..row };
    let rows = [
        job(1, "a"),
        // What came first may end last.
        ended(&job(1, "b"), 20),
        adas(job(1, "c")),
        ended(&adas(job(2, "d")), 9),
        job(3, "e"),
        ended(&job(3, "f"), 9),
    ];
    for row in &rows {
        store.add_job(row).await.unwrap();
    }
    for (user_id, is_active, expected) in [
        (None, None, "fedbac"),
        (None, Some(true), "eac"),
        (None, Some(false), "bfd"),
        (Some(OWNER), None, "feba"),
        (Some(OWNER), Some(true), "ea"),
        (Some(OWNER), Some(false), "bf"),
        (Some(ADA), None, "dc"),
        (Some(ADA), Some(true), "c"),
        (Some("bob"), None, ""),
    ] {
        for limit in [1, 2, 3, 9] {
            let user_id = user_id.map(str::to_owned);
            let mut query = JobQuery { user_id, is_active, before: None, limit };
            let mut found = String::new();
            loop {
                let page = store.jobs(&query).await.unwrap();
                assert!(page.len() <= limit);
                let Some(last) = page.last() else { break };
                query.before = Some((query.time(last), last.id.clone()));
                found.extend(page.iter().filter_map(|row| row.id.chars().last()));
            }
            assert_eq!(found, expected, "{query:?}");
        }
    }
}

pub(in crate::store) async fn jobs_that_come_meanwhile_neither_hide_nor_repeat_others(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    // Many of one time each: by that alone no page could go on.
    let there: Vec<_> = (0..90).map(|n| job(10 + n / 30, &format!("{n:02}"))).collect();
    for row in &there {
        store.add_job(row).await.unwrap();
    }
    let mut query = JobQuery { limit: 7, ..JobQuery::default() };
    let (mut found, mut n) = (Vec::new(), 0);
    loop {
        let page = store.jobs(&query).await.unwrap();
        let Some(last) = page.last() else { break };
        query.before = Some((last.created_at, last.id.clone()));
        found.extend(page.into_iter().map(|row| row.id));
        // Newer ones, and one of the time that was read last; and one of those that were read ends, another goes.
        n += 1;
        add(&store, &[&job(100 + n, "new"), &job(last_time(&query), &format!("z{n}"))]).await;
        let over = there.iter().find(|row| row.id == found[found.len() - 2]).unwrap();
        assert!(store.save_job(&ended(over, 9), None).await.unwrap());
        assert!(store.remove_job(&found[found.len() - 2]).await.unwrap());
    }
    let mut expected = ids(&there);
    expected.reverse();
    assert_eq!(found, expected);
}

fn last_time(query: &JobQuery) -> u64 {
    query.before.as_ref().map_or(0, |(at, _)| *at)
}

pub(in crate::store) async fn a_job_that_ended_can_be_removed_and_no_other(backend: &impl Backend) {
    let store = backend.open().await;
    let row = job(1, "a");
    add(&store, &[&row]).await;
    assert!(!store.remove_job(&row.id).await.unwrap());
    assert!(store.save_job(&ended(&row, 9), None).await.unwrap());
    assert!(store.remove_job(&row.id).await.unwrap());
    assert!(!store.remove_job(&row.id).await.unwrap());
    assert_eq!(find(&store, &row).await, None);
    assert_eq!(store.job_left(&row.id).await.unwrap(), None);
}

/// All that is trimmed, in steps that are bounded.
async fn trim(store: &Arc<dyn Store>, most: u64, oldest: u64) -> Vec<u64> {
    let mut trimmed = Vec::new();
    loop {
        let step = store.trim_jobs(JobBounds { most, oldest }).await.unwrap();
        if step.is_empty() {
            trimmed.sort_unstable();
            return trimmed;
        }
        assert!(step.len() <= 100 && step.is_sorted(), "{step:?}");
        let at = |id: &String| u64::from_str_radix(&id[OWNER.len() + 1..][..12], 16).unwrap();
        trimmed.extend(step.iter().map(at));
    }
}

pub(in crate::store) async fn what_lies_beyond_the_bounds_is_trimmed_the_oldest_first(
    backend: &impl Backend,
) {
    let store = backend.open().await;
    // By when they ended, and not by when they came.
    for at in 0..330 {
        store.add_job(&ended(&job(at, "a"), 1_330 - at)).await.unwrap();
    }
    add(&store, &[&job(500, "active")]).await;
    assert_eq!(trim(&store, 330, 0).await, [0; 0]);
    assert_eq!(trim(&store, u64::MAX, 1_001).await, [0; 0]);
    assert_eq!(trim(&store, u64::MAX, 1_006).await, [325, 326, 327, 328, 329]);
    assert_eq!(trim(&store, 300, 0).await, (300..325).collect::<Vec<_>>());
    assert_eq!(trim(&store, 20, 1_329).await, (2..300).collect::<Vec<_>>());
    assert_eq!(trim(&store, 0, 0).await, [0, 1]);
    assert_eq!(store.jobs(&all()).await.unwrap(), [job(500, "active")]);
}

pub(in crate::store) async fn the_jobs_of_a_user_go_with_the_user(backend: &impl Backend) {
    let store = backend.open().await;
    let user = UserRow {
        id: ADA.to_owned(),
        name: "Ada".to_owned(),
        folded: ADA.to_owned(),
        role: Role::Viewer,
        password: None,
        created_at: 1,
    };
    let change = async |change: PeopleChange| {
        store.change_people(&change, 0).await.unwrap().unwrap();
    };
    let adas = |row: JobRow| JobRow { user_id: ADA.to_owned(), ..row };
    change(PeopleChange::AddUser { user, most: 9 }).await;
    let (work, told) = (adas(job(1, "a")), adas(reported(2, "b")));
    let (over, others) = (adas(ended(&job(3, "c"), 9)), job(4, "d"));
    add(&store, &[&work, &told, &over, &others]).await;
    assert_eq!(trim(&store, 9, 0).await, [0; 0]);
    change(PeopleChange::RemoveUser { id: ADA.to_owned(), at: 3 }).await;
    assert_eq!(store.jobs(&all()).await.unwrap(), std::slice::from_ref(&others));
    let gone = store.save_jobs("one", &[next(&work), next(&others)]).await.unwrap().gone;
    assert_eq!(gone, [work.id.as_str()], "who does it finds out");

    // As by a server that has yet to hear of it.
    add(&store, &[&work, &over]).await;
    assert_eq!(trim(&store, 9, 0).await, [1, 3]);
    assert_eq!(store.jobs(&all()).await.unwrap(), [next(&others)]);
}
