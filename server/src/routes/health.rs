//! `GET /healthz`: whether the process lives.

use axum::Router;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
use tidings_protocol::api::path;

use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::HEALTH, get(health))
}

async fn health() -> impl IntoResponse {
    ([(header::CACHE_CONTROL, "no-store")], "ok\n")
}
