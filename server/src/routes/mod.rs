//! The routes: one file a resource, merged here.

mod body;
mod cors;
mod events;
mod health;
mod publish;
mod session;
mod tokens;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware;
use tidings_protocol::api::ErrorCode;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use tower_http::trace::TraceLayer;

use crate::assets;
use crate::auth::guards;
use crate::error::ApiError;
use crate::state::AppState;

/// Largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 256 << 10;

/// Longest silence within the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Nothing but this server's own files runs in the page; wasm needs a word of its own.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// Every route of the server.
pub fn router(state: AppState) -> Router {
    let api = Router::new()
        .merge(events::router())
        .merge(publish::router())
        .merge(session::router())
        .merge(tokens::router())
        .route("/api/{*rest}", axum::routing::any(no_such_route));
    let routes = Router::new()
        .merge(api)
        .merge(health::router())
        .merge(assets::router())
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_route);
    // Around the fallbacks too, which answer preflights otherwise; the guard lets the API's pass alone.
    let cors = (!state.origins.is_empty()).then(|| cors::layer(&state.origins));
    let routes = match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    let routes = routes
        .layer(middleware::from_fn_with_state(state.clone(), guards::same_site))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
        .with_state(state);
    let fixed = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    routes
        .layer(CatchPanicLayer::custom(|_| {
            axum::response::IntoResponse::into_response(ApiError::new(
                ErrorCode::Internal,
                "the server failed; its log says why",
            ))
        }))
        .layer(fixed(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(fixed(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(fixed(header::X_FRAME_OPTIONS, "DENY"))
        .layer(fixed(header::REFERRER_POLICY, "no-referrer"))
        .layer(fixed(HeaderName::from_static("cross-origin-opener-policy"), "same-origin"))
        .layer(fixed(HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .layer(fixed(
            HeaderName::from_static("permissions-policy"),
            "camera=(), geolocation=(), microphone=()",
        ))
        .layer(TraceLayer::new_for_http().on_failure(()))
}

async fn no_such_route() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing under this path")
}

async fn wrong_method() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this path does not take this method")
}

#[cfg(test)]
mod tests;
