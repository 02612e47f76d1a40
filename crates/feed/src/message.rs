//! What a frame's data says, under `?unnamed=1`.

use serde::Deserialize;
use serde_json::value::RawValue;
use tidings_protocol::PROTOCOL_VERSION;
use tidings_protocol::event::{Connected, EventId, Heartbeat, UnnamedEnvelope, UnnamedGap};

/// A decoded message of the stream.
#[derive(Clone, Debug)]
pub enum Message {
    /// The stream is open.
    Connected(Connected),
    /// The server lives.
    Heartbeat(Heartbeat),
    /// Events are lost.
    Gap(UnnamedGap),
    /// An event of a publisher; its payload stays JSON text until somebody needs it.
    Event(Event),
}

/// An event whose payload is still JSON text.
pub type Event = UnnamedEnvelope<Box<RawValue>>;

/// Data that is no message of this protocol.
#[derive(Debug, thiserror::Error)]
#[error("not a message of the stream protocol: {0}")]
pub struct DecodeError(#[from] serde_json::Error);

impl Message {
    /// The id that this message itself carries; of a `connected` and a heartbeat only the frame has one.
    #[must_use]
    pub fn id(&self) -> Option<EventId> {
        match self {
            Self::Event(event) => Some(event.id),
            Self::Gap(gap) => gap.id,
            Self::Connected(_) | Self::Heartbeat(_) => None,
        }
    }
}

/// Reads the data of one frame.
///
/// # Errors
///
/// If it is not JSON, or not of a shape this protocol has.
pub fn decode(data: &str) -> Result<Message, DecodeError> {
    #[derive(Deserialize)]
    struct Tagged<'a> {
        #[serde(rename = "type", borrow)]
        kind: std::borrow::Cow<'a, str>,
    }
    let tagged: Tagged<'_> = serde_json::from_str(data)?;
    Ok(match &*tagged.kind {
        "connected" => Message::Connected(decode_connected(data)?),
        "heartbeat" => Message::Heartbeat(serde_json::from_str(data)?),
        "gap" => Message::Gap(serde_json::from_str(data)?),
        _ => Message::Event(serde_json::from_str(data)?),
    })
}

/// Of another protocol all that matters is its number: the rest may have any shape.
fn decode_connected(data: &str) -> Result<Connected, DecodeError> {
    #[derive(Deserialize)]
    struct Numbered {
        protocol: u32,
    }
    let Numbered { protocol } = serde_json::from_str(data)?;
    if protocol == PROTOCOL_VERSION {
        return Ok(serde_json::from_str(data)?);
    }
    let readable = serde_json::from_str(data);
    Ok(readable.unwrap_or(Connected {
        protocol,
        server_version: "unknown".to_owned(),
        heartbeat_seconds: 0,
        topics: Vec::new(),
        at: 0,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::event::GapReason;

    #[test]
    fn each_kind_of_message_is_told_by_its_type() {
        let connected = r#"{"type":"connected","protocol":1,"serverVersion":"0.1.0","heartbeatSeconds":15,"topics":["metrics/*"],"at":1}"#;
        assert!(
            matches!(decode(connected), Ok(Message::Connected(c)) if c.heartbeat_seconds == 15)
        );
        assert!(
            matches!(decode(r#"{"type":"heartbeat","at":2}"#), Ok(Message::Heartbeat(h)) if h.at == 2)
        );
        let gap = r#"{"type":"gap","id":"0000002a-7","topics":["a"],"from":null,"to":"0000002a-7","reason":"evicted"}"#;
        assert_eq!(decode(gap).unwrap().id(), Some(EventId { epoch: 42, seq: 7 }));
        let event = r#"{"type":"update","id":"0000002a-8","topic":"a","at":3,"data":{"x": 1}}"#;
        let Ok(Message::Event(event)) = decode(event) else { panic!("an event") };
        assert_eq!(event.data.get(), r#"{"x": 1}"#, "the payload is the publisher's own text");
    }

    #[test]
    fn a_gap_for_a_reason_of_a_newer_server_is_a_gap() {
        let gap = r#"{"type":"gap","id":"0000002a-7","topics":["a"],"from":null,"to":"0000002a-7","reason":"phase_of_the_moon"}"#;
        let Ok(Message::Gap(gap)) = decode(gap) else { panic!("a gap") };
        assert_eq!(gap.gap.reason, GapReason::Unknown);
    }

    #[test]
    fn another_protocol_is_known_by_its_number_whatever_else_it_says() {
        let data = r#"{"type":"connected","protocol":9,"serverVersion":{"major":2}}"#;
        assert!(matches!(decode(data), Ok(Message::Connected(c)) if c.protocol == 9));
        for broken in [r#"{"type":"connected"}"#, r#"{"type":"connected","protocol":1}"#] {
            assert!(decode(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn what_is_no_message_is_an_error() {
        for data in ["", "null", "[]", "{}", r#"{"type":"update"}"#, r#"{"type":1}"#] {
            assert!(decode(data).is_err(), "{data}");
        }
    }
}
