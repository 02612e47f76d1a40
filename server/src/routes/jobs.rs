//! `/api/jobs`: read, ended and reported by whose they are, and by admins read, ended and removed whosever they are.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::de::DeserializeOwned;
use tidings_protocol::api::{ErrorCode, path, query};
use tidings_protocol::job::{Job, LogPage, MAX_PAGE, ResultInfo, owner};

use super::body::Payload;
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::jobs::{Asked, Fetched, JobError};
use crate::state::AppState;

/// Largest body: every bound of a report at once, and most characters escaped.
const MAX_BODY_BYTES: usize = 1 << 20;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(path::JOBS, get(list).post(report))
        .route(path::JOB, get(show).patch(patch).delete(end))
        .route(path::JOB_LOG, get(log))
        .route(path::JOB_RESULT, get(result))
}

/// Answers that are of one moment.
const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

type Id = Result<Path<String>, PathRejection>;

async fn list(
    caller: Caller,
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    may_use(&caller)?;
    let mut asked = asked(query.as_deref().unwrap_or_default())?;
    if !caller.is_admin() {
        if asked.user_id.as_ref().is_some_and(|id| *id != caller.user.id) {
            let message = "only an admin may list the jobs of others";
            return Err(ApiError::new(ErrorCode::Forbidden, message));
        }
        asked.user_id = Some(caller.user.id);
    }
    Ok((NO_STORE, Json(state.jobs.list(asked).await?)).into_response())
}

/// A parameter that is none is refused: who misspells `state` would get another list without a word.
fn asked(query: &str) -> Result<Asked, ApiError> {
    let mut asked = Asked::default();
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*key, &*value) {
            (query::STATE, "active") => asked.is_active = Some(true),
            (query::STATE, "ended") => asked.is_active = Some(false),
            (query::STATE, _) => return Err(bad("`state` is active or ended")),
            (query::USER, id) => asked.user_id = Some(id.to_owned()),
            (query::BEFORE, next) => {
                let before = next.split_once(':');
                let before = before.and_then(|(at, id)| Some((at.parse().ok()?, id.to_owned())));
                let before = before.filter(|(_, id)| !id.contains(char::is_control));
                asked.before = Some(before.ok_or_else(|| bad("`before` is the `next` of a page"))?);
            }
            (query::LIMIT, number) => {
                let number = number.parse().ok().filter(|number| (1..=MAX_PAGE).contains(number));
                asked.limit = number.ok_or_else(|| bad(format!("`limit` is 1 to {MAX_PAGE}")))?;
            }
            (key, _) => {
                return Err(bad(format!(
                    "there is no parameter {key:?}; there are `state`, `user`, `before` and `limit`"
                )));
            }
        }
    }
    Ok(asked)
}

async fn show(caller: Caller, State(state): State<AppState>, id: Id) -> Result<Response, ApiError> {
    let id = known(&caller, id)?;
    Ok((NO_STORE, Json(state.jobs.find(&id).await?)).into_response())
}

async fn report(
    caller: Caller,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    may_use(&caller)?;
    caller.spend_event()?;
    let new = read(&headers, body, "a job, as in {\"name\":\"Backup\"}").await?;
    let job = state.jobs.report(&caller.user, new).await?;
    let location = location(&job.id);
    Ok((StatusCode::CREATED, NO_STORE, [(header::LOCATION, location)], Json(job)).into_response())
}

async fn patch(
    caller: Caller,
    State(state): State<AppState>,
    id: Id,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    let id = own(&caller, id)?;
    caller.spend_event()?;
    let patch = read(&headers, body, "what is new of a job, as in {\"progress\":42}").await?;
    Ok((NO_STORE, Json(state.jobs.patch(&id, patch).await?)).into_response())
}

async fn end(
    caller: Caller,
    State(state): State<AppState>,
    id: Id,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let id = known(&caller, id)?;
    if flag(query.as_deref().unwrap_or_default(), query::REMOVE)? {
        state.jobs.remove(&id).await?;
        tracing::info!(id, by = caller.user.name, "a job was removed");
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let job: Job = state.jobs.cancel(&id).await?;
    tracing::info!(id, by = caller.user.name, "a job was asked to end");
    Ok((StatusCode::ACCEPTED, NO_STORE, Json(job)).into_response())
}

async fn log(
    caller: Caller,
    State(state): State<AppState>,
    id: Id,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let id = known(&caller, id)?;
    let mut after = 0;
    for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if key != query::AFTER {
            return Err(bad(format!("there is no parameter {key:?}; the only one is `after`")));
        }
        let number = value.parse().map_err(|_| bad("`after` is the `next` of a page of lines"));
        after = number?;
    }
    let page: LogPage = state.jobs.lines(&id, after).await?;
    Ok((NO_STORE, Json(page)).into_response())
}

