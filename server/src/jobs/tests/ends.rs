//! Ends that come while the database takes its time, whoever asks goes away, or another server has the job.

use serde_json::value::RawValue;
use tidings_protocol::job::{JobPatch, NewJob};

use super::slow::{SLOW, Slow};
use super::told::{listen, until_the_end};
use super::*;
use crate::store::{JobLeft, JobRow};

fn slow(slow: Slow) -> Option<(Arc<dyn JobStore>, bool)> {
    Some((Arc::new(slow), true))
}

async fn patch(stage: &Stage, id: &str, patch: serde_json::Value) -> Job {
    let patch: JobPatch<Box<RawValue>> = serde_json::from_str(&patch.to_string()).unwrap();
    stage.jobs.patch(id, patch).await.unwrap()
}

#[tokio::test(start_paused = true)]
async fn an_end_is_told_though_the_keeper_writes_it_before_whoever_does_the_job() {
    let stage = Stage::over(slow(Slow::at_an_end()), |_| {}).await;
    let following = stage.start(json!({ "steps": 1 })).await;
    let told = until_the_end(&mut listen(&stage, following.id())).await;
    assert_eq!(told.last().unwrap().1.state, JobState::Succeeded);
    let (_, last) = follow(following).await;
    assert!(matches!(last, Last::Complete(_)), "{last:?}");
}

#[tokio::test(start_paused = true)]
async fn a_job_whose_end_was_asked_for_ends_though_whoever_asked_hangs_up() {
    let stage = Stage::over(slow(Slow::at_an_end()), |config| config.max_running = 1).await;
    stage.start(json!({ "end": "never" })).await;
    let waiting = stage.start(json!({})).await;
    let behind = stage.start(json!({})).await.id().to_owned();
    let mut reader = listen(&stage, waiting.id());
    let id = waiting.id().to_owned();
    let asked = tokio::time::timeout(Duration::from_millis(10), stage.jobs.cancel(&id)).await;
    assert!(asked.is_err(), "the database takes longer");
    let last = tokio::time::timeout(Duration::from_secs(100), follow(waiting)).await;
    let (_, last) = last.expect("an end");
    let Last::Failed(failed) = last else { panic!("{last:?}") };
    assert_eq!(failed.code, FailedBecause::Cancelled);
    let told = until_the_end(&mut reader).await;
    assert_eq!(told.last().unwrap().1.state, JobState::Cancelled);
    stage.until(&behind, |job| job.place == Some(1)).await;
}

#[tokio::test(start_paused = true)]
async fn work_does_not_begin_once_it_was_asked_to_end() {
    let stage = Stage::over(slow(Slow::default()), |_| {}).await;
    let id = stage.start(json!({ "steps": 0, "end": "deaf" })).await.id().to_owned();
    // Its turn has come, and the database hears of it.
    stage.state(&id, JobState::Running).await;
    let begun = tokio::time::Instant::now();
    stage.jobs.cancel(&id).await.unwrap();
    stage.state(&id, JobState::Cancelled).await;
    assert!(begun.elapsed() < SLOW * 2, "it was begun, and waited for: {:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_job_that_waits_at_another_server_does_not_wait_for_its_end() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let store = || Some((Arc::clone(&memory), false));
    let first = Stage::over(store(), |config| config.max_running = 1).await;
    let second = Stage::over(store(), |_| {}).await;
    first.start(json!({ "end": "never" })).await;
    let id = first.start(json!({})).await.id().to_owned();
    let gone = first.start(json!({})).await.id().to_owned();
    let begun = tokio::time::Instant::now();
    assert!(second.jobs.cancel(&id).await.unwrap().cancel_requested);
    // As that of a user who was removed.
    let row = memory.job(&gone).await.unwrap().unwrap();
    let ended = JobRow { is_active: false, ended_at: Some(1), ..row };
    memory.save_job(&ended, Some(&JobLeft::default())).await.unwrap();
    assert!(memory.remove_job(&gone).await.unwrap());
    while first.jobs.board().counts() != [1, 0, 1] {
        tokio::time::sleep(Duration::from_millis(10)).await;
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", first.jobs.board().counts());
    }
    let job = second.job(&id).await;
    assert_eq!((job.state, job.started_at), (JobState::Cancelled, None));
}

#[tokio::test(start_paused = true)]
async fn what_a_reporter_says_last_counts_at_whichever_server_it_says_it() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let store = || Some((Arc::clone(&memory), false));
    let (first, second) = (Stage::over(store(), |_| {}).await, Stage::over(store(), |_| {}).await);
    let new = NewJob { name: "x".to_owned(), ..NewJob::default() };
    let id = first.jobs.report(&user("u1"), new).await.unwrap().id;
    let before = patch(&second, &id, json!({ "progress": 40 })).await;
    let mut reader = listen(&first, &id);
    // The first one does not know yet that it has lost the job.
    let end = patch(&first, &id, json!({ "state": "succeeded", "result": 7 })).await;
    assert_eq!(end.state, JobState::Succeeded);
    tokio::time::sleep(Duration::from_secs(200)).await;
    let kept = second.job(&id).await;
    assert_eq!(kept.state, JobState::Succeeded);
    assert!(kept.version > before.version);
    let (_, told) = until_the_end(&mut reader).await.pop().unwrap();
    assert_eq!(told, kept);
    let Fetched::Json(result) = second.jobs.result(&id).await.unwrap() else { panic!() };
    assert_eq!(result, "7");
}

#[tokio::test(start_paused = true)]
async fn what_another_server_has_said_of_an_end_stands() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let stage = Stage::over(Some((Arc::clone(&memory), false)), |_| {}).await;
    let following = stage.start(json!({ "end": "never" })).await;
    let id = following.id().to_owned();
    let job = stage.until(&id, |job| job.done == Some(10)).await;
    let row = memory.job(&id).await.unwrap().unwrap();
    let job =
        Job { state: JobState::Cancelled, version: job.version + 9, ended_at: Some(1), ..job };
    let (version, record) = (job.version, serde_json::to_string(&job).unwrap());
    let ended = JobRow { version, record, is_active: false, ended_at: Some(1), ..row };
    assert!(memory.save_job(&ended, Some(&JobLeft::default())).await.unwrap());
    let (_, last) = follow(following).await;
    let Last::Failed(failed) = last else { panic!("{last:?}") };
    assert_eq!(failed.code, FailedBecause::Cancelled);
    assert_eq!(stage.job(&id).await, job);
    assert_eq!(stage.jobs.board().counts()[0], 0);
}

#[tokio::test(start_paused = true)]
async fn who_reads_elsewhere_is_told_what_becomes_of_the_jobs_of_a_server_that_ends() {
    let stage = Stage::new(|config| config.max_running = 1).await;
    let running = stage.start(json!({ "end": "never" })).await.id().to_owned();
    let waiting = stage.start(json!({})).await.id().to_owned();
    stage.until(&running, |job| job.done == Some(10)).await;
    let mut readers = [listen(&stage, &running), listen(&stage, &waiting)];
    let hub = stage.hub.clone();
    stage.end().await;
    for reader in &mut readers {
        let (_, job) = until_the_end(reader).await.pop().unwrap();
        assert_eq!(job.state, JobState::Interrupted);
    }
    drop(hub);
}
