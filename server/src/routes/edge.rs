//! What every request passes on its way in and out: the guard, and the headers of every answer.
//!
//! One layer of plain functions: several middlewares, each boxed by the router, cost a connection more than its
//! request does.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::LazyLock;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::{Either, Map};
use tower::{Layer, Service};

use crate::auth::guards;
use crate::state::AppState;

/// Nothing but this server's own files runs in the page; wasm needs a word of its own.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
     img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// Headers of every answer that does not have its own.
static HEADERS: LazyLock<HeaderMap> = LazyLock::new(|| {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), geolocation=(), microphone=()"),
    ];
    fixed.into_iter().map(|(name, value)| (name, HeaderValue::from_static(value))).collect()
});

/// The layer.
#[derive(Clone, Debug)]
pub(super) struct EdgeLayer(pub(super) AppState);

/// What it puts around a service.
#[derive(Clone, Debug)]
pub(super) struct Edge<S> {
    inner: S,
    state: AppState,
}

impl<S> Layer<S> for EdgeLayer {
    type Service = Edge<S>;

    fn layer(&self, inner: S) -> Edge<S> {
        Edge { inner, state: self.0.clone() }
    }
}

type Answer = Result<Response, Infallible>;

impl<S> Service<Request> for Edge<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future =
        Either<Ready<Answer>, Map<S::Future, fn(Result<S::Response, Infallible>) -> Answer>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        tracing::debug!(method = %request.method(), path = request.uri().path(), "a request");
        match guards::same_site(&self.state, &mut request) {
            Ok(()) => Either::Right(self.inner.call(request).map(finish)),
            Err(error) => Either::Left(ready(finish(Ok(error)))),
        }
    }
}

fn finish<R: IntoResponse>(answer: Result<R, Infallible>) -> Answer {
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    for (name, value) in &*HEADERS {
        if !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
    Ok(response)
}
