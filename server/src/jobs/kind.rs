//! What a kind of job is to the rest of the server.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings_protocol::api::Role;
use tidings_protocol::job::{ArgInfo, Args, Input, KindInfo};
use tokio_util::sync::CancellationToken;

use super::reporter::Reporter;

/// A kind of job.
pub trait Kind: std::fmt::Debug + Send + Sync + 'static {
    /// Its name in a request.
    fn name(&self) -> &'static str;

    /// What it wants to know of users of this role; none if they may not start one.
    fn info(&self, role: Role) -> Option<KindInfo>;

    /// Why nobody may start one, whatever their role; none where somebody may.
    fn unavailable(&self) -> Option<String> {
        None
    }

    /// Says what is to be done with these arguments: they have the types and bounds that [`info`](Self::info) asks for,
    /// those that must be there are, and defaults are filled in.
    fn prepare<'a>(
        &'a self,
        args: &'a Args,
        role: Role,
    ) -> BoxFuture<'a, Result<Prepared, Refused>>;
}

/// An argument that may be left out, with no value of its own then.
pub(super) fn optional(name: &str, label: &str, help: &str, input: Input) -> ArgInfo {
    ArgInfo {
        name: name.to_owned(),
        label: label.to_owned(),
        help: help.to_owned(),
        input,
        required: false,
        default: None,
    }
}

/// Work that can begin.
pub struct Prepared {
    /// What people call it.
    pub name: String,
    /// How long it may take, if there is a bound of its own.
    pub timeout: Option<Duration>,
    /// What is to be done.
    pub work: Box<dyn Work>,
}

impl std::fmt::Debug for Prepared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Prepared").field("name", &self.name).finish_non_exhaustive()
    }
}

/// What is to be done.
pub trait Work: Send + 'static {
    /// Does it. Once `task.cancelled` is cancelled it ends soon, whatever it returns, and leaves nothing behind.
    fn run(self: Box<Self>, task: Task) -> BoxFuture<'static, Result<Outcome, Failure>>;
}

/// What work is given.
#[derive(Clone, Debug)]
pub struct Task {
    /// Takes how far it is.
    pub reporter: Reporter,
    /// Cancelled when it is to end.
    pub cancelled: CancellationToken,
    /// Folder of its own for files that are its result; empty when it begins. None in a server that keeps nothing.
    pub folder: Option<PathBuf>,
}

/// What came of work that could be done.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// How it ended, in a sentence.
    pub message: String,
    /// What came of it.
    pub result: serde_json::Value,
    /// Exit code of its program.
    pub exit_code: Option<i32>,
    /// Whether what it found is bad: then the job has failed, `message` is its error, and what came of it is kept all the
    /// same.
    pub failed: bool,
    /// A file in the task's folder to be fetched in the place of `result`.
    pub file: Option<ResultFile>,
}

/// A file that is a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What it is to be called by whoever fetches it.
    pub name: String,
    /// Its media type.
    pub content_type: &'static str,
}

/// Why work could not be done.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{message}")]
pub struct Failure {
    /// What went wrong, and what to do next.
    pub message: String,
    /// Exit code of its program.
    pub exit_code: Option<i32>,
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self { message: error.to_string(), exit_code: None }
    }
}

/// Why work cannot begin.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum Refused {
    /// An argument is not what it may be; the text names it.
    #[error("{0}")]
    Argument(String),
    /// A path lies outside of what may be read.
    #[error("{0}")]
    OutsideRoots(String),
    /// The caller's role is not enough.
    #[error("{0}")]
    Role(String),
    /// It cannot be done here.
    #[error("{0}")]
    Unavailable(String),
}
