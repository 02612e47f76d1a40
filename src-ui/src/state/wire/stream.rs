//! Messages of the stream.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};
use serde_json::value::RawValue;
use tidings_feed::{Event, Message};
use tidings_protocol::PROTOCOL_VERSION;
use tidings_protocol::event::{Connected, EventId, Gap, GapReason, Heartbeat, UnnamedGap};

use crate::state::json::{Json, raw_members};
use crate::state::members::{string, strings, text, whole};

/// The message in the data of a frame; none if it is none. As [`tidings_feed::decode`].
#[must_use]
pub fn message(data: &str) -> Option<Message> {
    let members = raw_members(data)?;
    let kind = own(&members, "type")?;
    if !matches!(&*kind, "connected" | "heartbeat" | "gap") {
        return event_of(kind, &members).map(Message::Event);
    }
    let json = Json::parse(data)?;
    Some(match &*kind {
        "connected" => Message::Connected(connected(&json)?),
        "gap" => Message::Gap(gap(&json)?),
        _ => Message::Heartbeat(Heartbeat {
            at: whole(&json, "at")?,
            degraded_since: whole(&json, "degradedSince"),
        }),
    })
}

/// An event as JSON.
pub(super) fn event(text: &str) -> Option<Event> {
    let members = raw_members(text)?;
    event_of(own(&members, "type")?, &members)
}

fn event_of(kind: String, members: &[(String, &str)]) -> Option<Event> {
    Some(Event {
        kind,
        id: own(members, "id")?.parse().ok()?,
        topic: own(members, "topic")?,
        at: raw(members, "at")?.parse().ok()?,
        data: RawValue::from_string(raw(members, "data")?.to_owned()).ok()?,
    })
}

/// A gap as JSON.
pub(super) fn gap(json: &Json) -> Option<UnnamedGap> {
    let id = |key| text(json, key).map_or(Some(None), |id| id.parse::<EventId>().ok().map(Some));
    let reason: StrDeserializer<'_, Error> = text(json, "reason")?.into_deserializer();
    Some(UnnamedGap {
        id: id("id")?,
        gap: Gap {
            topics: strings(json, "topics")?,
            from: id("from")?,
            to: id("to")?,
            reason: GapReason::deserialize(reason).ok()?,
        },
    })
}

/// Of another protocol all that matters is its number: the rest may have any shape.
fn connected(json: &Json) -> Option<Connected> {
    let protocol = whole(json, "protocol")?.try_into().ok()?;
    let read = || {
        Some(Connected {
            protocol,
            server_version: string(json, "serverVersion")?,
            heartbeat_seconds: whole(json, "heartbeatSeconds")?,
            topics: strings(json, "topics")?,
            at: whole(json, "at")?,
        })
    };
    read().or_else(|| {
        (protocol != PROTOCOL_VERSION).then(|| Connected {
            protocol,
            server_version: "unknown".to_owned(),
            heartbeat_seconds: 0,
            topics: Vec::new(),
            at: 0,
        })
    })
}

pub(super) fn raw<'a>(members: &[(String, &'a str)], key: &str) -> Option<&'a str> {
    members.iter().find(|(name, _)| name == key).map(|(_, value)| *value)
}

fn own(members: &[(String, &str)], key: &str) -> Option<String> {
    match Json::parse(raw(members, key)?)? {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_the_feed_would_read_them() {
        let deep = format!(
            r#"{{"type":"u","id":"0000002a-8","topic":"a","at":3,"data":{}{}}}"#,
            "[".repeat(500),
            "]".repeat(500)
        );
        for data in [
            r#"{"type":"connected","protocol":1,"serverVersion":"0.1.0","heartbeatSeconds":15,"topics":["metrics/*"],"at":1}"#,
            r#"{"type":"connected","protocol":9,"serverVersion":{"major":2}}"#,
            r#"{"type":"heartbeat","at":2}"#,
            r#"{"type":"heartbeat","at":2,"degradedSince":1}"#,
            r#"{"type":"gap","id":"0000002a-7","topics":["a"],"from":null,"to":"0000002a-7","reason":"evicted"}"#,
            r#"{"type":"gap","id":null,"topics":[],"from":"0000002a-7","to":null,"reason":"phase_of_the_moon"}"#,
            r#" { "type" : "upd\u0061te" , "id" : "0000002a-8", "topic":"a/é", "at":3, "data" : {"x]": [1.50, "}\""], "y":null} } "#,
            r#"{"type":"u","id":"0000002a-8","topic":"a","at":3,"data":null}"#,
            r#"{"type":"u","data":-1e5,"id":"0000002a-8","topic":"a","at":3,"more":[{}]}"#,
            &deep,
        ] {
            let expected = tidings_feed::decode(data).unwrap();
            assert_eq!(format!("{:?}", message(data).unwrap()), format!("{expected:?}"), "{data}");
        }
    }

    #[test]
    fn what_is_no_message_is_none() {
        for data in [
            "",
            "null",
            "[]",
            "{}",
            r#"{"type":"update"}"#,
            r#"{"type":1}"#,
            r#"{"type":"connected"}"#,
            r#"{"type":"connected","protocol":1}"#,
            r#"{"type":"u","id":"0000002a-8","topic":"a","at":3,"data":{"a"}}"#,
            r#"{"type":"u","id":"0000002a-8","topic":"a","at":3,"data":{]}"#,
            r#"{"type":"u","id":"0000002a-8","topic":"a","at":3,"data":1} x"#,
            r#"{"type":"u","id":"x","topic":"a","at":3,"data":1}"#,
            r#"{"type":"u","id":"0000002a-8","topic":"a","at":3,"data":}"#,
            r#"{"type":"u","id":"0000002a-8","topic":"a","at":3,"data":"#,
            r#"{"type":"gap","id":"x","topics":["a"],"from":null,"to":null,"reason":"evicted"}"#,
        ] {
            assert!(tidings_feed::decode(data).is_err(), "{data}");
            assert!(message(data).is_none(), "{data}");
        }
    }
}
