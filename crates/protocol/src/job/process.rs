//! The stream that answers a request for a job.

use serde::{Deserialize, Serialize};

use super::args::Args;
use super::percent::Percent;

/// Name of the event that says a job has succeeded; the last one.
pub const COMPLETE: &str = "complete";

/// Body of `POST` [`path::PROCESS`](crate::api::path::PROCESS).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessRequest {
    /// What is to be done.
    pub kind: String,
    /// With what.
    #[serde(default, skip_serializing_if = "Args::is_empty")]
    pub args: Args,
    /// What people call it. Default: by the kind and its arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// An unnamed message of the stream: how far the job is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    /// Id of the job; in the first message only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// How far it is; null if nobody knows.
    pub progress: Option<Percent>,
    /// What it is doing.
    pub message: String,
    /// Its place among those that wait, while it waits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<u32>,
}

/// Data of [`COMPLETE`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Complete<R> {
    /// Always true.
    pub success: bool,
    /// What came of it.
    pub result: R,
}

/// Data of the event `error`, which is the last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failed {
    /// What went wrong.
    pub error: String,
    /// For programs.
    pub code: FailedBecause,
    /// Exit code of its program, if it is one that has ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
}

/// Why a job has not succeeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailedBecause {
    /// It could not be done.
    Failed,
    /// It took longer than it may.
    TimedOut,
    /// Somebody ended it.
    Cancelled,
    /// The server ends.
    Interrupted,
    /// Another reason, of a newer server.
    #[serde(other)]
    Unknown,
}
