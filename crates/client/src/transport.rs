//! How eventsource-client reaches a server: every answer is checked before it is parsed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use eventsource_client::Error as SseError;
use futures_util::TryStreamExt;
use http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use launchdarkly_sdk_transport::{ByteStream, HttpTransport, ResponseFuture, TransportError};
use sync_wrapper::{SyncFuture, SyncStream};
use tidings_feed::Failure;
use tidings_protocol::event::EventId;
use url::Url;

use crate::lines::{Limits, LineStream, TooLarge};
use crate::redirect::{Forbidden, Hop, MAX_REDIRECTS, hop};
use crate::trust::{Distrust, Untrusted};

/// Sends requests by reqwest, and changes nothing.
///
/// Not the transport that comes with eventsource-client: that cannot be built where the machine has no CA
/// certificates, not even for plain http, and would be a second HTTP stack beside reqwest.
#[derive(Clone)]
pub(crate) struct Reqwest(pub(crate) reqwest::Client);

impl HttpTransport for Reqwest {
    fn request(&self, request: Request<Option<Bytes>>) -> ResponseFuture {
        let Self(http) = self.clone();
        Box::pin(SyncFuture::new(async move {
            let (parts, body) = request.into_parts();
            let url = parts.uri.to_string();
            let mut request = http.request(parts.method, url).headers(parts.headers);
            if let Some(body) = body {
                request = request.body(body);
            }
            let answer = request.send().await.map_err(TransportError::new)?;
            let mut response = Response::new(());
            *response.status_mut() = answer.status();
            *response.headers_mut() = answer.headers().clone();
            let body = SyncStream::new(answer.bytes_stream().map_err(TransportError::new));
            Ok(response.map(|()| Box::pin(body) as ByteStream))
        }))
    }
}

/// Any transport, hidden behind a function.
type Exchange = dyn Fn(Request<Option<Bytes>>) -> ResponseFuture + Send + Sync;

/// A transport whose answers are event streams that the parser reads rightly, or errors: it follows
/// redirects, checks status and content type, and passes the body through [`LineStream`].
#[derive(Clone)]
pub(crate) struct Checked {
    exchange: Arc<Exchange>,
    limits: Limits,
}

impl std::fmt::Debug for Checked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Checked").field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// Why an answer never reaches the parser.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("status {status}")]
    Status { status: StatusCode, retry_after: Option<Duration> },
    #[error("{0}")]
    NotAStream(String),
    #[error("a line or event is over the limit")]
    TooLarge { id: Option<EventId> },
    #[error(transparent)]
    Redirect(#[from] Forbidden),
    #[error("it redirects to {0}, where the token is not sent; use that address instead")]
    Elsewhere(Url),
    #[error(transparent)]
    Untrusted(Box<Untrusted>),
    #[error("{0}")]
    Network(String),
}

impl From<TooLarge> for Refusal {
    fn from(TooLarge { id }: TooLarge) -> Self {
        Self::TooLarge { id }
    }
}

impl From<TransportError> for Refusal {
    fn from(error: TransportError) -> Self {
        match Untrusted::among(error.inner()) {
            Some(untrusted) => Self::Untrusted(Box::new(untrusted.clone())),
            None => Self::Network(root_cause(&error)),
        }
    }
}

impl HttpTransport for Checked {
    fn request(&self, request: Request<Option<Bytes>>) -> ResponseFuture {
        let checked = self.clone();
        Box::pin(SyncFuture::new(async move {
            checked.open(request).await.map_err(TransportError::new)
        }))
    }
}

impl Checked {
    pub(crate) fn new(transport: impl HttpTransport, limits: Limits) -> Self {
        Self { exchange: Arc::new(move |request| transport.request(request)), limits }
    }

    async fn open(&self, request: Request<Option<Bytes>>) -> Result<Response<ByteStream>, Refusal> {
        readable(self.follow(request).await?, self.limits)
    }

    /// One exchange; nobody has looked at its answer.
    pub(crate) async fn exchange(
        &self,
        request: Request<Option<Bytes>>,
    ) -> Result<Response<ByteStream>, TransportError> {
        (self.exchange)(request).await
    }

