//! `/api/notifications`: posted by whoever may, read by whom they are for.

mod stream;

use axum::body::Body;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use tidings_protocol::api::{ErrorCode, User, path, query};
use tidings_protocol::notification::{
    DEFAULT_PAGE, Inbox, MAX_PAGE, NewNotification, Notification, ReadAll, Unread,
};

use super::body::{Payload, is_declared_json};
use crate::auth::{Caller, grants};
use crate::error::ApiError;
use crate::notifications::{InboxQuery, Posting};
use crate::state::AppState;

pub(super) use stream::router as stream_router;

/// Largest body: every bound at once, and each character escaped.
const MAX_BODY_BYTES: usize = 64 << 10;

pub(super) fn router() -> Router<AppState> {
    Router::new()
        .route(path::NOTIFICATIONS, get(list).post(create))
        .route(path::READ_ALL, post(read_all))
        .route(path::NOTIFICATION, delete(remove))
        .route(path::READ, post(read))
}

/// Answers that are of one user and one moment.
const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];

async fn create(
    caller: Caller,
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if !grants::may_notify(&caller, &caller.user.id) {
        let message = "this token may not post notifications: it needs the scope `notify`";
        return Err(ApiError::new(ErrorCode::Forbidden, message));
    }
    caller.spend_event()?;
    let new = posted(&headers, body).await?;
    let user = recipient(&state, &caller, &new)?;
    let untitled = caller.grant().map_or(&*state.host_name, |grant| grant.name());
    let (row, posting) = state.notifications.send_notification(&user.id, new, untitled).await?;
    let status = match posting {
        Posting::New => StatusCode::CREATED,
        Posting::Replaced | Posting::Same => StatusCode::OK,
        Posting::Absent => {
            let message =
                "there is no notification of this key to update; post one without `update`";
            return Err(ApiError::new(ErrorCode::NotFound, message));
        }
    };
    Ok((status, NO_STORE, Json(row)).into_response())
}

/// What a body brings: JSON, or text that is the message.
async fn posted(headers: &HeaderMap, body: Body) -> Result<NewNotification, ApiError> {
    // What comes from a file or a mail has its line ends.
    let text = |text: String| {
        let message = Some(text.trim_end().replace("\r\n", "\n"));
        NewNotification { message, ..NewNotification::default() }
    };
    match Payload::read(headers, body, MAX_BODY_BYTES).await? {
        Payload::Text(message) => Ok(text(message)),
        // `curl -d 42` means the text.
        Payload::Json(json) if !json.starts_with(b"{") && !is_declared_json(headers) => {
            Ok(text(String::from_utf8_lossy(&json).into_owned()))
        }
        Payload::Json(json) => object(&json, "the body is no notification"),
    }
}

/// Reads a JSON object; serde would take a list of its values for one, too.
fn object<T: DeserializeOwned>(json: &[u8], otherwise: &str) -> Result<T, ApiError> {
    if !json.starts_with(b"{") {
        return Err(bad(otherwise));
    }
    serde_json::from_slice(json).map_err(|error| bad(format!("{otherwise}: {error}")))
}

/// Whose the notification is to be. Whoever may not know learns nothing of who there is.
fn recipient(state: &AppState, caller: &Caller, new: &NewNotification) -> Result<User, ApiError> {
    let found = match (&new.user_id, &new.user) {
        (Some(id), _) => state.auth.user(id),
        (None, Some(name)) => state.auth.user_named(name),
        (None, None) => return Ok(caller.user.clone()),
    };
    match found {
        Some(user) if grants::may_notify(caller, &user.id) => Ok(user),
        None if grants::may_notify_others(caller) => {
            let message = "there is no such user; `tidings user list` shows who there is";
            Err(ApiError::new(ErrorCode::NoSuchUser, message))
        }
        _ => {
            let message = "a viewer may notify no other user";
            Err(ApiError::new(ErrorCode::Forbidden, message))
        }
    }
}

async fn list(
    Owner(user): Owner,
    State(state): State<AppState>,
    RawQuery(query): RawQuery,
) -> Result<Response, ApiError> {
    let query = asked(query.as_deref().unwrap_or_default())?;
    let page = state.notifications.page(&user.id, &query).await?;
    let last = page.notifications.last().filter(|_| page.has_more);
    let inbox = Inbox {
        next: last.map(|last| last.version.to_string()),
        notifications: page.notifications,
        unread_count: page.unread.unread_count,
        version: page.unread.version,
    };
    Ok((NO_STORE, Json(inbox)).into_response())
}

/// A parameter that is none is refused: who misspells `unread` would get another list without a word.
fn asked(query: &str) -> Result<InboxQuery, ApiError> {
    let mut asked = InboxQuery { limit: DEFAULT_PAGE, ..InboxQuery::default() };
    for (key, value) in form_urlencoded::parse(query.as_bytes()) {
        match (&*key, &*value) {
            (query::UNREAD, "true") => asked.unread = Some(true),
            (query::UNREAD, "false") => asked.unread = Some(false),
            (query::UNREAD, _) => return Err(bad("`unread` is true or false")),
            (query::BEFORE, next) => {
                let before = next.parse().map_err(|_| bad("`before` is the `next` of a page"))?;
                asked.before = Some(before);
            }
            (query::LIMIT, number) => {
                let number = number.parse().ok().filter(|number| (1..=MAX_PAGE).contains(number));
                asked.limit = number.ok_or_else(|| bad(format!("`limit` is 1 to {MAX_PAGE}")))?;
            }
            (key, _) => {
                let message = format!(
                    "there is no parameter {key:?}; there are `unread`, `before` and `limit`"
                );
                return Err(bad(message));
            }
        }
    }
    Ok(asked)
}

async fn read(
    Owner(user): Owner,
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Json<Notification>, ApiError> {
    let row = state.notifications.mark_read(&user.id, &id_of(id)?).await?;
    row.map(Json).ok_or_else(none_such)
}

async fn read_all(
    Owner(user): Owner,
    State(state): State<AppState>,
    body: Bytes,
) -> Result<Json<Unread>, ApiError> {
    let ReadAll { up_to_version } = match body.trim_ascii() {
        [] => ReadAll::default(),
        body => object(body, "send nothing, or {\"upToVersion\":v}")?,
    };
    Ok(Json(state.notifications.mark_all_read(&user.id, up_to_version).await?))
}

async fn remove(
    Owner(user): Owner,
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
) -> Result<StatusCode, ApiError> {
    let was_there = state.notifications.remove(&user.id, &id_of(id)?).await?;
    was_there.then_some(StatusCode::NO_CONTENT).ok_or_else(none_such)
}

/// What is not UTF-8, or has what no database takes in a text, is no id.
fn id_of(id: Result<Path<String>, PathRejection>) -> Result<String, ApiError> {
    let id = id.ok().map(|Path(id)| id).filter(|id| !id.contains(char::is_control));
    id.ok_or_else(none_such)
}

fn none_such() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "you have no notification with this id")
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

/// A caller who may read and mark the own notifications; a route that takes it answers 403 to other callers.
struct Owner(User);

impl axum::extract::FromRequestParts<AppState> for Owner {
    type Rejection = ApiError;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        state: &AppState,
    ) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        may_use_inbox(&caller)?;
        Ok(Self(caller.user))
    }
}

fn may_use_inbox(caller: &Caller) -> Result<(), ApiError> {
    if grants::may_use_inbox(caller) {
        return Ok(());
    }
    let message = "this token may not read notifications: it needs the scope `inbox`";
    Err(ApiError::new(ErrorCode::Forbidden, message))
}
