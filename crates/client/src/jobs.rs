//! Jobs: what may be started, how they stand, and those that this program reports.

use std::io;

use bytes::Bytes;
use serde_json::Value;
use tidings_protocol::api::{path, query};
use tidings_protocol::job::{
    Job, JobPage, JobPatch, Kinds, LogPage, MAX_ERROR_BYTES, MAX_LOG_BYTES, MAX_LOG_LINES,
    MAX_MESSAGE_BYTES, MAX_NAME_CHARS, MAX_PAGE, NewJob,
};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use url::Url;

use crate::client::{Client, REQUEST_TIMEOUT};
use crate::error::ClientError;
use crate::transport::root_cause;

/// Longest job in an answer, in bytes: its texts with every character escaped, arguments of 32 KiB, and what is around them.
const LONGEST: usize =
    6 * (MAX_MESSAGE_BYTES + MAX_ERROR_BYTES) + 12 * MAX_NAME_CHARS + (32 << 10) + 4_000;
/// Longest page of lines, in bytes: each with every character escaped, its number and its time.
const LONGEST_LOG: usize = 6 * MAX_LOG_BYTES + 100 * MAX_LOG_LINES + 1_000;
/// Most bytes of a list of kinds: commands have texts of their own.
const LONGEST_KINDS: usize = 8 << 20;

/// Which jobs to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobsQuery {
    /// Only those that have not ended, or only those that have.
    pub active: Option<bool>,
    /// Only those that follow a page: its [`JobPage::next`].
    pub before: Option<String>,
    /// How many at most, 1 to [`MAX_PAGE`]; without it as many as the server gives.
    pub limit: Option<usize>,
}

/// Why a result was not, or not wholly, fetched.
#[derive(Debug, thiserror::Error)]
pub enum ResultError {
    /// The server did not give it, or not all of it.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// It could not be written where it should go.
    #[error("the result cannot be written: {0}")]
    Write(#[source] io::Error),
}

impl Client {
    /// The kinds of jobs that the caller may start.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn kinds(&self) -> Result<Kinds, ClientError> {
        let request = self.get(self.route(path::PROCESS));
        Ok(self.ask_for(request, LONGEST_KINDS).await?.json().await?)
    }

