//! `/api/process`: what the server can do for the caller, and a job of it, told as it goes on.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::Value;
use tidings_protocol::api::{ErrorCode, path, query};
use tidings_protocol::job::{ArgValue, Args, Kinds, ProcessRequest};
use tidings_protocol::topic::Selector;

use super::jobs::{flag, location, read};
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::jobs::JobError;
use crate::sse::process::ProcessStream;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::PROCESS, get(kinds).post(start))
}

async fn kinds(caller: Caller, State(state): State<AppState>) -> Result<Response, ApiError> {
    may_start(&caller)?;
    let kinds = Kinds { kinds: state.jobs.kinds(caller.user.role) };
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(kinds)).into_response())
}

/// The request as it is sent; arguments are judged one by one, so that each can be named.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    kind: String,
    #[serde(default)]
    args: BTreeMap<String, Value>,
    #[serde(default)]
    name: Option<String>,
}

async fn start(
    caller: Caller,
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    may_start(&caller)?;
    let ends_with_it = flag(query.as_deref().unwrap_or_default(), query::CANCEL_ON_DISCONNECT)?;
    caller.spend_event()?;
    let expected = "a job to start, as in {\"kind\":\"scan\",\"args\":{\"path\":\"/srv\"}}";
    let Sent { kind, args, name } = read(&headers, body, expected).await?;
    let request = ProcessRequest { kind, args: values(args)?, name };
    // Before the job: one that nobody can be told of would not be asked for.
    let slot = caller.take_stream(&state.streams)?;
    let following = state.jobs.start(&caller.user, request).await?;
    let id = following.id().to_owned();
    tracing::info!(id, by = caller.user.name, "a job was started");
    let own: Vec<Selector> = Vec::new();
    let stream = ProcessStream::new(following, state.pace, slot, caller.ended(&own), ends_with_it);
    let mut response = stream.into_response();
    response.headers_mut().insert(header::LOCATION, location(&id));
    Ok(response)
}

/// Arguments as kinds take them; `null` is none.
fn values(sent: BTreeMap<String, Value>) -> Result<Args, JobError> {
    let given = sent.into_iter().filter(|(_, value)| !value.is_null());
    given
        .map(|(name, value)| match serde_json::from_value::<ArgValue>(value) {
            Ok(value) => Ok((name, value)),
            Err(_) => Err(JobError::InvalidArgument(format!(
                "the argument {name:?} must be a text, a number, true or false, or a list of texts"
            ))),
        })
        .collect()
}

fn may_start(caller: &Caller) -> Result<(), ApiError> {
    if grants::may_start(caller) {
        return Ok(());
    }
    let message =
        "this token may not start jobs on the server: it needs the scopes `jobs` and `process`";
    Err(ApiError::new(ErrorCode::Forbidden, message))
}
