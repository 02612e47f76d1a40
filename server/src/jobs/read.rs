//! What routes read of jobs, and how a job that was started is followed.

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::value::RawValue;
use tidings_protocol::job::{
    Complete, DEFAULT_PAGE, Failed, FailedBecause, Job, JobPage, JobState, LogPage, ResultInfo,
    Update,
};

use super::{End, Following, JobError, Jobs, files, rows};
use crate::store::JobQuery;

/// Which jobs are asked for.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    /// Only those of this user.
    pub(crate) user_id: Option<String>,
    /// Only those that have not ended, or only those that have.
    pub(crate) is_active: Option<bool>,
    /// The `next` of the page before.
    pub(crate) before: Option<(u64, String)>,
    pub(crate) limit: usize,
}

impl Default for Asked {
    fn default() -> Self {
        Self { user_id: None, is_active: None, before: None, limit: DEFAULT_PAGE }
    }
}

/// What came of a job.
#[derive(Debug)]
pub(crate) enum Fetched {
    /// JSON.
    Json(String),
    /// A file, and what is known of it.
    File(PathBuf, ResultInfo),
}

/// What the stream of a job ends with.
#[derive(Debug)]
pub(crate) enum Last {
    /// It has succeeded.
    Complete(Complete<Box<RawValue>>),
    /// It has not.
    Failed(Failed),
}

impl Jobs {
    /// Jobs, the newest first; where only those that have ended are asked for, the last to end.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub(crate) async fn list(&self, asked: Asked) -> Result<JobPage, JobError> {
        let Asked { user_id, is_active, before, limit } = asked;
        let query = JobQuery { user_id, is_active, before, limit: limit + 1 };
        let rows = self.0.store.jobs(&query).await?;
        let has_more = rows.len() > limit;
        let page = &rows[..rows.len().min(limit)];
        let next = page.last().filter(|_| has_more);
        let next = next.map(|last| format!("{}:{}", query.time(last), last.id));
        let newest = page.iter().filter_map(|row| match self.held(&row.id) {
            Some(live) => Some(live.job()),
            None => rows::job(row),
        });
        // One may have ended since its row was written.
        let fits = |job: &Job| is_active.is_none_or(|wanted| job.state.is_active() == wanted);
        Ok(JobPage { jobs: newest.filter(fits).collect(), next })
    }

    /// One job.
    ///
    /// # Errors
    ///
    /// If there is none of this id, or the database fails.
    pub(crate) async fn find(&self, id: &str) -> Result<Job, JobError> {
        if let Some(live) = self.held(id) {
            return Ok(live.job());
        }
        let row = self.0.store.job(id).await?.ok_or(JobError::NoSuch)?;
        rows::job(&row).ok_or(JobError::NoSuch)
    }

    /// What is kept of a job's lines from number `after` on. Of one that another server does they are there once it has
    /// ended.
    ///
    /// # Errors
    ///
    /// If there is none of this id, or the database fails.
    pub(crate) async fn lines(&self, id: &str, after: u64) -> Result<LogPage, JobError> {
        if let Some(live) = self.held(id) {
            return Ok(live.reporter.lines(after));
        }
        let job = self.find(id).await?;
        let log = self.0.store.job_left(id).await?.and_then(|left| left.log);
        let page = log.and_then(|log| serde_json::from_str::<LogPage>(&log).ok());
        let Some(LogPage { mut lines, next }) = page else {
            let next = if job.state.is_active() { after } else { job.lines };
            return Ok(LogPage { lines: Vec::new(), next });
        };
        lines.retain(|line| line.n >= after);
        Ok(LogPage { lines, next })
    }

    /// What came of a job.
    ///
    /// # Errors
    ///
    /// If there is none of this id, nothing came of it or nothing yet, or the database fails.
    pub(crate) async fn result(&self, id: &str) -> Result<Fetched, JobError> {
        let (job, end) = match self.held(id) {
            Some(live) => (live.job(), live.end()),
            None => (self.find(id).await?, None),
        };
        let Some(info) = job.result else {
            return Err(JobError::NoResult(match job.state {
                state if state.is_active() => "there is no result yet: the job has not ended",
                JobState::Succeeded => "the job has no result",
                _ => "the job has no result: it has not succeeded",
            }));
        };
        if info.file_name.is_some() {
            let folder = self.0.folder.as_ref().map(|all| files::result(all, id));
            let path = folder.ok_or(JobError::NoResult("this server keeps no files"))?;
            return Ok(Fetched::File(path, info));
        }
        if let Some(json) = end.and_then(|end| end.result.clone()) {
            return Ok(Fetched::Json(json.get().to_owned()));
        }
        let left = self.0.store.job_left(id).await?.ok_or(JobError::NoSuch)?;
        left.result.map(Fetched::Json).ok_or(JobError::NoResult("the result is gone"))
    }
}

impl Following {
    /// Id of the job.
    pub(crate) fn id(&self) -> &str {
        &self.live.id
    }

    /// How it stands; from now on [`changed`](Self::changed) waits for what is newer.
    pub(crate) fn update(&mut self) -> Update {
        let told = self.told.borrow_and_update();
        let Job { progress, message, place, .. } = &*told.job;
        Update { id: None, progress: *progress, message: message.clone(), place: *place }
    }

    /// Waits until it has changed, or the server ends.
    pub(crate) async fn changed(&mut self) {
        tokio::select! {
            // The job holds the other end.
            changed = self.told.changed() => {
                if changed.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            () = self.jobs.0.ending.cancelled() => {}
        }
    }

    /// How it ended, if that is so; that the server ends is an end as well.
    pub(crate) fn last(&self) -> Option<Last> {
        let told = self.told.borrow();
        let Some(end) = told.end.clone() else {
            let is_ending = self.jobs.0.ending.is_cancelled();
            return is_ending.then(|| failed(&FailedBecause::Interrupted, None, None));
        };
        let End { because, result } = &*end;
        let job = &told.job;
        Some(match because {
            Some(because) => failed(because, job.error.clone(), job.exit_code),
            None => Last::Complete(Complete {
                success: true,
                result: result.clone().unwrap_or_else(|| file(job.result.as_ref())),
            }),
        })
    }

    /// Asks for its end, though nobody waits for that.
    pub(crate) fn cancel(&self) {
        let (jobs, live) = (self.jobs.clone(), Arc::clone(&self.live));
        if let (true, Ok(runtime)) = (live.is_active(), tokio::runtime::Handle::try_current()) {
            runtime.spawn(async move {
                if let Err(error) = jobs.cancel(&live.id).await {
                    tracing::debug!(%error, id = live.id, "a job was left without an end");
                }
            });
        }
    }
}

/// Of a file that is a result, what can be fetched.
fn file(info: Option<&ResultInfo>) -> Box<RawValue> {
    serde_json::value::to_raw_value(&info).unwrap_or_default()
}

fn failed(because: &FailedBecause, error: Option<String>, exit_code: Option<i32>) -> Last {
    let error = error.unwrap_or_else(|| {
        match because {
            FailedBecause::Cancelled => "somebody ended it",
            FailedBecause::Interrupted => rows::INTERRUPTED,
            _ => "it could not be done",
        }
        .to_owned()
    });
    Last::Failed(Failed { error, code: *because, exit_code })
}
