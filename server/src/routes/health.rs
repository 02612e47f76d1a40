//! `GET /healthz`: whether the process lives. `GET /readyz`: whether it takes and delivers events.

use std::time::Duration;

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use axum::{Json, Router};
use tidings_protocol::api::{ErrorCode, Ready, path};

use crate::error::ApiError;
use crate::state::AppState;

/// Longest the database may take to answer.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);

/// What is said of a database that fails or takes longer.
const SILENT: &str = "the server's database does not answer";

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::HEALTH, get(health)).route(path::READY, get(ready))
}

async fn health() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}

async fn ready(State(state): State<AppState>) -> Result<impl IntoResponse, ApiError> {
    if state.draining.is_cancelled() {
        let message = "the server is shutting down";
        return Err(ApiError::new(ErrorCode::ShuttingDown, message));
    }
    let kept = tokio::time::timeout(STORE_TIMEOUT, keeps(&state)).await;
    kept.unwrap_or(Err(SILENT)).map_err(|why| ApiError::new(ErrorCode::Unavailable, why))?;
    Ok(([(header::CACHE_CONTROL, "no-store")], Json(Ready { ready: true })))
}

/// Whether what is published is kept, or why it is not.
async fn keeps(state: &AppState) -> Result<(), &'static str> {
    if let Some(store) = &state.store {
        store.check().await.map_err(|_| SILENT)?;
    }
    state.hub.check().await.map_err(|_| "the server cannot keep events for now; its log says why")
}
