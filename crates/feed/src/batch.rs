//! What crosses from a native feed to a web view in one go.

use serde::{Deserialize, Serialize};
use tidings_protocol::event::UnnamedGap;

use crate::message::{Event, Message};
use crate::status::Status;

/// Everything that is new since the batch before.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Number to ask the next batch with.
    pub seq: u64,
    /// State of the feed when the batch was made.
    pub status: Status,
    /// In the order they arrived.
    pub deliveries: Vec<Delivery>,
    /// Deliveries a slow web view lost since the batch before; events that only the newest matters of
    /// do not count.
    pub dropped: u64,
}

/// One message and its age.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Delivery {
    /// How old the message was when it was handed over, in ms.
    pub age_ms: u64,
    /// The message.
    pub item: Item,
}

/// A message that a web view has use for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Item {
    /// An event.
    Event(Event),
    /// Events are lost.
    Gap(UnnamedGap),
}

impl Item {
    /// The item a message becomes; null for those that only the connection has use for.
    #[must_use]
    pub fn from_message(message: Message) -> Option<Self> {
        match message {
            Message::Event(event) => Some(Self::Event(event)),
            Message::Gap(gap) => Some(Self::Gap(gap)),
            Message::Connected(_) | Message::Heartbeat(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::decode;
    use crate::status::State;

    #[test]
    fn a_batch_survives_the_trip_with_its_payloads_untouched() {
        let data = r#"{"type":"update","id":"0000002a-8","topic":"a","at":3,"data":{"x": 1.50}}"#;
        let item = Item::from_message(decode(data).unwrap()).unwrap();
        let status = Status {
            state: State::Reconnecting { retry_in_ms: 5 },
            for_ms: 1,
            failures: 2,
            cause: None,
            server_version: None,
        };
        let deliveries = vec![Delivery { age_ms: 12, item }];
        let batch = Batch { seq: 4, status, deliveries, dropped: 0 };

        let text = serde_json::to_string(&batch).unwrap();
        let back: Batch = serde_json::from_str(&text).unwrap();

        assert_eq!(back.status, batch.status);
        let Item::Event(event) = &back.deliveries[0].item else { panic!("an event") };
        assert_eq!(event.data.get(), r#"{"x": 1.50}"#);
    }
}
