//! `/api/session`: who is signed in, signing in, signing out.

use std::sync::Once;

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use tidings_protocol::api::{ErrorCode, Session, SignIn, User, path};

use crate::auth::attempts::Source;
use crate::auth::guards::session_cookie;
use crate::auth::session::LIFETIME;
use crate::auth::{Caller, Digested};
use crate::client_addr::{ClientAddr, IsSecure, IsUnnamedProxy};
use crate::error::ApiError;
use crate::state::AppState;

pub(super) fn router() -> Router<AppState> {
    Router::new().route(path::SESSION, get(show).post(begin).delete(end))
}

async fn show(caller: Caller) -> Response {
    answer(caller.user)
}

async fn begin(
    State(state): State<AppState>,
    ClientAddr(address): ClientAddr,
    IsUnnamedProxy(is_proxy): IsUnnamedProxy,
    is_secure: IsSecure,
    headers: HeaderMap,
    body: Result<Json<SignIn>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(sign_in) = body?;
    // Whoever signs in anew leaves no session behind that nobody holds.
    let old = session_cookie(&headers, &state.cookie);
    let (user, session) = match &sign_in {
        SignIn::Code { code } => {
            if !state.auth.codes.spend(Digested::of(code)) {
                let message = "the link is used or older than five minutes; restart the server for a new \
                               one, or sign in otherwise";
                return Err(ApiError::new(ErrorCode::InvalidCode, message));
            }
            state.auth.sign_owner_in(old).await?
        }
        SignIn::Token { token } => {
            let caller = state.auth.caller_of_token(token).await?;
            if caller.ok_or_else(ApiError::unauthorized)?.grant().is_some() {
                // A session acts without scopes.
                let message =
                    "a token of limited scope signs no browser in; use the owner's, or a password";
                return Err(ApiError::new(ErrorCode::Forbidden, message));
            }
            state.auth.sign_owner_in(old).await?
        }
        SignIn::Password { username, password } => {
            if is_proxy {
                static WARNED: Once = Once::new();
                WARNED.call_once(|| {
                    tracing::warn!(
                        "sign-ins come by a proxy on this machine; name it with --behind-proxy {address}, or attempts are not counted by address"
                    );
                });
            }
            let from = Source { address, is_proxy };
            state.auth.sign_in(from, username, password, old).await?
        }
    };
    let mut response = answer(user);
    set_cookie(&mut response, &state, is_secure, session.expose(), LIFETIME.as_secs());
    Ok(response)
}

/// Signs the browser out, and ends its streams; without a session there is nothing to do, and that is no error.
async fn end(
    State(state): State<AppState>,
    is_secure: IsSecure,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if let Some(session) = session_cookie(&headers, &state.cookie) {
        state.auth.directory.end_session(session).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    set_cookie(&mut response, &state, is_secure, "", 0);
    Ok(response)
}

fn answer(user: User) -> Response {
    let server_version = env!("CARGO_PKG_VERSION").to_owned();
    ([(header::CACHE_CONTROL, "no-store")], Json(Session { user, server_version })).into_response()
}

fn set_cookie(
    response: &mut Response,
    state: &AppState,
    IsSecure(is_secure): IsSecure,
    value: &str,
    max_age: u64,
) {
    let name = &state.cookie;
    let secure = if is_secure { "; Secure" } else { "" };
    let cookie =
        format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/; Max-Age={max_age}{secure}");
    // Name and value are of our own making: letters, digits and hyphens.
    if let Ok(cookie) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
}