    /// A page of the jobs that the caller may see, the newest first.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn jobs(&self, asked: &JobsQuery) -> Result<JobPage, ClientError> {
        let mut url = self.route(path::JOBS);
        let JobsQuery { active, before, limit } = asked;
        let state = active.map(|active| if active { "active" } else { "ended" }.to_owned());
        let limit = limit.map(|limit| limit.to_string());
        for (key, value) in
            [(query::STATE, &state), (query::BEFORE, before), (query::LIMIT, &limit)]
        {
            if let Some(value) = value {
                url.query_pairs_mut().append_pair(key, value);
            }
        }
        Ok(self.ask_for(self.get(url), MAX_PAGE * LONGEST).await?.json().await?)
    }

    /// A job as it stands.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such job that the caller may see.
    pub async fn job(&self, id: &str) -> Result<Job, ClientError> {
        Ok(self.ask(self.get(self.one_of(path::JOBS, id))).await?.json().await?)
    }

    /// Says that a job runs here. Nothing is tried twice: after an error but a refusal it may be there all the same, and is lost
    /// once its lease is over.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn report_job(&self, new: &NewJob) -> Result<Job, ClientError> {
        Ok(self.ask(self.post(self.route(path::JOBS)).json(new)).await?.json().await?)
    }

    /// Says what is new of a job that this program reports; an empty patch renews its lease. Sent twice, its lines are there
    /// twice.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses: with the code `job_ended` if the job has ended, or was lost.
    pub async fn patch_job(&self, id: &str, patch: &JobPatch<Value>) -> Result<Job, ClientError> {
        let request = self.patch(self.one_of(path::JOBS, id)).json(patch);
        Ok(self.ask(request).await?.json().await?)
    }

    /// Asks for a job's end; as good twice as once.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses: with the code `job_ended` if it has ended.
    pub async fn cancel_job(&self, id: &str) -> Result<Job, ClientError> {
        Ok(self.ask(self.delete(self.one_of(path::JOBS, id))).await?.json().await?)
    }

    /// Removes a job that has ended, with all that is left of it.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses: with the code `job_active` if it has not ended.
    pub async fn remove_job(&self, id: &str) -> Result<(), ClientError> {
        let mut url = self.one_of(path::JOBS, id);
        url.query_pairs_mut().append_pair(query::REMOVE, "true");
        self.ask(self.delete(url)).await.map(drop)
    }

    /// What a job has written, as far as it is kept, from line number `after` on.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn job_log(&self, id: &str, after: u64) -> Result<LogPage, ClientError> {
        let mut url = self.job_part(id, "log");
        url.query_pairs_mut().append_pair(query::AFTER, &after.to_string());
        Ok(self.ask_for(self.get(url), LONGEST_LOG).await?.json().await?)
    }

    /// What came of a job, if that is at most `most` bytes.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, nothing came of the job, or it is more.
    pub async fn job_result(&self, id: &str, most: usize) -> Result<Bytes, ClientError> {
        let request = self.get(self.job_part(id, "result"));
        Ok(self.ask_for(request, most).await?.bytes().await?)
    }

    /// Writes what came of a job, of whatever size, and returns how many bytes that were. It may take as long as it does, if
    /// something comes every 30 s.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached, refuses or stops in the middle, nothing came of the job, or it cannot be written.
    pub async fn job_result_to(
        &self,
        id: &str,
        writer: &mut (impl AsyncWrite + Unpin),
    ) -> Result<u64, ResultError> {
        let late = |_| ClientError::Network("nothing came in time".to_owned());
        let request = self.get(self.job_part(id, "result"));
        let mut answer = timeout(REQUEST_TIMEOUT, self.open(request)).await.map_err(late)??;
        let mut written = 0;
        while let Some(chunk) = timeout(REQUEST_TIMEOUT, answer.chunk())
            .await
            .map_err(late)?
            .map_err(|error| ClientError::Network(root_cause(&error)))?
        {
            writer.write_all(&chunk).await.map_err(ResultError::Write)?;
            written += chunk.len() as u64;
        }
        writer.flush().await.map_err(ResultError::Write)?;
        Ok(written)
    }

    fn job_part(&self, id: &str, part: &str) -> Url {
        let mut url = self.one_of(path::JOBS, id);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(part);
        }
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::job::{ArgValue, JobState, LogLine, Percent, ResultInfo, Unit};

    #[test]
    fn the_longest_job_that_a_server_can_answer_is_read() {
        let longest = Job {
            id: "f".repeat(64),
            user_id: "f".repeat(32),
            kind: "f".repeat(64),
            name: "\u{1f600}".repeat(MAX_NAME_CHARS),
            host: "f".repeat(255),
            args: [("f".repeat(64), ArgValue::Text("\u{1}".repeat(5 << 10)))].into(),
            state: JobState::Interrupted,
            version: u64::MAX,
            place: Some(u32::MAX),
            progress: Some(Percent::of_tenths(999)),
            message: "\u{1}".repeat(MAX_MESSAGE_BYTES),
            done: Some(u64::MAX),
            total: Some(u64::MAX),
            unit: Some(Unit::Entries),
            rate: Some(f64::MAX),
            eta_seconds: Some(u64::MAX),
            cancel_requested: true,
            error: Some("\u{1}".repeat(MAX_ERROR_BYTES)),
            exit_code: Some(i32::MIN),
            result: Some(ResultInfo {
                content_type: "f".repeat(100),
                bytes: u64::MAX,
                file_name: Some("\"".repeat(255)),
            }),
            lines: u64::MAX,
            created_at: u64::MAX,
            started_at: Some(u64::MAX),
            updated_at: u64::MAX,
            ended_at: Some(u64::MAX),
        };
        let bytes = serde_json::to_vec(&longest).unwrap().len();
        assert!((LONGEST - 8_000..LONGEST).contains(&bytes), "{bytes} of {LONGEST}");
    }

    #[test]
    fn the_longest_log_that_a_server_can_answer_is_read() {
        let line = LogLine {
            n: u64::MAX,
            at: u64::MAX,
            text: "\"".repeat(MAX_LOG_BYTES / MAX_LOG_LINES),
            cut: true,
            lossy: true,
        };
        let page = LogPage { lines: vec![line; MAX_LOG_LINES], next: u64::MAX };
        assert!(serde_json::to_vec(&page).unwrap().len() < LONGEST_LOG);
    }
}
