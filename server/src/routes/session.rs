//! `/api/session`: who is signed in, signing in, signing out.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tidings_protocol::api::{ErrorCode, Session, SignIn, User, path};

use crate::auth::guards::{SignedIn, session_cookie};
use crate::auth::sessions::LIFETIME;
use crate::error::ApiError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::SESSION, get(show).post(begin).delete(end))
}

async fn show(SignedIn(user): SignedIn) -> Response {
    answer(user)
}

async fn begin(
    State(state): State<AppState>,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(sign_in) = body?;
    let user = match &sign_in {
        SignIn::Code { code } => state.auth.user_of_code(code).cloned().ok_or_else(|| {
            let message = "the link is used or older than five minutes; restart the server for a new \
                           one, or sign in with a token";
            ApiError::new(ErrorCode::InvalidCode, message)
        })?,
        SignIn::Token { token } => {
            state.auth.user_of_token(token).cloned().ok_or_else(ApiError::unauthorized)?
        }
    };
    let session = state.auth.sessions.begin().map_err(|error| ApiError::internal(&error))?;
    let mut response = answer(user);
    set_cookie(&mut response, &state.cookie, session.expose(), LIFETIME.as_secs());
    Ok(response)
}

/// Signs the browser out; without a session there is nothing to do, and that is no error.
async fn end(State(state): State<AppState>, headers: HeaderMap) -> Result<Response, ApiError> {
    if let Some(session) = session_cookie(&headers, &state.cookie) {
        state.auth.sessions.end(session).map_err(|error| ApiError::internal(&error))?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &state.cookie, "", 0);
    Ok(response)
}

fn answer(user: User) -> Response {
    let server_version = env!("CARGO_PKG_VERSION").to_owned();
    ([(header::CACHE_CONTROL, "no-store")], Json(Session { user, server_version })).into_response()
}

fn set_cookie(response: &mut Response, name: &str, value: &str, max_age: u64) {
    let cookie = format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age}");
    // Name and value are of our own making: letters, digits and hyphens.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
