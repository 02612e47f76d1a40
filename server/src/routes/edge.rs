//! What every request passes on its way in and out: the guard, the headers of every answer, and an answer for
//! who asked for what failed.
//!
//! Plain functions around the router: middlewares within it are each boxed and cloned for each request, which costs a
//! connection more than its request does.

use std::any::Any;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::panic::AssertUnwindSafe;
use std::sync::LazyLock;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use futures_util::future::{CatchUnwind, Either, Map};
use tidings_protocol::api::ErrorCode;
use tower::Service;

use crate::auth::guards;
use crate::error::ApiError;
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

/// What stands around a service.
#[derive(Clone, Debug)]
pub struct Edge<S> {
    inner: S,
    state: AppState,
}

type Answer = Result<Response, Infallible>;

/// What came of a request, which may be a panic.
type Caught<R> = Result<Result<R, Infallible>, Box<dyn Any + Send>>;

impl<S> Edge<S> {
    pub(super) fn new(inner: S, state: AppState) -> Self {
        Self { inner, state }
    }
}

impl<S> Service<Request> for Edge<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<
        Ready<Answer>,
        Map<CatchUnwind<AssertUnwindSafe<S::Future>>, fn(Caught<S::Response>) -> Answer>,
    >;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        tracing::debug!(method = %request.method(), path = request.uri().path(), "a request");
        match guards::same_site(&self.state, &mut request) {
            Ok(()) => {
                let answer = AssertUnwindSafe(self.inner.call(request)).catch_unwind();
                Either::Right(answer.map(answer_of))
            }
            Err(error) => Either::Left(ready(Ok(finish(error)))),
        }
    }
}

fn answer_of<R: IntoResponse>(caught: Caught<R>) -> Answer {
    Ok(match caught {
        Ok(Ok(response)) => finish(response),
        // What it was is in the log already, by the hook for panics.
        Err(_) => finish(ApiError::new(ErrorCode::Internal, "the server failed; its log says why")),
    })
}

fn finish(answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    let headers = response.headers_mut();
    headers.reserve(HEADERS.len());
    for (name, value) in &*HEADERS {
        if !headers.contains_key(name) {
            headers.insert(name, value.clone());
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use axum::http::StatusCode;
    use tower::{ServiceExt, service_fn};

    use super::*;
    use crate::routes::tests::App;

    #[tokio::test]
    async fn who_asked_for_what_failed_is_answered() {
        let failing =
            service_fn(async |_: Request| -> Result<Response, Infallible> { panic!("planted") });
        let edge = Edge::new(failing, App::new().await.state);
        let request = Request::get("/").header("host", "localhost").body("".into()).unwrap();
        let answer = edge.oneshot(request).await.unwrap();
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(answer.headers().contains_key("content-security-policy"));
    }
}
