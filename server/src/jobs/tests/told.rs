//! What the hub is told of jobs.

use tidings_protocol::topic::Selector;
use tokio::time::Instant;

use super::*;
use crate::hub::{Item, Start, Subscription};

pub(super) fn listen(stage: &Stage, id: &str) -> Subscription {
    let topic = tidings_protocol::job::topic(id).unwrap();
    stage.hub.subscribe(vec![Selector::Exact(topic)], Start::Fresh)
}

/// Every event until the job has ended, with the time it came at.
pub(super) async fn until_the_end(subscription: &mut Subscription) -> Vec<(Instant, Job)> {
    let mut told: Vec<(Instant, Job)> = Vec::new();
    while told.last().is_none_or(|(_, job)| job.state.is_active()) {
        let next = std::future::poll_fn(|cx| subscription.poll_next(cx));
        let item = tokio::time::timeout(Duration::from_secs(1_000), next).await;
        let item = item.expect("an event").unwrap();
        let Item::Event(event) = item else { panic!("{item:?}") };
        assert_eq!(event.kind.as_str(), "job");
        told.push((Instant::now(), serde_json::from_slice(&event.data).unwrap()));
    }
    told
}

#[tokio::test(start_paused = true)]
async fn a_job_is_told_ten_times_a_second_at_most_and_its_end_always() {
    let stage = Stage::new(|_| {}).await;
    let id = stage.start(json!({ "steps": 5_000, "pause": 1 })).await.id().to_owned();
    let begun = Instant::now();
    let told = until_the_end(&mut listen(&stage, &id)).await;
    let most = begun.elapsed().as_secs_f64() * 10.0 + 2.0;
    assert!(told.len() as f64 <= most && told.len() > 20, "{} of {most}", told.len());
    for pair in told.windows(2) {
        let ((earlier, before), (later, after)) = (&pair[0], &pair[1]);
        let apart = later.duration_since(*earlier);
        assert!(apart >= Duration::from_millis(99), "{apart:?}");
        assert!(after.version > before.version && after.progress >= before.progress);
    }
    let (_, last) = told.last().unwrap();
    assert_eq!((last.state, last.progress), (JobState::Succeeded, percent(100.0)));
    assert_eq!(*last, stage.job(&id).await, "what is told is what is answered");
}

#[tokio::test(start_paused = true)]
async fn a_hundred_jobs_each_tell_their_end() {
    let stage = Stage::new(|config| config.max_running = 100).await;
    let mut readers = Vec::new();
    for _ in 0..100 {
        let id = stage.start(json!({ "steps": 30, "pause": 50 })).await.id().to_owned();
        readers.push(listen(&stage, &id));
    }
    for mut reader in readers {
        let told = until_the_end(&mut reader).await;
        assert_eq!(told.last().unwrap().1.state, JobState::Succeeded);
    }
}

#[tokio::test(start_paused = true)]
async fn the_hub_forgets_a_job_a_while_after_its_end() {
    let stage = Stage::new(|config| config.max_running = 100).await;
    let going_on = stage.start(json!({ "end": "never" })).await.id().to_owned();
    for _ in 0..20 {
        stage.start(json!({ "steps": 1 })).await;
    }
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(stage.hub.topics(), 21, "whoever looks away for a moment is still told");
    tokio::time::sleep(Duration::from_secs(600)).await;
    assert_eq!(stage.hub.topics(), 1);
    stage.jobs.cancel(&going_on).await.unwrap();
    tokio::time::sleep(Duration::from_secs(700)).await;
    assert_eq!((stage.hub.topics(), stage.jobs.0.herald.ended().len()), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn the_hub_has_no_more_ended_jobs_than_so_many() {
    let stage = Stage::new(|config| config.max_running = 256).await;
    for _ in 0..1_200 {
        let following = stage.start(json!({ "steps": 0 })).await;
        follow(following).await;
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.hub.topics(), 1_000);
}
