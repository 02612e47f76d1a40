//! Jobs that programs elsewhere report.

use serde::{Deserialize, Deserializer, Serialize};

use super::Unit;
use super::percent::Percent;
use super::state::JobState;

/// For how long a reporter may be silent unless it says otherwise, in seconds.
pub const DEFAULT_LEASE_SECONDS: u64 = 60;
/// Least time that a reporter may ask for, in seconds.
pub const MIN_LEASE_SECONDS: u64 = 5;
/// Greatest time that a reporter may ask for, in seconds: a day.
pub const MAX_LEASE_SECONDS: u64 = 24 * 60 * 60;
/// Most lines that a report brings.
pub const MAX_PATCH_LINES: usize = 200;

/// Body of `POST` [`path::JOBS`](crate::api::path::JOBS): a job that is running elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewJob {
    /// What people call it.
    pub name: String,
    /// The machine it runs on. Default: the server's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How much there is to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What that is counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// For how long the reporter may be silent, in seconds. Default [`DEFAULT_LEASE_SECONDS`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease_seconds: Option<u64>,
}

/// Body of `PATCH` [`path::JOB`](crate::api::path::JOB): what is new of a reported job. An empty one says that it still runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JobPatch<R = super::ArgValue> {
    /// How far it is; `null` says that nobody knows from now on. What is less than before is passed over.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    pub progress: Option<Option<Percent>>,
    /// What it is doing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How much of `total` is done; says how far it is where `progress` does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub done: Option<u64>,
    /// How much there is to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What the two are counted in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Unit>,
    /// Lines it has written since, at most [`MAX_PATCH_LINES`].
    #[serde(default = "Vec::new", skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<ReportedLine>,
    /// How it ended: succeeded, failed or cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// Exit code of its program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// What came of it: any JSON.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub result: Option<R>,
}

/// A line of a report: on the wire its text alone, or `{"text","lossy"}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "LineForm", into = "LineForm")]
pub struct ReportedLine {
    /// What it says.
    pub text: String,
    /// Whether it was not UTF-8, and has U+FFFD where it was not.
    pub lossy: bool,
}

impl<S: Into<String>> From<S> for ReportedLine {
    fn from(text: S) -> Self {
        Self { text: text.into(), lossy: false }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "a line is a text, or an object of `text` and `lossy`")]
enum LineForm {
    Text(String),
    Marked(Marked),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marked {
    text: String,
    #[serde(default)]
    lossy: bool,
}

impl From<LineForm> for ReportedLine {
    fn from(form: LineForm) -> Self {
        match form {
            LineForm::Text(text) => text.into(),
            LineForm::Marked(Marked { text, lossy }) => Self { text, lossy },
        }
    }
}

impl From<ReportedLine> for LineForm {
    fn from(ReportedLine { text, lossy }: ReportedLine) -> Self {
        if lossy { Self::Marked(Marked { text, lossy }) } else { Self::Text(text) }
    }
}

/// Of whatever result.
impl<R> Default for JobPatch<R> {
    fn default() -> Self {
        Self {
            progress: None,
            message: None,
            done: None,
            total: None,
            unit: None,
            lines: Vec::new(),
            state: None,
            error: None,
            exit_code: None,
            result: None,
        }
    }
}

fn none<R>() -> Option<R> {
    None
}

/// A `null` that is there is not the same as none.
fn present<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Percent>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}
