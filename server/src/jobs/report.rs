//! Jobs that programs elsewhere do, and report.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tidings_protocol::api::User;
use tidings_protocol::job::{
    DEFAULT_LEASE_SECONDS, FailedBecause, Job, JobPatch, JobState, MAX_ERROR_BYTES,
    MAX_LEASE_SECONDS, MAX_PATCH_LINES, MAX_RESULT_BYTES, MIN_LEASE_SECONDS, NewJob, REPORTED,
    ResultInfo,
};

use super::live::{End, Live};
use super::reporter::cut;
use super::{JobError, Jobs, ended, name, rows, to_its_end};

/// Longest name of a machine, in bytes.
const MAX_HOST_BYTES: usize = 200;

/// The greatest whole number that every client can read.
const MAX_AMOUNT: u64 = (1 << 53) - 1;

impl Jobs {
    /// Takes a job that a program of this user's does. Must be called within a tokio runtime; a caller that goes away leaves
    /// nothing half done.
    ///
    /// # Errors
    ///
    /// If it is none, there are as many as may be, or the database fails.
    pub(crate) async fn report(&self, user: &User, new: NewJob) -> Result<Job, JobError> {
        let NewJob { name: text, host, message, total, unit, lease_seconds } = new;
        let lease = lease_seconds.unwrap_or(DEFAULT_LEASE_SECONDS);
        if !(MIN_LEASE_SECONDS..=MAX_LEASE_SECONDS).contains(&lease) {
            return Err(invalid(format!(
                "`leaseSeconds` is {MIN_LEASE_SECONDS} to {MAX_LEASE_SECONDS}"
            )));
        }
        check_amounts([None, total])?;
        let mut job = rows::blank(&self.0.host, &user.id, REPORTED, name(&text)?);
        if let Some(host) = host {
            let is_name = !host.trim().is_empty() && host.len() <= MAX_HOST_BYTES;
            if !is_name || host.contains(char::is_control) {
                return Err(invalid(format!("`host` has 1 to {MAX_HOST_BYTES} bytes")));
            }
            job.host = host;
        }
        job.message = cut(message.unwrap_or_default(), tidings_protocol::job::MAX_MESSAGE_BYTES);
        (job.total, job.unit) = (total, unit);
        (job.state, job.started_at) = (JobState::Running, Some(job.created_at));
        let this = self.clone();
        let lease = Duration::from_secs(lease);
        to_its_end(async move { this.add_reported(job, lease).await }).await
    }

    async fn add_reported(&self, job: Job, lease: Duration) -> Result<Job, JobError> {
        let _adding = self.0.adding.lock().await;
        self.check_open()?;
        self.check_room(&job.user_id)?;
        let live = Live::new(job.clone(), lease);
        self.0.store.add_job(&rows::row(&job, &live, &self.0.holder)?).await?;
        self.board().hold(Arc::clone(&live));
        self.0.herald.tell(&live);
        Ok(job)
    }

    fn check_room(&self, user_id: &str) -> Result<(), JobError> {
        let (all, own) = self.board().reported(user_id);
        let config = &self.0.config;
        let too_many = |what: &str, most| {
            JobError::TooManyReported(format!(
                "{what} has {most} reported jobs that have not ended, and no more may be; end some by \
                 PATCH, or try again later"
            ))
        };
        if own >= config.max_reported_per_user {
            return Err(too_many("this user", config.max_reported_per_user));
        }
        if all >= config.max_reported {
            return Err(too_many("the server", config.max_reported));
        }
        Ok(())
    }

    /// Takes what is new of a reported job. The job as it is then. Must be called within a tokio runtime; a caller that goes
    /// away leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If there is none, a server does it, it has ended, what is reported is none, or the database fails.
    pub(crate) async fn patch(
        &self,
        id: &str,
        patch: JobPatch<Box<RawValue>>,
    ) -> Result<Job, JobError> {
        check(&patch)?;
        let (this, id) = (self.clone(), id.to_owned());
        to_its_end(async move {
            let live = match this.held(&id) {
                Some(live) => live,
                None => this.take_over(&id).await?,
            };
            this.apply(&live, patch).await
        })
        .await
    }

