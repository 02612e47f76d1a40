//! Requests about jobs: from a browser by HTTP, from the desktop's window by its commands. Bodies and answers are JSON text.

use tidings_protocol::api::{path, query};
use wasm_bindgen::JsValue;

use super::desktop;
use super::http::begin;
use super::inbox::{Question, ask, escaped};
use crate::state::request_error::RequestError;

/// Most jobs that go on and are asked for at once.
const MOST_ACTIVE: usize = 200;

/// How many that have ended are asked for at once.
const ENDED: usize = 50;

/// A page of jobs: those that go on, or those that have ended; the newest, or those behind a page whose `next` is `before`.
///
/// # Errors
///
/// If the server does not answer, or says no; with each of these requests.
pub async fn list(active: bool, before: Option<&str>) -> Result<String, RequestError> {
    let (state, limit) = if active { ("active", MOST_ACTIVE) } else { ("ended", ENDED) };
    let (states, limits) = (query::STATE, query::LIMIT);
    let mut path = format!("{}?{states}={state}&{limits}={limit}", path::JOBS);
    let mut arguments = vec![("state", state.into()), ("limit", JsValue::from_f64(limit as f64))];
    if let Some(before) = before {
        path.push_str(&format!("&{}={}", query::BEFORE, escaped(before)));
        arguments.push(("before", before.into()));
    }
    told("list_jobs", arguments, "GET", path).await
}

/// The kinds of jobs that may be started.
///
/// # Errors
///
/// As [`list`].
pub async fn kinds() -> Result<String, RequestError> {
    told("job_kinds", Vec::new(), "GET", path::PROCESS.to_owned()).await
}

/// Starts the job that `body` says, and returns its id. It goes on by itself from then on.
///
/// # Errors
///
/// As [`list`].
pub async fn start(body: String) -> Result<String, RequestError> {
    if desktop::is_here() {
        let arguments = vec![("request", JsValue::from_str(&body))];
        return desktop::question("start_job", arguments).await;
    }
    let location = begin(path::PROCESS, body).await?;
    let id = location.rsplit('/').next().unwrap_or_default();
    if id.is_empty() { Err(RequestError::unreadable()) } else { Ok(id.to_owned()) }
}

/// Asks for the end of a job, and returns the job.
///
/// # Errors
///
/// As [`list`].
pub async fn cancel(id: &str) -> Result<String, RequestError> {
    told("cancel_job", vec![("id", id.into())], "DELETE", address(id)).await
}

/// A job.
///
/// # Errors
///
/// As [`list`].
pub async fn one(id: &str) -> Result<String, RequestError> {
    told("show_job", vec![("id", id.into())], "GET", address(id)).await
}

/// Removes a job that has ended.
///
/// # Errors
///
/// As [`list`].
pub async fn remove(id: &str) -> Result<String, RequestError> {
    let path = format!("{}?{}=true", address(id), query::REMOVE);
    told("remove_job", vec![("id", id.into())], "DELETE", path).await
}

/// The lines that a job has written, from the one with this number on.
///
/// # Errors
///
/// As [`list`].
pub async fn log(id: &str, after: u64) -> Result<String, RequestError> {
    let path = format!("{}/log?{}={after}", address(id), query::AFTER);
    let arguments = vec![("id", id.into()), ("after", JsValue::from_f64(after as f64))];
    told("job_log", arguments, "GET", path).await
}

/// What came of a job, where that is no file.
///
/// # Errors
///
/// As [`list`].
pub async fn result(id: &str) -> Result<String, RequestError> {
    told("job_result", vec![("id", id.into())], "GET", result_address(id)).await
}

/// Has the desktop app save what came of a job, and returns where it lies.
///
/// # Errors
///
/// As [`list`].
pub async fn save(id: &str) -> Result<String, RequestError> {
    desktop::question("save_job_result", vec![("id", id.into())]).await
}

/// Where a browser finds what came of a job.
#[must_use]
pub fn result_address(id: &str) -> String {
    format!("{}/result", address(id))
}

pub(super) async fn told(
    command: &'static str,
    arguments: Vec<(&'static str, JsValue)>,
    method: &'static str,
    path: String,
) -> Result<String, RequestError> {
    ask(Question { command, arguments, method, path, body: None }).await
}

fn address(id: &str) -> String {
    format!("{}/{}", path::JOBS, escaped(id))
}
