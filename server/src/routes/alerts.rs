//! `/api/alerts`: read by everybody who may read machines, which is everybody, and changed by admins, who alone see whom it is for.

use axum::extract::rejection::{JsonRejection, PathRejection};
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tidings_protocol::alert::{Alert, AlertChange, AlertRule};
use tidings_protocol::api::path;

use crate::alerts::AlertError;
use crate::auth::Caller;
use crate::auth::guards::Admin;
use crate::error::ApiError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(path::ALERTS, get(list).post(create))
        .route(path::ALERT, get(show).patch(change).delete(remove))
}

/// Answers that are of one moment.
const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

type Id = Result<Path<String>, PathRejection>;

async fn list(caller: Caller, State(state): State<AppState>) -> Response {
    let alerts = state.alerts.list().into_iter();
    let alerts: Vec<_> = alerts.map(|alert| shown(alert, &caller)).collect();
    (NO_STORE, Json(alerts)).into_response()
}

async fn show(caller: Caller, State(state): State<AppState>, id: Id) -> Result<Response, ApiError> {
    let alert = state.alerts.find(&known(id)?)?;
    Ok((NO_STORE, Json(shown(alert, &caller))).into_response())
}

/// The alert as the caller may see it: who there is, admins know.
fn shown(mut alert: Alert, caller: &Caller) -> Alert {
    if !caller.is_admin() {
        alert.rule.users = None;
    }
    alert
}

async fn create(
    Admin(caller): Admin,
    State(state): State<AppState>,
    body: Result<Json<AlertRule>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(rule) = body?;
    let alert = state.alerts.create(rule).await?;
    tracing::info!(
        id = alert.id,
        name = alert.rule.name,
        by = caller.user.name,
        "an alert was made"
    );
    Ok((StatusCode::CREATED, NO_STORE, Json(alert)).into_response())
}

async fn change(
    Admin(caller): Admin,
    State(state): State<AppState>,
    id: Id,
    body: Result<Json<AlertChange>, JsonRejection>,
) -> Result<Response, ApiError> {
    let id = known(id)?;
    let Json(change) = body?;
    let alert: Alert = state.alerts.change(&id, change).await?;
    tracing::info!(id, name = alert.rule.name, by = caller.user.name, "an alert was changed");
    Ok((NO_STORE, Json(alert)).into_response())
}

async fn remove(
    Admin(caller): Admin,
    State(state): State<AppState>,
    id: Id,
) -> Result<StatusCode, ApiError> {
    let id = known(id)?;
    state.alerts.remove(&id).await?;
    tracing::info!(id, by = caller.user.name, "an alert was removed");
    Ok(StatusCode::NO_CONTENT)
}

/// What is not UTF-8 is no id.
fn known(id: Id) -> Result<String, ApiError> {
    id.map(|Path(id)| id).map_err(|_| AlertError::NoSuch.into())
}
