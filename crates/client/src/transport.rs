//! How eventsource-client reaches the server: reqwest, with every answer checked before it is parsed.

use eventsource_client::Error as SseError;
use futures_util::TryStreamExt;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};
use sync_wrapper::{SyncFuture, SyncStream};
use tidings_feed::Failure;

use crate::lines::{Limits, LineStream, TooLarge};

/// The transport of one attempt.
///
/// Not the one that comes with eventsource-client: that cannot be built where the machine has no CA
/// certificates, not even for plain http, and would be a second HTTP stack beside reqwest.
#[derive(Clone)]
pub(crate) struct Transport {
    pub(crate) http: reqwest::Client,
    pub(crate) limits: Limits,
}

/// Why an answer never reaches the parser.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("status {0}")]
    Status(StatusCode),
    #[error("{0}")]
    NotAStream(String),
    #[error("a line or event is over the limit")]
    TooLarge,
    #[error("{0}")]
    Network(String),
}

impl From<TooLarge> for Refusal {
    fn from(_: TooLarge) -> Self {
        Self::TooLarge
    }
}

impl From<reqwest::Error> for Refusal {
    fn from(error: reqwest::Error) -> Self {
        Self::Network(root_cause(&error))
    }
}

impl HttpTransport for Transport {
    fn request(&self, request: http::Request<Option<bytes::Bytes>>) -> ResponseFuture {
        let Self { http, limits } = self.clone();
        Box::pin(SyncFuture::new(async move {
            open(&http, limits, request).await.map_err(TransportError::new)
        }))
    }
}

async fn open(
    http: &reqwest::Client,
    limits: Limits,
    request: http::Request<Option<bytes::Bytes>>,
) -> Result<http::Response<ByteStream>, Refusal> {
    let (parts, _) = request.into_parts();
    let url = parts.uri.to_string();
    let answer = http.request(parts.method, url).headers(parts.headers).send().await?;
    // A redirect is an answer like any other that is not 200: the token goes nowhere else.
    if answer.status() != StatusCode::OK {
        return Err(Refusal::Status(answer.status()));
    }
    check_content_type(answer.headers())?;

    let mut response = http::Response::new(());
    *response.headers_mut() = answer.headers().clone();
    let body = SyncStream::new(answer.bytes_stream().map_err(Refusal::from));
    let body: ByteStream = Box::pin(LineStream::new(body, limits).map_err(TransportError::new));
    Ok(response.map(|()| body))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let found = headers.get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
    let essence = found.as_deref().and_then(|value| value.split(';').next()).unwrap_or_default();
    if essence.trim().eq_ignore_ascii_case("text/event-stream") {
        return Ok(());
    }
    let found = found.as_deref().unwrap_or("no content type");
    Err(Refusal::NotAStream(format!("{found} instead of text/event-stream")))
}

/// What an error of eventsource-client means to the feed.
pub(crate) fn failure_of(error: &SseError) -> Failure {
    match error {
        SseError::Transport(error) => match error.inner().downcast_ref::<Refusal>() {
            Some(Refusal::Status(code)) => Failure::Status(code.as_u16()),
            Some(Refusal::NotAStream(detail)) => Failure::NotAStream(detail.clone()),
            Some(Refusal::TooLarge) => Failure::TooLarge,
            Some(Refusal::Network(detail)) => Failure::Network(detail.clone()),
            None => Failure::Network(root_cause(error)),
        },
        SseError::Eof | SseError::UnexpectedEof => Failure::Closed,
        other => Failure::Network(other.to_string()),
    }
}

/// The innermost cause: the outer ones only say that a request failed.
pub(crate) fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
