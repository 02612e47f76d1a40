//! `/api/tokens`: tokens of limited scope, each user's own; everybody's by admins.

use std::time::Duration;

use axum::extract::rejection::{JsonRejection, PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::Deserialize;
use tidings_protocol::api::token::{MAX_NAME_BYTES, MAX_SCOPES, MOST, MOST_OF_USER};
use tidings_protocol::api::{CreatedToken, ErrorCode, NewToken, TokenInfo, path, query};
use tidings_protocol::scope::{InvalidScope, Scope};

use crate::auth::directory::PeopleError;
use crate::auth::grants::Power;
use crate::auth::guards::Unlimited;
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::state::AppState;
use crate::store::Refused;

/// Longest life of a token that has an end, in seconds: ten years.
const MAX_EXPIRY: u64 = 10 * 365 * 24 * 60 * 60;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::TOKENS, get(list).post(create)).route(path::TOKEN, delete(revoke))
}

/// Whose tokens are asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    user: Option<String>,
}

async fn list(
    Unlimited(caller): Unlimited,
    State(state): State<AppState>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    let Query(asked) = asked.map_err(|_| {
        let message = format!("the only parameter is `{}`, the id of a user", query::USER);
        ApiError::new(ErrorCode::BadRequest, message)
    })?;
    // Admins see all unless they name somebody.
    let own = (!caller.is_admin()).then(|| caller.user.id.clone());
    let user = asked.user.or(own);
    if let Some(user) = &user {
        may_manage(&state, &caller, user)?;
    }
    Ok(Json(state.auth.directory.tokens(user.as_deref())?))
}

async fn create(
    Unlimited(caller): Unlimited,
    State(state): State<AppState>,
    body: Result<Json<NewToken>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(new) = body?;
    let (scopes, expires_in) = check(&new)?;
    let user = new.user_id.as_ref().unwrap_or(&caller.user.id);
    may_manage(&state, &caller, user)?;
    if let Some(scope) = scopes.iter().find(|scope| !grants::may_give_to(&caller, user, scope)) {
        let who = if *user != caller.user.id && grants::is_personal(scope) {
            "nobody but the user"
        } else {
            "only an admin"
        };
        let message = format!("{who} may make a token of the scope {scope}");
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    let directory = &state.auth.directory;
    let most = if caller.is_admin() { MOST } else { MOST_OF_USER };
    let (info, secret) = directory.create_token(user, new.name, &scopes, expires_in, most).await?;
    tracing::info!(id = info.id, name = info.name, user = info.user_id, "a token was made");
    let created = CreatedToken { info, token: secret.expose().to_owned() };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(created)).into_response())
}

async fn revoke(
    Unlimited(caller): Unlimited,
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let none = || ApiError::new(ErrorCode::NotFound, "there is no token with this id");
    // What is not UTF-8 is no id.
    let Path(id) = id.map_err(|_| none())?;
    let directory = &state.auth.directory;
    // To everybody else there is none.
    let is_theirs = |user: String| grants::over_user(&caller, &user) > Power::Nothing;
    if !caller.is_admin() && !directory.user_of_token(&id).is_some_and(is_theirs) {
        return Err(none());
    }
    match directory.revoke_token(&id).await {
        Err(PeopleError::Refused(Refused::NoSuch)) => return Err(none()),
        revoked => revoked?,
    }
    tracing::info!(id, "a token was revoked");
    Ok(StatusCode::NO_CONTENT)
}

/// Refuses whoever may have nothing to do with the tokens of `user`.
fn may_manage(state: &AppState, caller: &Caller, user: &str) -> Result<(), ApiError> {
    if grants::over_user(caller, user) == Power::Nothing {
        let message = "only an admin may have to do with the tokens of others";
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    if state.auth.user(user).is_none() {
        return Err(ApiError::new(ErrorCode::NotFound, "there is no user with this id"));
    }
    Ok(())
}

fn check(new: &NewToken) -> Result<(Vec<Scope>, Option<Duration>), ApiError> {
    let bad = |message: String| Err(ApiError::new(ErrorCode::BadRequest, message));
    let name = &new.name;
    if name.trim().is_empty() || name.len() > MAX_NAME_BYTES || name.contains(char::is_control) {
        return bad(format!(
            "a token has a name of at most {MAX_NAME_BYTES} bytes without control characters"
        ));
    }
    if new.scopes.is_empty() || new.scopes.len() > MAX_SCOPES {
        return bad(format!(
            "a token has 1 to {MAX_SCOPES} scopes, such as publish:app/* or read:app/builds"
        ));
    }
    if new.expires_in_seconds.is_some_and(|seconds| seconds == 0 || seconds > MAX_EXPIRY) {
        return bad("a token expires after 1 second to ten years, or never".to_owned());
    }
    let scopes: Result<_, _> = new.scopes.iter().map(|scope| parse(scope)).collect();
    Ok((scopes?, new.expires_in_seconds.map(Duration::from_secs)))
}

fn parse(scope: &str) -> Result<Scope, ApiError> {
    scope.parse().map_err(|error| {
        let code = match error {
            InvalidScope::Access => ErrorCode::BadRequest,
            InvalidScope::Topics(_) => ErrorCode::InvalidTopic,
        };
        ApiError::new(code, format!("scope {scope:?}: {error}"))
    })
}
