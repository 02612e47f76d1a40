//! One attempt at a connection, and what is heard on it.

use eventsource_client::{
    BoxStream, Client as _, ClientBuilder, Error as SseError, ReconnectOptions, SSE,
};
use futures_util::StreamExt;
use tidings_feed::{Failure, Message, decode};
use tidings_protocol::event::EventId;
use url::Url;

use crate::token::Token;
use crate::transport::{Transport, failure_of};

/// What one poll of a link brings.
pub(crate) enum Heard {
    /// A message, and the id of its frame.
    Message(Message, Option<EventId>),
    /// Bytes that are no message.
    Activity,
    /// The end.
    Failed(Failure),
}

/// A stream of eventsource-client that does not reconnect.
pub(crate) struct Link {
    stream: BoxStream<Result<SSE, SseError>>,
}

impl Link {
    /// Nothing is sent before the first [`hear`](Self::hear).
    pub(crate) fn new(
        transport: Transport,
        url: &Url,
        token: &Token,
        cursor: Option<EventId>,
    ) -> Result<Self, Failure> {
        let unusable = |error: SseError| Failure::Network(error.to_string());
        let mut builder = ClientBuilder::for_url(url.as_str()).map_err(unusable)?;
        if let Some(bearer) = token.bearer().as_ref().and_then(|value| value.to_str().ok()) {
            builder = builder.header("Authorization", bearer).map_err(unusable)?;
        }
        if let Some(cursor) = cursor {
            builder = builder.last_event_id(cursor.to_string());
        }
        let once = ReconnectOptions::reconnect(false).retry_initial(false).build();
        let client = builder.reconnect(once).redirect_limit(0).build_with_transport(transport);
        Ok(Self { stream: client.stream() })
    }

    /// Waits for what comes next. Nothing is lost if the wait is given up.
    pub(crate) async fn hear(&mut self) -> Heard {
        match self.stream.next().await {
            Some(Ok(SSE::Event(event))) => match decode(&event.data) {
                Ok(message) => {
                    Heard::Message(message, event.id.as_deref().and_then(|id| id.parse().ok()))
                }
                Err(error) => Heard::Failed(Failure::NotAStream(error.to_string())),
            },
            Some(Ok(SSE::Connected(_) | SSE::Comment(_))) => Heard::Activity,
            Some(Err(error)) => Heard::Failed(failure_of(&error)),
            None => Heard::Failed(Failure::Closed),
        }
    }
}
