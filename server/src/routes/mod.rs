//! The routes: one file a resource, merged here.

mod alerts;
mod body;
mod channel;
mod cors;
mod deadline;
mod edge;
mod events;
mod health;
mod history;
mod jobs;
mod notifications;
mod packed;
mod process;
mod processes;
mod publish;
mod session;
mod tokens;
mod users;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use tidings_protocol::api::ErrorCode;
use tower::ServiceBuilder;
use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::assets;
use crate::error::ApiError;
use crate::state::AppState;
use edge::Edge;

/// Largest body of a request, in bytes.
const MAX_BODY_BYTES: usize = 256 << 10;

/// Largest body of a request to sign in, in bytes: anybody may send one, and a hundred at once on a connection of
/// HTTP/2. The longest name and password fit, with every character escaped.
const MAX_SIGN_IN_BYTES: usize = 8 << 10;

/// Longest silence within the body of a request.
const BODY_TIMEOUT: Duration = Duration::from_secs(15);

/// Every route of the server, with what stands before them.
pub type Routes = Edge<Router>;

/// The routes on `state`.
pub fn routes(state: AppState) -> Routes {
    // Streams take no body: they need not pay for what bounds one.
    let with_bodies = Router::new()
        .merge(alerts::router())
        .merge(jobs::router())
        .merge(notifications::router())
        .merge(process::router())
        .merge(publish::router())
        .merge(session::router().layer(DefaultBodyLimit::max(MAX_SIGN_IN_BYTES)))
        .merge(tokens::router())
        .merge(users::router())
        .layer(
            ServiceBuilder::new()
                .layer(axum::middleware::map_request(deadline::bound))
                .layer(RequestBodyTimeoutLayer::new(BODY_TIMEOUT))
                .layer(DefaultBodyLimit::max(MAX_BODY_BYTES)),
        );
    let routes = Router::new()
        .merge(events::router())
        .merge(channel::router())
        .merge(notifications::stream_router())
        .merge(history::router())
        .merge(processes::router())
        .merge(with_bodies)
        .route("/api/{*rest}", axum::routing::any(no_such_route))
        .merge(health::router())
        .merge(assets::router())
        .method_not_allowed_fallback(wrong_method)
        .fallback(no_such_route);
    // Around the fallbacks too, which answer preflights otherwise.
    let cors = (!state.origins.is_empty()).then(|| cors::OfApi::new(&state.origins));
    let routes = match cors {
        Some(cors) => routes.layer(cors),
        None => routes,
    };
    Edge::new(routes.with_state(state.clone()), state)
}

async fn no_such_route() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "there is nothing under this path")
}

async fn wrong_method() -> ApiError {
    ApiError::new(ErrorCode::MethodNotAllowed, "this path does not take this method")
}

#[cfg(test)]
pub(crate) mod tests;
