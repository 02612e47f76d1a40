//! How jobs end: asked to, or by themselves.

use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::job::{FailedBecause, Job, JobState};

use super::keeper::Kept;
use super::live::{End, Live};
use super::{JobError, Jobs, rows, to_its_end};

/// How long those who follow a job wait for the database before they hear of its end.
const KEPT_WITHIN: Duration = Duration::from_secs(3);

impl Jobs {
    /// Asks for a job's end. The job as it is then. Must be called within a tokio runtime; a caller that goes away leaves
    /// nothing half done.
    ///
    /// # Errors
    ///
    /// If there is none, it has ended, or the database fails.
    pub(crate) async fn cancel(&self, id: &str) -> Result<Job, JobError> {
        let (this, id) = (self.clone(), id.to_owned());
        to_its_end(async move { this.cancel_now(&id).await }).await
    }

    async fn cancel_now(&self, id: &str) -> Result<Job, JobError> {
        let Some(live) = self.held(id) else {
            let row = self.0.store.ask_to_cancel(id).await?.ok_or(JobError::NoSuch)?;
            let job = rows::job(&row).ok_or(JobError::NoSuch)?;
            return if row.is_active { Ok(job) } else { Err(ended(&job)) };
        };
        let job = live.job();
        if !job.state.is_active() {
            return Err(ended(&job));
        }
        if self.withdraw(&live, FailedBecause::Cancelled).await {
            return Ok(live.job());
        }
        self.ask_to_end(&live);
        // Another server may go on with it.
        if let Err(error) = self.0.store.ask_to_cancel(id).await {
            tracing::warn!(%error, id, "that a job is to end is not kept");
        }
        Ok(live.job())
    }

    /// Ends a job that waits for its turn: it would have to wait for its end as well. Whether it did wait.
    pub(super) async fn withdraw(&self, live: &Arc<Live>, because: FailedBecause) -> bool {
        let was_waiting = self.board().withdraw(&live.id);
        if !was_waiting {
            return false;
        }
        if because == FailedBecause::Cancelled {
            let end = End { because: Some(because), result: None };
            self.finish(live, end, |job| {
                job.cancel_requested = true;
                job.state = JobState::Cancelled;
            })
            .await;
        } else {
            self.interrupt(live).await;
        }
        self.number();
        true
    }

    /// Asks a job that is going on here to end.
    pub(super) fn ask_to_end(&self, live: &Arc<Live>) {
        if live.job().cancel_requested {
            return;
        }
        if live.change(|job| job.cancel_requested = true) {
            self.0.herald.tell(live);
        }
        if !live.is_reported {
            live.ask_to_end(FailedBecause::Cancelled);
        }
    }

    /// Notes how a job ended, keeps it and tells of it. Whether it had not ended before.
    pub(super) async fn finish(
        &self,
        live: &Arc<Live>,
        end: End,
        change: impl FnOnce(&mut Job),
    ) -> bool {
        if !live.finish(end, change) {
            return false;
        }
        // Kept before it is told: after a crash between the two, nobody has been told what is not so.
        let kept = tokio::time::timeout(KEPT_WITHIN, self.keep_end(live)).await;
        // Told all the same if the database has no time for it: it is written later.
        let kept = kept.unwrap_or(Kept::Later);
        live.tell_end();
        if kept != Kept::Later {
            self.board().forget(&live.id);
        }
        if kept == Kept::Elsewhere {
            // What the other server says of it stands.
            return true;
        }
        self.0.herald.tell(live);
        let is_open = self.board().is_open();
        // A server that is still to begin does not wait until its hub takes something.
        if is_open {
            self.0.notices.end(&live.job()).await;
        } else {
            self.0.notices.end_later(&live.job());
        }
        true
    }

    /// Ends a job that waits while the server ends.
    pub(super) async fn interrupt(&self, live: &Arc<Live>) {
        let end = End { because: Some(FailedBecause::Interrupted), result: None };
        self.finish(live, end, |job| {
            job.state = JobState::Interrupted;
            job.error = Some(rows::INTERRUPTED.to_owned());
        })
        .await;
    }
}

/// That nothing can be done with a job any more.
pub(super) fn ended(job: &Job) -> JobError {
    JobError::Ended(job.state.to_string())
}
