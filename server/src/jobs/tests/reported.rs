//! Jobs that programs elsewhere do.

use serde_json::value::RawValue;
use tidings_protocol::job::{JobPatch, NewJob};

use super::*;

async fn report(stage: &Stage, new: serde_json::Value) -> Result<Job, JobError> {
    let new: NewJob = serde_json::from_value(new).unwrap();
    stage.jobs.report(&user("u1"), new).await
}

async fn patch(stage: &Stage, id: &str, patch: serde_json::Value) -> Result<Job, JobError> {
    let patch: JobPatch<Box<RawValue>> = serde_json::from_str(&patch.to_string()).unwrap();
    stage.jobs.patch(id, patch).await
}

#[tokio::test(start_paused = true)]
async fn a_reported_job_goes_on_as_it_is_told() {
    let stage = Stage::new(|_| {}).await;
    let new = json!({ "name": "Backup", "host": "nas", "total": 200, "unit": "rows" });
    let job = report(&stage, new).await.unwrap();
    assert_eq!((job.state, &*job.kind, &*job.host), (JobState::Running, "reported", "nas"));
    let told = json!({ "done": 50, "message": "a\nb", "lines": ["one", { "text": "two", "lossy": true }] });
    let job = patch(&stage, &job.id, told).await.unwrap();
    assert_eq!((job.progress, job.done, job.total), (percent(25.0), Some(50), Some(200)));
    assert_eq!((&*job.message, job.lines), ("a b", 2));
    // Less than before is passed over; nobody knows is said.
    let job = patch(&stage, &job.id, json!({ "progress": 10 })).await.unwrap();
    assert_eq!((job.progress, &*job.message), (percent(25.0), "a b"));
    let job = patch(&stage, &job.id, json!({ "progress": null })).await.unwrap();
    assert_eq!(job.progress, None);
    let same = patch(&stage, &job.id, json!({})).await.unwrap();
    assert_eq!(same, job, "that it still runs is no news");
    let end = json!({ "state": "succeeded", "result": { "files": [1, 2] }, "exitCode": 0 });
    let job = patch(&stage, &job.id, end).await.unwrap();
    assert_eq!((job.state, job.progress), (JobState::Succeeded, percent(100.0)));
    let Fetched::Json(result) = stage.jobs.result(&job.id).await.unwrap() else { panic!() };
    assert_eq!(result, "{\"files\":[1,2]}");
    let lines = stage.jobs.lines(&job.id, 0).await.unwrap().lines;
    let lines: Vec<_> = lines.iter().map(|line| (&*line.text, line.lossy)).collect();
    assert_eq!(lines, [("one", false), ("two", true)]);
    let late = patch(&stage, &job.id, json!({ "progress": 1 })).await;
    assert!(matches!(late, Err(JobError::Ended(_))));
    assert_eq!(stage.jobs.board().counts(), [0, 0, 0]);
}

#[tokio::test(start_paused = true)]
async fn how_a_reported_job_ended_says_why() {
    let stage = Stage::new(|_| {}).await;
    for (end, error) in [
        (json!({ "state": "failed", "error": "no space" }), Some("no space")),
        (json!({ "state": "failed", "exitCode": 23 }), Some("it ended with exit code 23")),
        (json!({ "state": "failed" }), Some("it failed")),
        (json!({ "state": "cancelled", "exitCode": 130 }), None),
    ] {
        let id = report(&stage, json!({ "name": "x" })).await.unwrap().id;
        let job = patch(&stage, &id, end.clone()).await.unwrap();
        assert_eq!(
            (job.state.as_str(), job.error.as_deref()),
            (end["state"].as_str().unwrap(), error)
        );
        assert_eq!(job.exit_code.map(Into::into), end["exitCode"].as_i64());
    }
}

#[tokio::test(start_paused = true)]
async fn what_falls_silent_is_lost_and_what_speaks_is_not() {
    let stage = Stage::new(|_| {}).await;
    let new = json!({ "name": "x", "leaseSeconds": 30 });
    let (silent, speaking) = (report(&stage, new.clone()).await, report(&stage, new).await);
    let (silent, speaking) = (silent.unwrap().id, speaking.unwrap().id);
    for _ in 0..6 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        patch(&stage, &speaking, json!({})).await.unwrap();
    }
    let lost = stage.job(&silent).await;
    assert_eq!(lost.state, JobState::Lost);
    assert!(lost.error.unwrap().contains("not been heard of"));
    assert!(matches!(patch(&stage, &silent, json!({})).await, Err(JobError::Ended(_))));
    assert_eq!(stage.job(&speaking).await.state, JobState::Running);
    tokio::time::sleep(Duration::from_secs(32)).await;
    assert_eq!(stage.job(&speaking).await.state, JobState::Lost);
}

