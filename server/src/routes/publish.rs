//! `POST /api/publish/{topic…}`: events from outside.

use axum::extract::{Path, Query, State};
use axum::routing::post;
use axum::{Json, Router};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_protocol::api::{ErrorCode, Published, path};
use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;

use crate::auth::grants;
use crate::auth::guards::SignedIn;
use crate::error::ApiError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(&format!("{}/{{*topic}}", path::PUBLISH), post(publish))
}

#[derive(Debug, Deserialize)]
struct Parameters {
    r#type: Option<String>,
}

async fn publish(
    SignedIn(user): SignedIn,
    State(state): State<AppState>,
    Path(topic): Path<String>,
    Query(parameters): Query<Parameters>,
    body: Bytes,
) -> Result<Json<Published>, ApiError> {
    let topic: Topic = topic.parse().map_err(|error| {
        ApiError::new(ErrorCode::InvalidTopic, format!("topic {topic:?}: {error}"))
    })?;
    if !grants::may_publish(&user, &topic) {
        let message = format!("you may not publish to the topic {topic}");
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    let kind: EventType = match parameters.r#type {
        None => EventType::update(),
        Some(kind) => kind.parse().map_err(|error| {
            ApiError::new(ErrorCode::InvalidType, format!("type {kind:?}: {error}"))
        })?,
    };
    if serde_json::from_slice::<&RawValue>(&body).is_err() {
        return Err(ApiError::new(ErrorCode::BadRequest, "the body is not JSON"));
    }
    let id = state.hub.publish(&topic, kind, body).await?;
    Ok(Json(Published { id }))
}
