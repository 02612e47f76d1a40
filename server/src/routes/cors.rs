//! Pages of allowed origins: what their browsers are told.

use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::response::Response;
use futures_util::future::Either;
use tower::{Layer, Service};
use tower_http::cors::{AllowOrigin, Cors, CorsLayer};

use crate::origins::AllowedOrigins;

/// How long a browser may go by the answer to a preflight.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// Puts [`layer`] around the API alone, and leaves it what `OPTIONS` else asks for.
#[derive(Clone, Debug)]
pub(super) struct OfApi(CorsLayer);

impl OfApi {
    pub(super) fn new(origins: &AllowedOrigins) -> Self {
        Self(layer(origins))
    }
}

impl<S: Clone> Layer<S> for OfApi {
    type Service = WithCors<S>;

    fn layer(&self, inner: S) -> WithCors<S> {
        WithCors { cors: self.0.layer(inner.clone()), plain: inner }
    }
}

/// A service with CORS and without.
#[derive(Clone, Debug)]
pub(super) struct WithCors<S> {
    cors: Cors<S>,
    plain: S,
}

impl<S> Service<Request> for WithCors<S>
where
    S: Service<Request, Response = Response>,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Either<<Cors<S> as Service<Request>>::Future, S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        // Both are the same service.
        self.plain.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let is_preflight = request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
        let is_asked = is_preflight || request.method() != Method::OPTIONS;
        if is_asked && request.uri().path().starts_with("/api/") {
            Either::Left(self.cors.call(request))
        } else {
            Either::Right(self.plain.call(request))
        }
    }
}

/// Answers preflights and marks answers as readable, without credentials: a cookie never counts here.
fn layer(origins: &AllowedOrigins) -> CorsLayer {
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
