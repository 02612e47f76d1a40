//! Jobs as a database has them.

use std::time::Duration;

use tidings_protocol::job::{Args, Job, JobState};

use super::live::Live;
use crate::clock;
use crate::store::JobRow;

/// For how long a server has a job that it does from each renewal, by the clock of the database.
pub(super) const LEASE: Duration = Duration::from_secs(15);

/// How much longer the database waits for whoever reports a job than the server that holds it: what was heard of
/// it is written once a second.
const SLACK: Duration = Duration::from_secs(5);

/// A new id of a job of this user. The second part sorts by time, as text.
pub(super) fn new_id(user_id: &str, now: u64) -> String {
    let random: u32 = rand::random();
    format!("{user_id}~{:012x}{random:08x}", now & 0xffff_ffff_ffff)
}

/// A job that nothing is known of yet.
pub(super) fn blank(host: &str, user_id: &str, kind: &str, name: String) -> Job {
    let now = clock::now_ms();
    Job {
        id: new_id(user_id, now),
        user_id: user_id.to_owned(),
        kind: kind.to_owned(),
        name,
        host: host.to_owned(),
        args: Args::new(),
        state: JobState::Queued,
        version: now,
        place: None,
        progress: None,
        message: String::new(),
        done: None,
        total: None,
        unit: None,
        rate: None,
        eta_seconds: None,
        cancel_requested: false,
        error: None,
        exit_code: None,
        result: None,
        lines: 0,
        created_at: now,
        started_at: None,
        updated_at: now,
        ended_at: None,
    }
}

/// The row of a job as it stands.
pub(super) fn row(job: &Job, live: &Live, holder: &str) -> Result<JobRow, serde_json::Error> {
    Ok(JobRow {
        id: job.id.clone(),
        user_id: job.user_id.clone(),
        version: job.version,
        is_active: job.state.is_active(),
        is_reported: live.is_reported,
        holder: holder.to_owned(),
        lease: if live.is_reported { live.lease() + SLACK } else { LEASE },
        cancel_requested: job.cancel_requested,
        created_at: job.created_at,
        ended_at: job.ended_at,
        record: serde_json::to_string(job)?,
    })
}

/// The job of a row; none if a newer server wrote it in a way that this one cannot read.
pub(super) fn job(row: &JobRow) -> Option<Job> {
    let mut job: Job = serde_json::from_str(&row.record)
        .inspect_err(|error| tracing::warn!(%error, id = row.id, "a job cannot be read"))
        .ok()?;
    job.cancel_requested |= row.cancel_requested;
    Some(job)
}

/// The job of a row that is taken from the server that had it: the row alone says what is beyond all that was told of it.
pub(super) fn taken(row: &JobRow) -> Option<Job> {
    let job = job(row)?;
    Some(Job { version: row.version.max(job.version), ..job })
}

/// For how long whoever reports the job of a row may be silent.
pub(super) fn lease(row: &JobRow) -> Duration {
    row.lease.saturating_sub(SLACK)
}

/// How a job is told whose server is gone, or whose reporter is.
pub(super) fn orphaned(job: &mut Job) {
    let is_reported = job.is_reported();
    job.state = if is_reported { JobState::Lost } else { JobState::Interrupted };
    job.error = Some(if is_reported { SILENT } else { INTERRUPTED }.to_owned());
}

/// Why a job is interrupted.
pub(super) const INTERRUPTED: &str = "the server ended before the job was done; start it again";

/// Why a job is lost.
pub(super) const SILENT: &str =
    "whoever reported it has not been heard of for longer than it said it would be silent";
