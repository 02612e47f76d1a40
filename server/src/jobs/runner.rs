//! Does one job: from its turn to its end, however that comes.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::value::{RawValue, to_raw_value};
use tidings_protocol::job::{FailedBecause, Job, JobState, MAX_ERROR_BYTES, ResultInfo};
use tokio::time::{Instant, sleep_until};
use tokio_util::task::AbortOnDropHandle;

use super::board::Waiting;
use super::herald::SPACING;
use super::kind::{Failure, Outcome, ResultFile, Task};
use super::live::{End, Live};
use super::reporter::cut;
use super::{Jobs, files, rows};
use crate::clock;

/// How long work may take to end once it was asked to: a command's processes have five seconds, and are killed then.
const GRACE: Duration = Duration::from_secs(10);

/// How long it may where the server ends, which is gone soon after.
const LAST_GRACE: Duration = Duration::from_secs(3);

/// Largest result, as JSON, in bytes.
const MAX_RESULT_BYTES: usize = 1 << 20;

/// How work ended.
type Ended = Result<Result<Outcome, Failure>, Broken>;

/// Work that gave no answer.
enum Broken {
    /// It did not end when it was asked to.
    Stuck,
    /// It panicked.
    Panicked,
    /// It was asked to end before it began.
    Unbegun,
}

/// Counts a job as done, whatever became of it.
struct Turn<'a>(&'a Jobs, &'a str);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.board().done(self.1);
        self.0.0.wake.notify_one();
    }
}

/// Does a job whose turn it is.
pub(super) async fn run(jobs: Jobs, waiting: Waiting) {
    let Waiting { live, prepared } = waiting;
    let _turn = Turn(&jobs, &live.id);
    let timeout = prepared.timeout.unwrap_or(jobs.0.timeout);
    if live.cancelled.is_cancelled() {
        return end(&jobs, &live, Err(Broken::Unbegun), None, timeout).await;
    }
    live.change(|job| {
        job.state = JobState::Running;
        job.place = None;
        job.started_at = Some(clock::now_ms());
    });
    jobs.0.herald.tell(&live);
    jobs.save(&live).await;
    let folder = match files::make(jobs.0.folder.as_deref(), &live.id).await {
        Ok(folder) => folder,
        Err(error) => {
            tracing::error!(%error, id = live.id, "the folder of a job cannot be made");
            let message = format!("the server cannot make a folder for its result: {error}");
            let failed = Ok(Err(Failure { message, exit_code: None }));
            return end(&jobs, &live, failed, None, timeout).await;
        }
    };
    // It may have been asked to end meanwhile. A command that is started all the same has done something by its end.
    if live.cancelled.is_cancelled() {
        return end(&jobs, &live, Err(Broken::Unbegun), folder, timeout).await;
    }
    let task = Task {
        reporter: live.reporter.clone(),
        cancelled: live.cancelled.clone(),
        folder: folder.clone(),
    };
    let work = prepared.work;
    let mut work = AbortOnDropHandle::new(tokio::spawn(async move { work.run(task).await }));
    let deadline = Instant::now() + timeout;
    let mut told = Instant::now();
    let mut given_up: Option<Instant> = None;
    let ended = loop {
        let is_asked = given_up.is_some();
        let news = async {
            sleep_until(told + SPACING).await;
            live.reporter.changed().await;
        };
        tokio::select! {
            ended = &mut work => {
                // Nobody else ends the task: what gave no answer panicked.
                break ended.map_err(|_| Broken::Panicked);
            }
            () = sleep_until(deadline), if !is_asked => live.ask_to_end(FailedBecause::TimedOut),
            () = live.cancelled.cancelled(), if !is_asked => {
                let is_last = live.cause() == Some(FailedBecause::Interrupted);
                let grace = if is_last { LAST_GRACE } else { GRACE };
                given_up = Some(Instant::now() + grace);
            }
            () = sleep_until(given_up.unwrap_or(deadline)), if is_asked => break Err(Broken::Stuck),
            () = news => {
                told = Instant::now();
                if live.fold() {
                    jobs.0.herald.tell(&live);
                }
            }
        }
    };
    drop(work);
    live.fold();
    end(&jobs, &live, ended, folder, timeout).await;
}

