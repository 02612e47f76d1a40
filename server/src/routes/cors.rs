//! Pages of allowed origins: what their browsers are told.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::origins::AllowedOrigins;

/// How long a browser may go by the answer to a preflight.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Answers preflights and marks answers as readable, without credentials: a cookie never counts here.
pub(super) fn layer(origins: &AllowedOrigins) -> CorsLayer {
    let origins = origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok());
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins))
        .allow_methods([Method::GET, Method::POST, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("last-event-id"),
            header::CACHE_CONTROL,
        ])
        .expose_headers([header::RETRY_AFTER])
        .max_age(MAX_AGE)
        .vary([header::ORIGIN])
}
