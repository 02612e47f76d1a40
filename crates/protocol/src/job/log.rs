//! What a job has written.

use serde::{Deserialize, Serialize};

/// Most lines that are kept of a job; the newest stay.
pub const MAX_LOG_LINES: usize = 500;
/// Most bytes that are kept of a job.
pub const MAX_LOG_BYTES: usize = 64 << 10;
/// Longest line, in bytes; what is beyond is cut, and that is marked.
pub const MAX_LINE_BYTES: usize = 2_000;

/// Answer of `GET` [`path::JOB_LOG`](crate::api::path::JOB_LOG).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogPage {
    /// The lines, the oldest first.
    pub lines: Vec<LogLine>,
    /// Number of the line that comes next: the `after` of the next request.
    pub next: u64,
}

/// A line.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Its number, from 0 on; where one is missing, it is gone.
    pub n: u64,
    /// When it was written, in ms since the epoch.
    pub at: u64,
    /// What it says. Bytes that are not UTF-8 are U+FFFD, and control characters are gone.
    pub text: String,
    /// Whether it was longer.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cut: bool,
    /// Whether it was not UTF-8.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lossy: bool,
}
