//! Files that are results.

use super::*;

fn has_file(folder: &std::path::Path, id: &str) -> bool {
    folder.join("jobs").join(id).join("result").exists()
}

#[tokio::test(start_paused = true)]
async fn the_oldest_files_go_when_there_are_too_many_bytes_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::keeping(Some(folder.path()), None, |_| {}).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let following = stage.start(json!({ "steps": 1, "end": "file" })).await;
        ids.push(following.id().to_owned());
        follow(following).await;
    }
    // Four bytes each.
    stage.jobs.trim_files(12).await;
    let left = |ids: &[String]| -> Vec<bool> {
        ids.iter().map(|id| has_file(folder.path(), id)).collect()
    };
    assert_eq!(left(&ids), [true, true, true]);
    stage.jobs.trim_files(11).await;
    assert_eq!(left(&ids), [false, true, true]);
    assert_eq!(stage.job(&ids[0]).await.state, JobState::Succeeded, "the job stays");
}

#[tokio::test(start_paused = true)]
async fn files_of_jobs_that_are_gone_do_not_wait_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let stage = Stage::keeping(Some(folder.path()), None, |_| {}).await;
    let following = stage.start(json!({ "steps": 1, "end": "file" })).await;
    let id = following.id().to_owned();
    follow(following).await;
    // As that of a user who was removed.
    assert!(stage.jobs.0.store.remove_job(&id).await.unwrap());
    assert!(has_file(folder.path(), &id));
    let day = tokio::time::Instant::now() + Duration::from_secs(86_400);
    while has_file(folder.path(), &id) {
        assert!(tokio::time::Instant::now() < day, "it stays");
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
}