    /// The first answer that is no redirect, if its status is 200.
    async fn follow(
        &self,
        request: Request<Option<Bytes>>,
    ) -> Result<Response<ByteStream>, Refusal> {
        let (mut parts, body) = request.into_parts();
        let no_url = |error: url::ParseError| Refusal::Network(error.to_string());
        let mut at = Url::parse(&parts.uri.to_string()).map_err(no_url)?;
        let mut hops = 0;
        let mut left_token_behind = false;
        loop {
            let request = Request::from_parts(parts.clone(), body.clone());
            let answer = (self.exchange)(request).await?;
            let status = answer.status();
            if status == StatusCode::OK {
                return Ok(answer);
            }
            // What is asked for by another method is asked for once.
            let next = hop(&at, status, answer.headers()).filter(|_| parts.method == Method::GET);
            let (Some(next), true) = (next, hops < MAX_REDIRECTS) else {
                if left_token_behind && matches!(status.as_u16(), 401 | 403) {
                    return Err(Refusal::Elsewhere(at));
                }
                let retry_after = retry_after(answer.headers());
                return Err(Refusal::Status { status, retry_after });
            };
            let Hop { to, is_trusted } = next?;
            if !is_trusted {
                left_token_behind |= parts.headers.remove(AUTHORIZATION).is_some();
            }
            parts.uri = to.as_str().parse().map_err(|_| Forbidden::Nowhere)?;
            at = to;
            hops += 1;
        }
    }
}

/// An answer whose body is an event stream that the parser reads rightly.
fn readable(answer: Response<ByteStream>, limits: Limits) -> Result<Response<ByteStream>, Refusal> {
    check_content_type(answer.headers())?;
    check_encoding(answer.headers())?;
    Ok(answer.map(|body| {
        let body = LineStream::new(body.map_err(Refusal::from), limits);
        Box::pin(body.map_err(TransportError::new)) as ByteStream
    }))
}

/// An answer that is there already: whoever asks first gets it.
#[derive(Clone)]
pub(crate) struct Answered(Arc<Mutex<Option<Response<ByteStream>>>>);

impl Answered {
    pub(crate) fn new(answer: Response<ByteStream>, limits: Limits) -> Result<Self, Refusal> {
        Ok(Self(Arc::new(Mutex::new(Some(readable(answer, limits)?)))))
    }
}

impl HttpTransport for Answered {
    fn request(&self, _: Request<Option<Bytes>>) -> ResponseFuture {
        let answer = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let gone = || TransportError::new(Refusal::Network("the answer was read".to_owned()));
        Box::pin(std::future::ready(answer.ok_or_else(gone)))
    }
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

/// This client asks for none: a proxy that compresses a stream all the same also holds it back.
fn check_encoding(headers: &HeaderMap) -> Result<(), Refusal> {
    for value in headers.get_all(CONTENT_ENCODING) {
        let found = String::from_utf8_lossy(value.as_bytes());
        if !found.trim().eq_ignore_ascii_case("identity") {
            return Err(Refusal::NotAStream(format!("a stream encoded as {found}")));
        }
    }
    Ok(())
}

/// What a refusal says in `Retry-After`. Of its two forms the seconds, the one that servers of this protocol send;
/// by a date one would have to trust two clocks.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    seconds.parse().ok().map(Duration::from_secs)
}

/// What an error of eventsource-client means.
pub(crate) fn refusal_of(error: &SseError) -> Option<&Refusal> {
    let SseError::Transport(error) = error else { return None };
    error.inner().downcast_ref()
}

/// What an error of eventsource-client means to the feed.
pub(crate) fn failure_of(error: &SseError) -> Failure {
    match refusal_of(error) {
        Some(Refusal::Status { status, .. }) => return Failure::Status(status.as_u16()),
        Some(Refusal::NotAStream(detail)) => return Failure::NotAStream(detail.clone()),
        Some(Refusal::Untrusted(untrusted)) => {
            let key = matches!(untrusted.reason, Distrust::Unknown(_))
                .then(|| untrusted.fingerprint.to_string());
            return Failure::Untrusted { detail: untrusted.to_string(), key };
        }
        Some(Refusal::TooLarge { .. }) => return Failure::TooLarge,
        Some(other) => return Failure::Network(other.to_string()),
        None => {}
    }
    match error {
        SseError::Eof | SseError::UnexpectedEof => Failure::Closed,
        SseError::Transport(error) => Failure::Network(root_cause(error)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_of_whole_seconds_and_of_nothing_else() {
        let read = |value: &'static str| {
            let value = http::HeaderValue::from_static(value);
            retry_after(&HeaderMap::from_iter([(RETRY_AFTER, value)]))
        };
        for value in ["7", " 7", "7 "] {
            assert_eq!(read(value), Some(Duration::from_secs(7)), "{value:?}");
        }
        for value in ["", "-1", "1.5", "soon", "Wed, 21 Oct 2026 07:28:00 GMT"] {
            assert_eq!(read(value), None, "{value:?}");
        }
        assert_eq!(retry_after(&HeaderMap::new()), None);
    }
}
