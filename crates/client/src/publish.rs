//! Publishing: one event, one answer.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use tidings_protocol::api::{Published, path, query};
use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;

use crate::client::Client;
use crate::error::ClientError;

/// Payload of an event to be published.
#[derive(Clone, Debug)]
pub enum Body {
    /// A JSON text; subscribers get it as it stands.
    Json(Bytes),
    /// Any text; subscribers get it as `{"raw":…}`.
    Text(String),
}

impl Client {
    /// Publishes one event, and returns when the server has taken it. Nothing is tried twice. The event was not
    /// taken after [`ClientError::Token`], [`ClientError::Unreachable`] and a [`ClientError::Status`] of 4xx, or of
    /// 503 that has another code than [`Unconfirmed`](tidings_protocol::api::ErrorCode::Unconfirmed) and
    /// [`Unknown`](tidings_protocol::api::ErrorCode::Unknown), or `Retry-After` and not `Unconfirmed`. After any other
    /// error it may or may not have been.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses the event; where it says when to try again, so does the error.
    pub async fn publish(
        &self,
        topic: &Topic,
        kind: &EventType,
        body: Body,
    ) -> Result<Published, ClientError> {
        let mut url = self.route(&format!("{}/{topic}", path::PUBLISH));
        if *kind != EventType::update() {
            url.query_pairs_mut().append_pair(query::TYPE, kind.as_str());
        }
        let request = match body {
            Body::Json(json) => self.post(url).header(CONTENT_TYPE, "application/json").body(json),
            Body::Text(text) => {
                self.post(url).header(CONTENT_TYPE, "text/plain; charset=utf-8").body(text)
            }
        };
        Ok(self.ask(request).await?.json().await?)
    }
}
