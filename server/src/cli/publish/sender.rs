//! Sends one event after the other, and waits where the server asks for it.

use tidings_client::{Body, Client, ClientError};
use tidings_protocol::api::Published;
use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;

use crate::cli::retry::{Again, Retry};

/// Publishes to one topic, over one connection.
#[derive(Debug)]
pub(super) struct Sender {
    client: Client,
    topic: Topic,
    kind: EventType,
    retry: Retry,
}

impl Sender {
    pub(super) fn new(client: Client, topic: Topic, kind: EventType) -> Self {
        Self { client, topic, kind, retry: Retry::default() }
    }

    /// Publishes one event. Tries again only where the server surely did not take it.
    pub(super) async fn send(&mut self, body: Body) -> Result<Published, ClientError> {
        let Self { client, topic, kind, retry } = self;
        retry
            .until_answered(Again::Untaken, async || {
                client.publish(topic, kind, body.clone()).await
            })
            .await
    }
}
