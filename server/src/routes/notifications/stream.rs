//! `GET /api/notifications/stream`: the caller's own notifications, as they come and are read elsewhere.

use axum::Router;
use axum::extract::State;
use axum::routing::get;
use tidings_protocol::api::{ErrorCode, path};
use tidings_protocol::notification::{INITIAL, topic};
use tidings_protocol::topic::Selector;

use super::may_use_inbox;
use crate::auth::Caller;
use crate::error::ApiError;
use crate::routes::events::{StreamRequest, connected};
use crate::sse::EventStream;
use crate::sse::frame::Form;
use crate::state::AppState;

pub(in crate::routes) fn router() -> Router<AppState> {
    Router::new().route(path::NOTIFICATION_STREAM, get(stream))
}

async fn stream(
    caller: Caller,
    State(state): State<AppState>,
    request: StreamRequest,
) -> Result<Box<EventStream>, ApiError> {
    may_use_inbox(&caller)?;
    let topic = topic(&caller.user.id).ok_or_else(|| {
        ApiError::new(ErrorCode::Forbidden, "you have an id that no topic can be named after")
    })?;
    let slot = caller.take_stream(&state.streams)?;
    // No role loses the own inbox, and no topic is asked for: it goes with the token, the session or the user.
    let ended = caller.ended(&[]);
    let selectors = vec![Selector::Exact(topic.clone())];
    let connected = connected(&state, &selectors);
    // Before anything is counted: what comes after that is in the stream.
    let subscription = state.hub.subscribe_in(state.lane(), selectors, request.start);
    let unread = state.notifications.unread(&caller.user.id).await?;
    let form = match request.form {
        Form::Unnamed => Form::Unnamed,
        Form::Named | Form::Bare => Form::Bare,
    };
    let stream = EventStream::new(&connected, subscription, form, state.pace, slot);
    Ok(stream.saying(INITIAL, &topic, &unread).until(ended))
}
