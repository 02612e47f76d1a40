//! From a job's turn to its end.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_job_tells_how_far_it_is_and_what_came_of_it() {
    let stage = Stage::new(|_| {}).await;
    let following = stage.start(json!({ "steps": 20, "pause": 200 })).await;
    let id = following.id().to_owned();
    assert!(id.starts_with("u1~"), "{id}");
    let (updates, last) = follow(following).await;
    let told: Vec<_> = updates.iter().filter_map(|update| update.progress).collect();
    assert!(told.is_sorted() && told.len() >= 20, "{told:?}");
    assert_eq!(told.last().map(|percent| percent.value()), Some(100.0));
    let Last::Complete(complete) = last else { panic!("{last:?}") };
    assert_eq!((complete.success, complete.result.get()), (true, "{\"steps\":20}"));

    let job = stage.state(&id, JobState::Succeeded).await;
    assert_eq!((job.progress, &*job.message), (percent(100.0), "Done"));
    assert_eq!((job.done, job.total, job.lines), (Some(20), Some(20), 20));
    assert_eq!((&*job.host, &*job.kind, &*job.name), ("box", "steps", "Steps"));
    assert!(job.started_at.is_some() && job.ended_at == Some(job.updated_at));
    assert_eq!((job.rate, job.eta_seconds, job.place), (None, None, None));
    let Fetched::Json(result) = stage.jobs.result(&id).await.unwrap() else { panic!() };
    assert_eq!(result, "{\"steps\":20}");
    let lines = stage.jobs.lines(&id, 17).await.unwrap();
    let texts: Vec<_> = lines.lines.iter().map(|line| (line.n, &*line.text)).collect();
    assert_eq!((texts, lines.next), (vec![(17, "step 18"), (18, "step 19"), (19, "step 20")], 20));
    assert_eq!(stage.jobs.board().counts(), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn a_job_that_goes_on_knows_its_rate_and_the_time_left() {
    let stage = Stage::new(|_| {}).await;
    let following = stage.start(json!({ "steps": 1_000, "pause": 100 })).await;
    let job = stage.until(following.id(), |job| job.done >= Some(500)).await;
    let (rate, left) = (job.rate.unwrap(), job.eta_seconds.unwrap());
    assert!((9.5..10.5).contains(&rate) && (47..54).contains(&left), "{rate} {left}");
}

#[tokio::test(start_paused = true)]
async fn what_was_said_of_the_time_left_is_taken_back_when_a_job_stands_still() {
    let stage = Stage::new(|_| {}).await;
    let following = stage.start(json!({ "steps": 40, "end": "never" })).await;
    stage.until(following.id(), |job| job.eta_seconds.is_some()).await;
    let job = stage.until(following.id(), |job| job.done == Some(40) && job.rate.is_none()).await;
    assert_eq!((job.state, job.eta_seconds), (JobState::Running, None));
}

#[tokio::test(start_paused = true)]
async fn jobs_wait_for_their_turn_and_know_their_places() {
    let stage = Stage::new(|config| (config.max_running, config.max_queued) = (1, 3)).await;
    let mut all = Vec::new();
    for _ in 0..4 {
        all.push(stage.start(json!({ "end": "never" })).await.id().to_owned());
    }
    let error = stage.try_start(json!({})).await.unwrap_err();
    assert!(matches!(error, JobError::QueueFull(3)), "{error}");
    let places = async || {
        let mut places = Vec::new();
        for id in &all {
            let job = stage.job(id).await;
            places.push((job.state, job.place));
        }
        places
    };
    use JobState::{Cancelled, Queued, Running};
    stage.state(&all[0], Running).await;
    let waiting = [(Queued, Some(1)), (Queued, Some(2)), (Queued, Some(3))];
    assert_eq!(places().await[1..], waiting);
    // One that waits gives up: those behind it move up.
    let cancelled = stage.jobs.cancel(&all[2]).await.unwrap();
    assert_eq!((cancelled.state, cancelled.started_at), (Cancelled, None));
    let moved = [(Running, None), (Queued, Some(1)), (Cancelled, None), (Queued, Some(2))];
    assert_eq!(places().await, moved);
    stage.jobs.cancel(&all[0]).await.unwrap();
    stage.state(&all[1], Running).await;
    stage.until(&all[3], |job| job.place == Some(1)).await;
    stage.jobs.cancel(&all[1]).await.unwrap();
    stage.state(&all[3], Running).await;
    assert_eq!(stage.jobs.board().counts(), [1, 0, 1]);
}

#[tokio::test(start_paused = true)]
async fn no_more_jobs_go_on_at_once_than_may_and_each_has_its_turn() {
    let stage = Stage::new(|config| config.max_running = 3).await;
    let mut all = Vec::new();
    for _ in 0..30 {
        all.push(stage.start(json!({ "steps": 3 })).await.id().to_owned());
    }
    let mut most = 0;
    loop {
        let [held, _, running] = stage.jobs.board().counts();
        most = most.max(running);
        if held == 0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(most, 3);
    for id in all {
        assert_eq!(stage.job(&id).await.state, JobState::Succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_that_is_asked_to_end_ends_and_stays_so() {
    let stage = Stage::new(|_| {}).await;
    // It takes its time.
    let following = stage.start(json!({ "end": "deaf" })).await;
    let id = following.id().to_owned();
    stage.until(&id, |job| job.done == Some(10)).await;
    let first = stage.jobs.cancel(&id).await.unwrap();
    assert_eq!((first.state, first.cancel_requested), (JobState::Running, true));
    let again = stage.jobs.cancel(&id).await.unwrap();
    assert_eq!((again.state, again.version), (JobState::Running, first.version));
    let (_, last) = follow(following).await;
    let Last::Failed(failed) = last else { panic!("{last:?}") };
    assert_eq!(failed.code, FailedBecause::Cancelled);
    let job = stage.state(&id, JobState::Cancelled).await;
    assert_eq!((job.error, job.result), (None, None));
    assert!(matches!(stage.jobs.cancel(&id).await, Err(JobError::Ended(_))));
    assert!(matches!(stage.jobs.cancel("u1~none").await, Err(JobError::NoSuch)));
    assert!(matches!(stage.jobs.result(&id).await, Err(JobError::NoResult(_))));
}

#[tokio::test(start_paused = true)]
async fn work_that_does_not_listen_is_left_after_a_while() {
    let stage = Stage::new(|config| config.max_running = 1).await;
    let deaf = stage.start(json!({ "end": "deaf" })).await;
    let next = stage.start(json!({})).await;
    stage.until(deaf.id(), |job| job.done == Some(10)).await;
    let begun = tokio::time::Instant::now();
    stage.jobs.cancel(deaf.id()).await.unwrap();
    stage.state(deaf.id(), JobState::Cancelled).await;
    let took = begun.elapsed().as_secs();
    assert!((10..=11).contains(&took), "{took}");
    stage.state(next.id(), JobState::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn only_the_time_since_its_turn_counts_for_how_long_a_job_may_take() {
    let stage = Stage::new(|config| (config.max_running, config.timeout_seconds) = (1, 5)).await;
    let long = stage.start(json!({ "steps": 100 })).await;
    let short = stage.start(json!({ "steps": 40 })).await;
    let (id, waited) = (long.id().to_owned(), short.id().to_owned());
    let (_, last) = follow(long).await;
    let Last::Failed(failed) = last else { panic!("{last:?}") };
    assert_eq!(failed.code, FailedBecause::TimedOut);
    let job = stage.state(&id, JobState::Failed).await;
    assert!(job.error.unwrap().contains("longer than 5 seconds"));
    stage.state(&waited, JobState::Succeeded).await;
}

#[tokio::test(start_paused = true)]
async fn what_goes_wrong_is_told_and_the_next_job_has_its_turn() {
    let stage = Stage::new(|config| config.max_running = 1).await;
    let broken = stage.start(json!({ "end": "failure" })).await.id().to_owned();
    let panicked = stage.start(json!({ "end": "panic" })).await.id().to_owned();
    // The server keeps no files.
    let next = stage.start(json!({ "steps": 1 })).await.id().to_owned();
    stage.state(&next, JobState::Succeeded).await;
    let job = stage.job(&broken).await;
    assert_eq!((job.state, job.exit_code), (JobState::Failed, Some(3)));
    assert_eq!((job.error.as_deref(), &*job.message), (Some("It broke"), "step 10"));
    let job = stage.job(&panicked).await;
    assert_eq!(job.state, JobState::Failed);
    assert!(job.error.unwrap().contains("its log says why"));
    assert_eq!(stage.jobs.board().counts(), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_was_done_and_found_to_be_bad_has_failed_and_is_kept() {
    let stage = Stage::new(|_| {}).await;
    let following = stage.start(json!({ "steps": 4, "end": "bad" })).await;
    let id = following.id().to_owned();
    let (_, last) = follow(following).await;
    let Last::Failed(failed) = last else { panic!("{last:?}") };
    let error = "Two are not what they were";
    assert_eq!((&*failed.error, failed.code), (error, FailedBecause::Failed));
    let job = stage.state(&id, JobState::Failed).await;
    assert_eq!(job.error.as_deref(), Some(error));
    let Fetched::Json(result) = stage.jobs.result(&id).await.unwrap() else { panic!() };
    assert_eq!(result, "{\"steps\":4}");
}

#[tokio::test(start_paused = true)]
async fn who_may_not_or_asks_for_what_there_is_not_is_told_what_there_is() {
    let stage = Stage::new(|_| {}).await;
    let start = async |kind: &str, role, name: Option<&str>| {
        let (kind, name) = (kind.to_owned(), name.map(str::to_owned));
        let request = ProcessRequest { kind, name, ..ProcessRequest::default() };
        stage.jobs.start(&User { role, ..user("u1") }, request).await.map(|_| ()).unwrap_err()
    };
    let error = start("stesp", Role::Publisher, None).await;
    assert!(matches!(&error, JobError::UnknownKind(_)), "{error}");
    assert!(error.to_string().contains("did you mean `steps`? You may start: steps"), "{error}");
    let error = start("stesp", Role::Viewer, None).await.to_string();
    assert!(error.contains("none that you may start"), "{error}");
    assert!(matches!(start("steps", Role::Viewer, None).await, JobError::Forbidden(_)));
    for name in ["", " ", "a\nb", &"x".repeat(201)] {
        let error = start("steps", Role::Publisher, Some(name)).await;
        assert!(matches!(error, JobError::Invalid(_)), "{name:?}: {error}");
    }
    assert!(stage.jobs.kinds(Role::Viewer).is_empty());
    assert_eq!(stage.jobs.list(Asked::default()).await.unwrap().jobs, []);
}

#[tokio::test(start_paused = true)]
async fn jobs_are_listed_in_pages_the_newest_first() {
    let stage = Stage::new(|_| {}).await;
    let mut ids = Vec::new();
    for n in 0..5 {
        crate::clock::fix(1_000 + n);
        ids.insert(0, stage.start(json!({ "end": "never" })).await.id().to_owned());
    }
    let list = async |asked: Asked| {
        let page = stage.jobs.list(asked).await.unwrap();
        let found: Vec<_> = page.jobs.into_iter().map(|job| job.id).collect();
        (found, page.next)
    };
    assert_eq!(list(Asked::default()).await, (ids.clone(), None));
    let (first, next) = list(Asked { limit: 3, ..Asked::default() }).await;
    assert_eq!(first, ids[..3]);
    let next = next.unwrap();
    let (at, id) = next.split_once(':').unwrap();
    let before = Some((at.parse().unwrap(), id.to_owned()));
    let rest = list(Asked { before, ..Asked::default() }).await;
    assert_eq!(rest, (ids[3..].to_vec(), None));
    stage.jobs.cancel(&ids[1]).await.unwrap();
    stage.state(&ids[1], JobState::Cancelled).await;
    let ended = list(Asked { is_active: Some(false), ..Asked::default() }).await.0;
    assert_eq!(ended, std::slice::from_ref(&ids[1]));
    let others = Asked { user_id: Some("u2".to_owned()), ..Asked::default() };
    assert_eq!(list(others).await.0, Vec::<String>::new());
}

#[tokio::test(start_paused = true)]
async fn only_a_job_that_has_ended_is_removed() {
    let stage = Stage::new(|_| {}).await;
    let id = stage.start(json!({ "end": "never" })).await.id().to_owned();
    assert!(matches!(stage.jobs.remove(&id).await, Err(JobError::Active(_))));
    stage.jobs.cancel(&id).await.unwrap();
    stage.state(&id, JobState::Cancelled).await;
    stage.jobs.remove(&id).await.unwrap();
    assert!(matches!(stage.jobs.find(&id).await, Err(JobError::NoSuch)));
    assert!(matches!(stage.jobs.remove(&id).await, Err(JobError::NoSuch)));
    assert!(matches!(stage.jobs.lines(&id, 0).await, Err(JobError::NoSuch)));
}