async fn result(
    caller: Caller,
    State(state): State<AppState>,
    id: Id,
) -> Result<Response, ApiError> {
    let id = known(&caller, id)?;
    match state.jobs.result(&id).await? {
        Fetched::Json(json) => {
            let json_type = [(header::CONTENT_TYPE, "application/json")];
            Ok((NO_STORE, json_type, json).into_response())
        }
        Fetched::File(path, info) => file(&path, &info).await,
    }
}

/// A file, read as it is sent.
async fn file(path: &std::path::Path, info: &ResultInfo) -> Result<Response, ApiError> {
    let file = match tokio::fs::File::open(path).await {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message = "the file is gone, or lies on another server of this database";
            return Err(ApiError::new(ErrorCode::NotFound, message));
        }
        opened => opened.map_err(JobError::File)?,
    };
    let length = file.metadata().await.map_err(JobError::File)?.len();
    let name = info.file_name.as_deref().unwrap_or("result");
    let text = |text: String| {
        HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("attachment"))
    };
    let content_type = HeaderValue::try_from(&info.content_type)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"));
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_DISPOSITION, text(format!("attachment; filename=\"{name}\""))),
        (header::CONTENT_LENGTH, length.into()),
    ];
    Ok((NO_STORE, headers, Body::from_stream(pieces(file))).into_response())
}

/// What a file has, piece by piece.
fn pieces(
    file: tokio::fs::File,
) -> impl futures_util::Stream<Item = std::io::Result<bytes::Bytes>> {
    futures_util::stream::try_unfold(file, async |mut file| {
        use tokio::io::AsyncReadExt as _;
        let mut piece = bytes::BytesMut::with_capacity(64 << 10);
        let read = file.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (piece.freeze(), file)))
    })
}

/// Reads a JSON object, whatever its content type: `curl -d` says that it is a form.
pub(super) async fn read<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    expected: &str,
) -> Result<T, ApiError> {
    let refused = |why: String| bad(format!("the body is not {expected}: {why}"));
    match Payload::read(headers, body, MAX_BODY_BYTES).await? {
        // serde would take a list of its values for an object, too.
        Payload::Json(json) if json.starts_with(b"{") => {
            serde_json::from_slice(&json).map_err(|error| refused(error.to_string()))
        }
        Payload::Json(_) => Err(refused("it is no JSON object".to_owned())),
        Payload::Text(_) => Err(refused("it is no JSON".to_owned())),
    }
}

/// Whether a query says `true` to the one parameter there is.
pub(super) fn flag(query: &str, name: &str) -> Result<bool, ApiError> {
    let mut is_set = false;
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        if key != name {
            return Err(bad(format!("there is no parameter {key:?}; the only one is `{name}`")));
        }
        is_set = match &*value {
            "true" => true,
            "false" => false,
            _ => return Err(bad(format!("`{name}` is true or false"))),
        };
    }
    Ok(is_set)
}

/// Where a job is found.
pub(super) fn location(id: &str) -> HeaderValue {
    // Ids are letters, digits and `~`.
    HeaderValue::try_from(path::JOB.replace("{id}", id))
        .unwrap_or_else(|_| HeaderValue::from_static(path::JOBS))
}

/// The id of a job that the caller may read, end and remove; there is none of another id to the caller.
fn known(caller: &Caller, id: Id) -> Result<String, ApiError> {
    may_use(caller)?;
    let id = id.ok().map(|Path(id)| id).filter(|id| {
        let is_seen = |owner| grants::over_job(caller, owner);
        owner(id).is_some_and(is_seen) && !id.contains(char::is_control)
    });
    id.ok_or_else(|| JobError::NoSuch.into())
}

/// The id of a job that the caller may report on.
fn own(caller: &Caller, id: Id) -> Result<String, ApiError> {
    let id = known(caller, id)?;
    if owner(&id) == Some(&caller.user.id) {
        return Ok(id);
    }
    let message = "only whoever reported a job may report on it";
    Err(ApiError::new(ErrorCode::Forbidden, message))
}

fn may_use(caller: &Caller) -> Result<(), ApiError> {
    if grants::may_use_jobs(caller) {
        return Ok(());
    }
    let message = "this token may have nothing to do with jobs: it needs the scope `jobs`";
    Err(ApiError::new(ErrorCode::Forbidden, message))
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}