    /// Goes on with a job that was reported to another server, or to this one before it was started anew.
    async fn take_over(&self, id: &str) -> Result<Arc<Live>, JobError> {
        let _adding = self.0.adding.lock().await;
        if let Some(live) = self.held(id) {
            return Ok(live);
        }
        self.check_open()?;
        let Some(row) = self.0.store.take_job(id, &self.0.holder).await? else {
            let job = self.find(id).await?;
            return Err(if job.state.is_active() { not_reported() } else { ended(&job) });
        };
        let job = rows::taken(&row).ok_or(JobError::NoSuch)?;
        let live = Live::new(job, rows::lease(&row));
        self.board().hold(Arc::clone(&live));
        Ok(live)
    }

    async fn apply(
        &self,
        live: &Arc<Live>,
        patch: JobPatch<Box<RawValue>>,
    ) -> Result<Job, JobError> {
        if !live.is_active() {
            return Err(ended(&live.job()));
        }
        if !live.is_reported {
            return Err(not_reported());
        }
        let JobPatch { progress, message, done, total, unit, lines, .. } = &patch;
        let is_news = patch.state.is_some()
            || progress.is_some()
            || message.is_some()
            || unit.is_some()
            || done.or(*total).is_some()
            || !lines.is_empty();
        for line in lines {
            live.reporter.reported_line(line);
        }
        if let Some(message) = message {
            live.reporter.message(message.clone());
        }
        live.reporter.amounts(*progress, [*done, *total], *unit);
        live.hear();
        if is_news && !live.fold() {
            return Err(ended(&live.job()));
        }
        match patch.state {
            Some(state) => {
                let is_end = self.end_reported(live, state, patch).await;
                // It has ended otherwise, just now.
                is_end.then_some(()).ok_or_else(|| ended(&live.job()))?;
            }
            None if is_news => self.0.herald.tell(live),
            None => {}
        }
        Ok(live.job())
    }

    /// Whether it had not ended before.
    async fn end_reported(
        &self,
        live: &Arc<Live>,
        state: JobState,
        patch: JobPatch<Box<RawValue>>,
    ) -> bool {
        let JobPatch { error, exit_code, result, .. } = patch;
        let because = match state {
            JobState::Succeeded => None,
            JobState::Cancelled => Some(FailedBecause::Cancelled),
            _ => Some(FailedBecause::Failed),
        };
        let error = error.map(|error| cut(error, MAX_ERROR_BYTES));
        let error = match (state, error, exit_code) {
            (JobState::Succeeded, ..) => None,
            (_, Some(error), _) => Some(error),
            (JobState::Failed, None, Some(code)) => Some(format!("it ended with exit code {code}")),
            (JobState::Failed, None, None) => Some("it failed".to_owned()),
            _ => None,
        };
        let info = result.as_ref().map(|json| ResultInfo {
            content_type: "application/json".to_owned(),
            bytes: json.get().len() as u64,
            file_name: None,
        });
        self.finish(live, End { because, result }, |job| {
            (job.state, job.error, job.exit_code, job.result) = (state, error, exit_code, info);
        })
        .await
    }
}

fn invalid(message: impl Into<String>) -> JobError {
    JobError::Invalid(message.into())
}

fn not_reported() -> JobError {
    JobError::Active("a server does this job itself: nobody else reports on it")
}

fn check_amounts(amounts: [Option<u64>; 2]) -> Result<(), JobError> {
    if amounts.into_iter().flatten().any(|amount| amount > MAX_AMOUNT) {
        return Err(invalid(format!("`done` and `total` are at most {MAX_AMOUNT}")));
    }
    Ok(())
}

/// Checks what no type can.
fn check(patch: &JobPatch<Box<RawValue>>) -> Result<(), JobError> {
    check_amounts([patch.done, patch.total])?;
    if patch.lines.len() > MAX_PATCH_LINES {
        return Err(invalid(format!("`lines` has at most {MAX_PATCH_LINES}; send the newest")));
    }
    let ends =
        |state| matches!(state, JobState::Succeeded | JobState::Failed | JobState::Cancelled);
    if patch.state.is_some_and(|state| !ends(state)) {
        return Err(invalid(
            "`state` is succeeded, failed or cancelled; without it the job goes on",
        ));
    }
    if patch.state.is_none()
        && (patch.error.is_some() || patch.exit_code.is_some() || patch.result.is_some())
    {
        return Err(invalid("`error`, `exitCode` and `result` go with a `state`"));
    }
    if patch.state != Some(JobState::Succeeded) && patch.result.is_some() {
        return Err(invalid("`result` goes with the `state` succeeded"));
    }
    if patch.result.as_ref().is_some_and(|json| json.get().len() > MAX_RESULT_BYTES) {
        return Err(invalid(format!("`result` has at most {MAX_RESULT_BYTES} bytes as JSON")));
    }
    Ok(())
}