#[tokio::test(start_paused = true)]
async fn a_reporter_learns_that_the_end_was_asked_for() {
    let stage = Stage::new(|_| {}).await;
    let id = report(&stage, json!({ "name": "x" })).await.unwrap().id;
    assert!(stage.jobs.cancel(&id).await.unwrap().cancel_requested);
    let job = patch(&stage, &id, json!({ "progress": 5 })).await.unwrap();
    assert_eq!((job.state, job.cancel_requested), (JobState::Running, true));
    patch(&stage, &id, json!({ "state": "cancelled" })).await.unwrap();
    assert!(matches!(stage.jobs.cancel(&id).await, Err(JobError::Ended(_))));
}

#[tokio::test(start_paused = true)]
async fn a_reporter_goes_on_at_the_next_server() {
    let memory: Arc<dyn JobStore> = Arc::new(Memory::default());
    let store = || Some((Arc::clone(&memory), true));
    let stage = Stage::over(store(), |_| {}).await;
    let (id, asked) = (
        report(&stage, json!({ "name": "x" })).await.unwrap().id,
        report(&stage, json!({ "name": "y" })).await.unwrap().id,
    );
    patch(&stage, &id, json!({ "progress": 40, "lines": ["a", "b"] })).await.unwrap();
    stage.end().await;
    let next = Stage::over(store(), |_| {}).await;
    assert_eq!(next.job(&id).await.progress, percent(40.0));
    assert!(next.jobs.cancel(&asked).await.unwrap().cancel_requested);
    assert!(patch(&next, &asked, json!({})).await.unwrap().cancel_requested);
    let job = patch(&next, &id, json!({ "progress": 30, "lines": ["c"] })).await.unwrap();
    assert_eq!((job.progress, job.lines), (percent(40.0), 3));
    // One that does not come back is lost all the same.
    next.end().await;
    let last = Stage::over(store(), |_| {}).await;
    last.state(&id, JobState::Lost).await;
    let late = patch(&last, &id, json!({})).await;
    assert!(matches!(late, Err(JobError::Ended(_))), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_user_reports_so_many_jobs_at_once_and_others_have_room_left() {
    let change = |config: &mut JobsConfig| {
        (config.max_reported, config.max_reported_per_user) = (3, 2);
    };
    let stage = Stage::new(change).await;
    let new = |name: &str| NewJob { name: name.to_owned(), ..NewJob::default() };
    let first = stage.jobs.report(&user("u1"), new("a")).await.unwrap();
    stage.jobs.report(&user("u1"), new("b")).await.unwrap();
    let error = stage.jobs.report(&user("u1"), new("c")).await.unwrap_err();
    assert!(matches!(&error, JobError::TooManyReported(text) if text.contains("this user has 2")));
    stage.jobs.report(&user("u2"), new("d")).await.unwrap();
    let error = stage.jobs.report(&user("u3"), new("e")).await.unwrap_err();
    assert!(matches!(&error, JobError::TooManyReported(text) if text.contains("the server has 3")));
    patch(&stage, &first.id, json!({ "state": "succeeded" })).await.unwrap();
    stage.jobs.report(&user("u1"), new("f")).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_is_no_report_is_refused_and_changes_nothing() {
    let stage = Stage::new(|_| {}).await;
    for new in [
        json!({ "name": "" }),
        json!({ "name": "x\u{7}" }),
        json!({ "name": "x".repeat(201) }),
        json!({ "name": "x", "leaseSeconds": 4 }),
        json!({ "name": "x", "leaseSeconds": 86_401 }),
        json!({ "name": "x", "host": "" }),
        json!({ "name": "x", "total": u64::MAX }),
    ] {
        let refused = report(&stage, new.clone()).await;
        assert!(matches!(refused, Err(JobError::Invalid(_))), "{new}");
    }
    let id = report(&stage, json!({ "name": "x" })).await.unwrap().id;
    let before = stage.job(&id).await;
    for told in [
        json!({ "lines": vec!["x"; 201] }),
        json!({ "state": "running" }),
        json!({ "state": "lost" }),
        json!({ "state": "whatever" }),
        json!({ "error": "x" }),
        json!({ "exitCode": 1 }),
        json!({ "result": 1 }),
        json!({ "state": "failed", "result": 1 }),
        json!({ "state": "succeeded", "result": "x".repeat(65 << 10) }),
        json!({ "done": 1_u64 << 53 }),
    ] {
        let refused = patch(&stage, &id, told.clone()).await;
        assert!(matches!(refused, Err(JobError::Invalid(_))), "{told:.80}");
    }
    assert_eq!(stage.job(&id).await, before);
    let served = stage.start(json!({ "end": "never" })).await.id().to_owned();
    for state in [JobState::Running, JobState::Cancelled] {
        let refused = patch(&stage, &served, json!({ "progress": 1 })).await;
        match state {
            JobState::Running => assert!(matches!(refused, Err(JobError::Active(_)))),
            _ => assert!(matches!(refused, Err(JobError::Ended(_)))),
        }
        let _ = stage.jobs.cancel(&served).await;
        stage.state(&served, JobState::Cancelled).await;
    }
}