async fn end(
    jobs: &Jobs,
    live: &Arc<Live>,
    ended: Ended,
    folder: Option<PathBuf>,
    timeout: Duration,
) {
    let cause = live.cause();
    let exit_code = match &ended {
        Ok(Ok(outcome)) => outcome.exit_code,
        Ok(Err(failure)) => failure.exit_code,
        Err(Broken::Panicked) => {
            tracing::error!(id = live.id, "a job ended by a panic");
            None
        }
        Err(Broken::Unbegun) => None,
        Err(Broken::Stuck) => {
            tracing::error!(id = live.id, "a job does not end though it was asked to; it is left");
            None
        }
    };
    let result = match (cause, ended) {
        (Some(because), _) => Err((because, String::new())),
        (None, Ok(Ok(outcome))) => {
            result(outcome, folder).await.map_err(|message| (FailedBecause::Failed, message))
        }
        (None, Ok(Err(failure))) => Err((FailedBecause::Failed, failure.message)),
        (None, Err(_)) => {
            let message = "the server failed at it; its log says why".to_owned();
            Err((FailedBecause::Failed, message))
        }
    };
    if result.is_err() {
        files::remove(jobs.0.folder.as_deref(), &live.id).await;
    }
    let (end, change) = match result {
        Ok(made) => {
            let because = made.failed.then_some(FailedBecause::Failed);
            (End { because, result: made.json.clone() }, Ok(made))
        }
        Err((because, message)) => {
            let told = told(because, message, timeout);
            (End { because: Some(because), result: None }, Err((because, told)))
        }
    };
    let change = |job: &mut Job| {
        job.exit_code = exit_code;
        match change {
            Ok(Made { message, info, failed, .. }) => {
                job.state = if failed { JobState::Failed } else { JobState::Succeeded };
                job.result = info;
                if failed {
                    job.error = Some(message);
                } else if !message.is_empty() {
                    job.message = message;
                }
            }
            Err((because, error)) => {
                job.state = match because {
                    FailedBecause::Cancelled => JobState::Cancelled,
                    FailedBecause::Interrupted => JobState::Interrupted,
                    _ => JobState::Failed,
                };
                job.error = error;
            }
        }
    };
    jobs.finish(live, end, change).await;
}

/// What people read of an end; none of one that they asked for.
fn told(because: FailedBecause, message: String, timeout: Duration) -> Option<String> {
    Some(match because {
        FailedBecause::Cancelled => return None,
        FailedBecause::TimedOut => {
            let seconds = timeout.as_secs();
            format!("it took longer than {seconds} seconds, the most it may (`timeout_seconds`)")
        }
        FailedBecause::Interrupted => rows::INTERRUPTED.to_owned(),
        _ if message.trim().is_empty() => "it failed without a word".to_owned(),
        _ => cut(message, MAX_ERROR_BYTES),
    })
}

/// What came of work, ready to be kept.
struct Made {
    message: String,
    /// Whether what was found is bad.
    failed: bool,
    info: Option<ResultInfo>,
    json: Option<Box<RawValue>>,
}

/// Puts what came of it where it can be fetched, or says why it cannot.
async fn result(outcome: Outcome, folder: Option<PathBuf>) -> Result<Made, String> {
    let message = cut(outcome.message, tidings_protocol::job::MAX_MESSAGE_BYTES);
    let json = match &outcome.result {
        serde_json::Value::Null => None,
        value => Some(to_raw_value(value).map_err(|error| error.to_string())?),
    };
    if let Some(json) = json.as_ref().filter(|json| json.get().len() > MAX_RESULT_BYTES) {
        let bytes = json.get().len();
        return Err(format!("its result has {bytes} bytes, and may have {MAX_RESULT_BYTES}"));
    }
    let info = match (outcome.file, folder) {
        (Some(ResultFile { path, name, content_type }), Some(folder)) => {
            let bytes = files::keep(&folder, &path).await.map_err(|error| {
                tracing::error!(%error, path = %path.display(), "the result of a job is lost");
                format!("the server cannot keep its result: {error}")
            })?;
            let content_type = content_type.to_owned();
            Some(ResultInfo { content_type, bytes, file_name: Some(files::safe_name(&name)) })
        }
        (Some(_), None) => return Err("this server keeps no files".to_owned()),
        (None, _) => json.as_ref().map(|json| ResultInfo {
            content_type: "application/json".to_owned(),
            bytes: json.get().len() as u64,
            file_name: None,
        }),
    };
    Ok(Made { message, failed: outcome.failed, info, json })
}
