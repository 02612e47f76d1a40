//! What becomes of jobs when their server ends.

use super::*;

#[tokio::test(start_paused = true)]
async fn a_server_that_ends_leaves_no_job_behind_that_goes_on() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let store = || Some((Arc::clone(&memory), true));
    let stage = Stage::over(store(), |config| config.max_running = 2).await;
    let running = stage.start(json!({ "end": "never" })).await;
    let deaf = stage.start(json!({ "end": "deaf" })).await.id().to_owned();
    let waiting = stage.start(json!({})).await.id().to_owned();
    let id = running.id().to_owned();
    for id in [&id, &deaf] {
        stage.until(id, |job| job.done == Some(10)).await;
    }
    let begun = tokio::time::Instant::now();
    let hub = stage.hub.clone();
    let jobs = stage.end().await;
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
    assert_eq!(jobs.board().counts(), [0, 0, 0]);
    let (_, last) = follow(running).await;
    let Last::Failed(failed) = last else { panic!("{last:?}") };
    assert_eq!(failed.code, FailedBecause::Interrupted);
    for id in [&id, &deaf, &waiting] {
        let job = jobs.find(id).await.unwrap();
        assert_eq!(job.state, JobState::Interrupted);
        assert!(job.error.unwrap().contains("start it again"));
    }
    let request = ProcessRequest { kind: "steps".to_owned(), ..ProcessRequest::default() };
    let refused = jobs.start(&user("u1"), request).await.map(|_| ());
    assert!(matches!(refused, Err(JobError::Closing)));
    drop(hub);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_what_the_server_did_is_interrupted_before_anybody_can_ask() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let store = || Some((Arc::clone(&memory), true));
    let stage = Stage::over(store(), |config| config.max_running = 1).await;
    let running = stage.start(json!({ "end": "never" })).await.id().to_owned();
    let waiting = stage.start(json!({})).await.id().to_owned();
    let before = stage.until(&running, |job| job.done == Some(10)).await;
    stage.running.abort();
    let next = Stage::over(store(), |_| {}).await;
    for id in [&running, &waiting] {
        let job = next.job(id).await;
        assert_eq!(job.state, JobState::Interrupted);
        assert!(job.ended_at.is_some() && job.error.is_some());
    }
    let job = next.job(&running).await;
    assert!(job.version > before.version);
    assert_eq!(next.jobs.board().counts(), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn what_a_server_that_is_gone_did_another_one_says_the_end_of() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let store = || Some((Arc::clone(&memory), false));
    let (first, second) = (Stage::over(store(), |_| {}).await, Stage::over(store(), |_| {}).await);
    let id = first.start(json!({ "end": "never" })).await.id().to_owned();
    let going_on = second.start(json!({ "end": "never" })).await.id().to_owned();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(second.job(&id).await.state, JobState::Running, "the first one renews it");
    first.running.abort();
    let begun = tokio::time::Instant::now();
    second.state(&id, JobState::Interrupted).await;
    let took = begun.elapsed().as_secs();
    assert!((13..=17).contains(&took), "{took}");
    assert_eq!(second.job(&going_on).await.state, JobState::Running);
}

#[tokio::test(start_paused = true)]
async fn what_another_server_is_asked_to_end_the_one_that_does_it_ends() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let store = || Some((Arc::clone(&memory), false));
    let (first, second) = (Stage::over(store(), |_| {}).await, Stage::over(store(), |_| {}).await);
    let id = first.start(json!({ "end": "never" })).await.id().to_owned();
    first.until(&id, |job| job.state == JobState::Running).await;
    let begun = tokio::time::Instant::now();
    assert!(second.jobs.cancel(&id).await.unwrap().cancel_requested);
    first.state(&id, JobState::Cancelled).await;
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert!(matches!(second.jobs.cancel(&id).await, Err(JobError::Ended(_))));
}

#[tokio::test(start_paused = true)]
async fn jobs_that_ended_go_when_there_are_more_than_are_kept() {
    let stage = Stage::new(|config| config.keep = 3).await;
    for _ in 0..7 {
        stage.start(json!({ "steps": 1 })).await;
    }
    let list = async || stage.jobs.list(Asked::default()).await.unwrap().jobs.len();
    let begun = tokio::time::Instant::now();
    while list().await != 3 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(begun.elapsed() < Duration::from_secs(70), "{}", list().await);
    }
}
