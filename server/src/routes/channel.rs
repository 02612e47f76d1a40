//! `GET /api/events/{userId}`: one user's channel.

use axum::Router;
use axum::extract::{Path, State};
use axum::routing::get;
use tidings_protocol::api::{ErrorCode, path};
use tidings_protocol::topic::{PERSONAL, Selector};

use super::events::{StreamRequest, open};
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::sse::EventStream;
use crate::sse::frame::Form;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::CHANNEL, get(stream))
}

async fn stream(
    caller: Caller,
    State(state): State<AppState>,
    Path(user): Path<String>,
    request: StreamRequest,
) -> Result<Box<EventStream>, ApiError> {
    let own = PERSONAL.iter().filter_map(|kind| format!("{kind}/{user}").parse().ok());
    let granted: Vec<Selector> = own.filter(|topic| grants::may_read(&caller, topic)).collect();
    if caller.user.id != user || granted.is_empty() {
        let message = "you may not read this user's channel";
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    open(&caller, &state, granted, request.start(), Form::Bare)
}
