//! `/api/processes`: every process of the machine, for admins and for tokens of that scope; and the end of one, for admins on the machine
//! itself.

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use tidings_protocol::api::{ErrorCode, path, query};
use tidings_protocol::processes::MayEnd;

use super::packed::{packed, takes_gzip};
use crate::auth::guards::{Admin, IsForThisMachine};
use crate::auth::{Caller, grants};
use crate::client_addr::IsLocal;
use crate::config::EndProcesses;
use crate::error::ApiError;
use crate::processes::end;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(path::MACHINE_PROCESSES, get(list))
        .route(path::MACHINE_PROCESS, delete(end_one))
}

async fn list(
    caller: Caller,
    State(state): State<AppState>,
    here: Here,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if !grants::may_see_processes(&caller) {
        let message = "only an admin may see the processes, or a token with the scope `processes`";
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    let may_end = may_end(&caller, &state, here);
    let reading = state.processes.read().await.map_err(|error| ApiError::internal(&error))?;
    let packs = takes_gzip(&headers);
    let written = tokio::task::spawn_blocking(move || {
        packed(serde_json::to_vec(&state.processes.table(&reading, may_end))?, packs)
    });
    let written = written.await.map_err(|error| ApiError::internal(&error))?;
    let (body, is_packed) = written.map_err(|error| ApiError::internal(&error))?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if is_packed {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok((headers, body).into_response())
}

async fn end_one(
    Admin(caller): Admin,
    State(state): State<AppState>,
    pid: Result<Path<u32>, PathRejection>,
    RawQuery(query): RawQuery,
    here: Here,
) -> Result<StatusCode, ApiError> {
    let (start, force) = asked(query.as_deref().unwrap_or_default())?;
    let refused = match may_end(&caller, &state, here) {
        MayEnd::Yes => None,
        MayEnd::Remote => Some((
            ErrorCode::NotLocal,
            "processes are ended from the server's own machine only, and by no proxy",
        )),
        _ => Some((ErrorCode::Forbidden, "this server is told to end no processes")),
    };
    if let Some((code, message)) = refused {
        return Err(ApiError::new(code, message));
    }
    let Ok(Path(pid)) = pid else {
        return Err(ApiError::new(ErrorCode::NoSuchProcess, "no process has such an id"));
    };
    let signal = if force { "KILL" } else { "TERM" };
    let user = &*caller.user.id;
    let ended = tokio::task::spawn_blocking(move || end(pid, start, force));
    match ended.await.map_err(|error| ApiError::internal(&error))? {
        Ok(ended) => {
            // Not its command line, which may hold a secret.
            tracing::info!(user, pid, name = ended.name, signal, "a process was told to end");
            Ok(StatusCode::ACCEPTED)
        }
        Err(error) => {
            tracing::info!(user, pid, signal, %error, "a process was not told to end");
            Err(error.into())
        }
    }
}

/// Whether a request comes from this machine, and asks for it by a name of this machine: a proxy nobody told of seldom does so.
type Here = (IsLocal, IsForThisMachine);

fn may_end(caller: &Caller, state: &AppState, (local, named): Here) -> MayEnd {
    match state.processes.end {
        EndProcesses::Never => MayEnd::Never,
        EndProcesses::Local if !caller.is_admin() => MayEnd::Forbidden,
        EndProcesses::Local if !local.0 || !named.0 => MayEnd::Remote,
        EndProcesses::Local => MayEnd::Yes,
    }
}

/// A parameter that is none is refused: who misspells `force` would wait for an end that does not come.
fn asked(query: &str) -> Result<(u64, bool), ApiError> {
    let bad = |message: String| ApiError::new(ErrorCode::BadRequest, message);
    let (mut start, mut force) = (None, false);
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*key, &*value) {
            (query::START, number) => start = number.parse().ok(),
            (query::FORCE, "true") => force = true,
            (query::FORCE, "false") => force = false,
            (query::FORCE, _) => return Err(bad("`force` is true or false".to_owned())),
            (key, _) => {
                let message =
                    format!("there is no parameter {key:?}; there are `start` and `force`");
                return Err(bad(message));
            }
        }
    }
    let start = start.ok_or_else(|| {
        bad("say by `start` when the process began, as the table has it: its id may be another's by now".to_owned())
    })?;
    Ok((start, force))
}
