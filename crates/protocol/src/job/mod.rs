//! Jobs: long work with progress that one can watch and stop. A server does them, or a program elsewhere reports them.
//!
//! Each change of a job gives it a greater *version*, and every event on its [`topic()`] is the whole job. So its newest event is
//! all that a reader needs, and of two answers about a job the one of the greater version is right.

mod args;
mod kind;
mod log;
mod percent;
mod process;
mod report;
mod state;

use serde::{Deserialize, Serialize};

use crate::topic::{JOBS, Topic};

pub use args::{ArgValue, Args};
pub use kind::{ArgInfo, Choice, Input, KindInfo, Kinds};
pub use log::{LogLine, LogPage, MAX_LINE_BYTES, MAX_LOG_BYTES, MAX_LOG_LINES};
pub use percent::{InvalidPercent, Percent};
pub use process::{COMPLETE, Complete, Failed, FailedBecause, ProcessRequest, Update};
pub use report::{
    DEFAULT_LEASE_SECONDS, JobPatch, MAX_LEASE_SECONDS, MAX_PATCH_LINES, MIN_LEASE_SECONDS, NewJob,
    ReportedLine,
};
pub use state::{InvalidState, JobState};

/// Type of the events on a job's topic.
pub const JOB: &str = "job";
/// Kind of a job that a program elsewhere reports.
pub const REPORTED: &str = "reported";
/// Longest name, in characters.
pub const MAX_NAME_CHARS: usize = 200;
/// Longest message, in bytes; what is beyond is cut.
pub const MAX_MESSAGE_BYTES: usize = 1_000;
/// Longest text of an error, in bytes; what is beyond is cut.
pub const MAX_ERROR_BYTES: usize = 4_000;
/// Longest result that a program may report, as JSON, in bytes.
pub const MAX_RESULT_BYTES: usize = 64 << 10;
/// Most updates a second that a job tells; the last one it always tells.
pub const UPDATES_PER_SECOND: u32 = 10;
/// Most jobs of a page.
pub const MAX_PAGE: usize = 200;
/// How many a page has unless more or fewer are asked for.
pub const DEFAULT_PAGE: usize = 50;

/// What a job's amounts are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Bytes.
    Bytes,
    /// Files and folders.
    Entries,
    /// Lines or rows.
    Rows,
    /// Steps of whatever kind, and any unit of a newer server.
    #[serde(other)]
    Steps,
}

/// A result that can be fetched below `/api/jobs/{id}/result`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResultInfo {
    /// Its media type; `application/json` for one that is no file.
    pub content_type: String,
    /// Its size.
    pub bytes: u64,
    /// What a file is to be called; null for a result that is no file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_name: Option<String>,
}

/// A job as it stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Job {
    /// Never changes: the id of its user, `~`, and hex digits that sort by time.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// What does it; [`REPORTED`] if a program elsewhere does.
    pub kind: String,
    /// What people call it.
    pub name: String,
    /// The machine it runs on.
    pub host: String,
    /// What it was started with; empty where it is reported.
    #[serde(default, skip_serializing_if = "Args::is_empty")]
    pub args: Args,
    /// How it stands.
    pub state: JobState,
    /// Grows with every change.
    pub version: u64,
    /// Its place among those that wait, 1 being the next; null once it has begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<u32>,
    /// How far it is; null if nobody knows. Never less than it was.
    pub progress: Option<Percent>,
    /// What it is doing, or how it ended; may be empty.
    pub message: String,
    /// How much of `total` is done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// How much there is to do; null if nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What the two are counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// How much of `done` a second lately; null if nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// How long it will take from `updatedAt` on, in seconds; null if nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta_seconds: Option<u64>,
    /// Whether somebody asked for its end.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancel_requested: bool,
    /// Why it has not succeeded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Exit code of its program, if it is one that has ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What can be fetched, once it has ended; also of one that has failed because of what it found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultInfo>,
    /// How many lines it has written.
    #[serde(default)]
    pub lines: u64,
    /// When it was asked for, in ms since the epoch.
    pub created_at: u64,
    /// When it began, in ms since the epoch; null if it has not.
    pub started_at: Option<u64>,
    /// When it last changed, in ms since the epoch.
    pub updated_at: u64,
    /// When it ended, in ms since the epoch; null if it has not.
    pub ended_at: Option<u64>,
}

impl Job {
    /// Whether a program elsewhere reports it.
    #[must_use]
    pub fn is_reported(&self) -> bool {
        self.kind == REPORTED
    }
}

/// Answer of `GET` [`path::JOBS`](crate::api::path::JOBS): the newest first; of those that have ended the last to end, where only these are asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobPage {
    /// The jobs.
    pub jobs: Vec<Job>,
    /// The `before` of the next page; null on the last one.
    pub next: Option<String>,
}

/// The topic of a job's events; none if no topic can be named after `id`.
#[must_use]
pub fn topic(id: &str) -> Option<Topic> {
    format!("{JOBS}/{id}").parse().ok()
}

/// Id of the user whose job it is, by the job's id.
#[must_use]
pub fn owner(id: &str) -> Option<&str> {
    id.split_once('~').map(|(user, _)| user).filter(|user| !user.is_empty())
}
