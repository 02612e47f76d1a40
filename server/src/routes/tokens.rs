//! `/api/tokens`: tokens of limited scope, by admins.

use std::time::Duration;

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get};
use axum::{Json, Router};
use tidings_protocol::api::token::{MAX_NAME_BYTES, MAX_SCOPES};
use tidings_protocol::api::{CreatedToken, ErrorCode, NewToken, TokenInfo, path};
use tidings_protocol::scope::{InvalidScope, Scope};

use crate::auth::guards::Admin;
use crate::error::ApiError;
use crate::state::AppState;

/// Longest life of a token that has an end, in seconds: ten years.
const MAX_EXPIRY: u64 = 10 * 365 * 24 * 60 * 60;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(path::TOKENS, get(list).post(create))
        .route(&format!("{}/{{id}}", path::TOKENS), delete(revoke))
}

async fn list(_: Admin, State(state): State<AppState>) -> Result<Json<Vec<TokenInfo>>, ApiError> {
    Ok(Json(state.auth.tokens.list()?))
}

async fn create(
    Admin(caller): Admin,
    State(state): State<AppState>,
    body: Result<Json<NewToken>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(new) = body?;
    let (scopes, expires_in) = check(&new)?;
    let tokens = &state.auth.tokens;
    let (info, secret) = tokens.create(&caller.user, new.name, &scopes, expires_in).await?;
    tracing::info!(id = info.id, name = info.name, "a token was made");
    let created = CreatedToken { info, token: secret.expose().to_owned() };
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    Ok((StatusCode::CREATED, no_store, Json(created)).into_response())
}

async fn revoke(
    _: Admin,
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let none = || ApiError::new(ErrorCode::NotFound, "there is no token with this id");
    // What is not UTF-8 is no id.
    let Path(id) = id.map_err(|_| none())?;
    if !state.auth.tokens.revoke(&id).await? {
        return Err(none());
    }
    tracing::info!(id, "a token was revoked");
    Ok(StatusCode::NO_CONTENT)
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
