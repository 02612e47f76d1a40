//! What the desktop app tells its window in one go.

use tidings_feed::{Batch, Cause, Delivery, Item, State, Status};

use super::stream::{event, gap, raw};
use crate::state::json::{Json, raw_items, raw_members};
use crate::state::members::{get, string, whole};

/// The app's answer; none if it is none.
#[must_use]
pub fn batch(text: &str) -> Option<Batch> {
    let members = raw_members(text)?;
    let deliveries = raw_items(raw(&members, "deliveries")?)?;
    Some(Batch {
        seq: raw(&members, "seq")?.parse().ok()?,
        status: status(&Json::parse(raw(&members, "status")?)?)?,
        deliveries: deliveries.into_iter().map(delivery).collect::<Option<_>>()?,
        dropped: raw(&members, "dropped")?.parse().ok()?,
    })
}

fn delivery(text: &str) -> Option<Delivery> {
    let members = raw_members(text)?;
    let item = raw_members(raw(&members, "item")?)?;
    let item = match raw(&item, "event") {
        Some(text) => Item::Event(event(text)?),
        None => Item::Gap(gap(&Json::parse(raw(&item, "gap")?)?)?),
    };
    Some(Delivery { age_ms: raw(&members, "ageMs")?.parse().ok()?, item })
}

fn status(json: &Json) -> Option<Status> {
    Some(Status {
        state: state(get(json, "state")?)?,
        for_ms: whole(json, "forMs")?,
        failures: whole(json, "failures")?.try_into().ok()?,
        cause: match get(json, "cause") {
            None | Some(Json::Null) => None,
            Some(json) => Some(cause(json)?),
        },
        server_version: string(json, "serverVersion"),
    })
}

fn state(json: &Json) -> Option<State> {
    Some(match variant(json)? {
        ("connecting", _) => State::Connecting,
        ("live", _) => State::Live,
        ("degraded", _) => State::Degraded,
        ("stale", _) => State::Stale,
        ("reconnecting", fields) => {
            State::Reconnecting { retry_in_ms: whole(fields, "retryInMs")? }
        }
        ("offline", _) => State::Offline,
        ("unauthorized", _) => State::Unauthorized,
        ("incompatible", _) => State::Incompatible,
        _ => return None,
    })
}

fn cause(json: &Json) -> Option<Cause> {
    let (name, fields) = variant(json)?;
    let detail = || string(fields, "detail");
    Some(match name {
        "network" => Cause::Network { detail: detail()? },
        "closed" => Cause::Closed,
        "status" => Cause::Status { code: whole(fields, "code")?.try_into().ok()? },
        "notAStream" => Cause::NotAStream { detail: detail()? },
        "tooLarge" => Cause::TooLarge,
        "untrusted" => Cause::Untrusted { detail: detail()?, key: string(fields, "key") },
        "silence" => Cause::Silence,
        _ => return None,
    })
}

/// The name of a variant, and its fields: of one that has none, nothing that has any.
fn variant(json: &Json) -> Option<(&str, &Json)> {
    match json {
        Json::Text(name) => Some((name, json)),
        Json::Object(members) => members.first().map(|(name, fields)| (&**name, fields)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_read_as_serde_would_read_it() {
        let detail = || "it \"hangs\"".to_owned();
        let causes = [
            None,
            Some(Cause::Network { detail: detail() }),
            Some(Cause::Closed),
            Some(Cause::Status { code: 503 }),
            Some(Cause::NotAStream { detail: detail() }),
            Some(Cause::TooLarge),
            Some(Cause::Untrusted { detail: detail(), key: None }),
            Some(Cause::Untrusted { detail: detail(), key: Some("k".to_owned()) }),
            Some(Cause::Silence),
        ];
        let states = [
            State::Connecting,
            State::Live,
            State::Degraded,
            State::Stale,
            State::Reconnecting { retry_in_ms: 5 },
            State::Offline,
            State::Unauthorized,
            State::Incompatible,
        ];
        let items = [
            r#"{"type":"update","id":"0000002a-8","topic":"a","at":3,"data":{"x": [1.50, "]"]}}"#,
            r#"{"type":"gap","id":"0000002a-7","topics":["a"],"from":null,"to":"0000002a-7","reason":"evicted"}"#,
        ];
        for (cause, state) in causes.into_iter().zip(states.into_iter().cycle()) {
            let server_version = cause.as_ref().map(|_| "0.1.0".to_owned());
            let status = Status { state, for_ms: 1, failures: 2, cause, server_version };
            let deliveries = items.map(|item| {
                let item = Item::from_message(tidings_feed::decode(item).unwrap()).unwrap();
                Delivery { age_ms: 12, item }
            });
            let batch = Batch { seq: 4, status, deliveries: deliveries.into(), dropped: 3 };
            let text = serde_json::to_string(&batch).unwrap();
            assert_eq!(format!("{:?}", super::batch(&text).unwrap()), format!("{batch:?}"));
        }
    }

    #[test]
    fn what_is_no_batch_is_none() {
        for text in ["", "{}", "null", r#"{"seq":1,"deliveries":[],"dropped":0,"status":{}}"#] {
            assert!(batch(text).is_none(), "{text}");
        }
    }
}
