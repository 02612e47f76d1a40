//! `POST /api/publish/{topic…}`: events from outside.

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::HeaderMap;
use axum::routing::post;
use axum::{Json, Router};
use percent_encoding::percent_decode_str;
use tidings_protocol::api::{ErrorCode, Published, path, query};
use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;

use super::body::Payload;
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(path::PUBLISH, post(no_topic))
        .route(&format!("{}/", path::PUBLISH), post(no_topic))
        .route(path::PUBLISH_TOPIC, post(publish))
}

async fn publish(
    caller: Caller,
    State(state): State<AppState>,
    topic: Result<Path<String>, PathRejection>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Published>, ApiError> {
    let Path(topic) = topic.map_err(|_| {
        ApiError::new(ErrorCode::InvalidTopic, "the topic in the path is not UTF-8")
    })?;
    let topic: Topic = topic.parse().map_err(|error| {
        ApiError::new(ErrorCode::InvalidTopic, format!("topic {topic:?}: {error}"))
    })?;
    if !grants::may_publish(&caller, &topic) {
        let message = format!("you may not publish to the topic {topic}");
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    let kind = event_type(query.as_deref().unwrap_or_default())?;
    caller.spend_event()?;
    let payload = Payload::read(&headers, body, state.body_bytes).await?;
    let data = payload.into_json(state.body_bytes)?;
    let id = state.hub.publish(&topic, kind, data).await?;
    Ok(Json(Published { id }))
}

async fn no_topic(_: Caller) -> ApiError {
    let message = format!("name the topic in the path, as in {}/app/builds", path::PUBLISH);
    ApiError::new(ErrorCode::InvalidTopic, message)
}

/// The one parameter there is. Others are refused rather than passed over: a misspelt `type` would
/// publish an event that nobody who waits for it sees.
fn event_type(query: &str) -> Result<EventType, ApiError> {
    let bad = |message| ApiError::new(ErrorCode::BadRequest, message);
    let mut kind = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        let key = decode(key).unwrap_or_default();
        if key != query::TYPE {
            return Err(bad(format!("there is no parameter {key:?}; the only one is `type`")));
        }
        let invalid =
            |message: String| ApiError::new(ErrorCode::InvalidType, format!("type: {message}"));
        let value = decode(value).ok_or_else(|| invalid("it is not UTF-8".to_owned()))?;
        let value = value.parse().map_err(|error| invalid(format!("{error}")))?;
        if kind.replace(value).is_some() {
            return Err(bad("an event has one `type`".to_owned()));
        }
    }
    Ok(kind.unwrap_or_default())
}

/// Decodes a part of a query; null where it is not UTF-8, which must not become something else in silence.
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Into::into)
}
