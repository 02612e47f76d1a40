//! One attempt at a connection, and what is heard on it.

use std::time::Duration;

use eventsource_client::{
    BoxStream, Client as _, ClientBuilder, Error as SseError, ReconnectOptions, SSE,
};
use futures_util::StreamExt;
use launchdarkly_sdk_transport::HttpTransport;
use tidings_feed::Failure;
use tidings_protocol::event::EventId;
use url::Url;

use crate::lines::retry_in;
use crate::token::Token;
use crate::transport::{Answered, Checked, Refusal, failure_of, refusal_of};

/// One frame with data, read as the specification of Server-Sent Events says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its name; `message` if it has none.
    pub event: String,
    /// Its data lines, joined by LF.
    pub data: String,
    /// The id that holds for it: its own, or the last before it; empty if there was none.
    pub id: String,
}

/// What one wait for a [`Link`] brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// A frame.
    Frame(Frame),
    /// The server says how long to wait before another attempt.
    RetryAfter(Duration),
    /// Bytes that are no frame.
    Activity,
    /// A frame is over a limit, and the connection at its end.
    Oversized {
        /// The frame's own id, if it came before its data.
        id: Option<EventId>,
    },
    /// The end.
    Failed(Failure),
}

/// One connection to an event stream, frame by frame: it is not made again when it ends, and what the
/// frames mean is not looked at.
pub struct Link {
    stream: BoxStream<Result<SSE, SseError>>,
    /// Told when the wait that came with it was handed over.
    failure: Option<Failure>,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

impl Link {
    /// Reads an answer that is there already.
    pub(crate) fn over(answer: Answered) -> Result<Self, Failure> {
        // An address that nobody asks.
        Self::open(answer, "http://answered.invalid/", None, None)
    }

    /// Nothing is sent before the first [`hear`](Self::hear).
    pub(crate) fn new(
        transport: Checked,
        url: &Url,
        token: &Token,
        cursor: Option<EventId>,
    ) -> Result<Self, Failure> {
        Self::open(transport, url.as_str(), Some(token), cursor)
    }

    fn open(
        transport: impl HttpTransport,
        url: &str,
        token: Option<&Token>,
        cursor: Option<EventId>,
    ) -> Result<Self, Failure> {
        let unusable = |error: SseError| Failure::Network(error.to_string());
        let mut builder = ClientBuilder::for_url(url).map_err(unusable)?;
        let bearer = token.and_then(Token::bearer);
        if let Some(bearer) = bearer.as_ref().and_then(|value| value.to_str().ok()) {
            builder = builder.header("Authorization", bearer).map_err(unusable)?;
        }
        if let Some(cursor) = cursor {
            builder = builder.last_event_id(cursor.to_string());
        }
        let once = ReconnectOptions::reconnect(false).retry_initial(false).build();
        let client = builder.reconnect(once).redirect_limit(0).build_with_transport(transport);
        Ok(Self { stream: client.stream(), failure: None })
    }

    /// Waits for what comes next. Nothing is lost if the wait is given up.
    pub async fn hear(&mut self) -> Heard {
        if let Some(failure) = self.failure.take() {
            return Heard::Failed(failure);
        }
        match self.stream.next().await {
            Some(Ok(SSE::Event(event))) => Heard::Frame(Frame {
                event: event.event_type,
                data: event.data,
                id: event.id.unwrap_or_default(),
            }),
            Some(Ok(SSE::Comment(comment))) => {
                retry_in(&comment).map_or(Heard::Activity, Heard::RetryAfter)
            }
            Some(Ok(SSE::Connected(_))) => Heard::Activity,
            Some(Err(error)) => self.end(&error),
            None => Heard::Failed(Failure::Closed),
        }
    }

    fn end(&mut self, error: &SseError) -> Heard {
        match refusal_of(error) {
            Some(Refusal::TooLarge { id }) => Heard::Oversized { id: *id },
            Some(Refusal::Status { retry_after: Some(wait), .. }) => {
                self.failure = Some(failure_of(error));
                Heard::RetryAfter(*wait)
            }
            _ => Heard::Failed(failure_of(error)),
        }
    }
}
