//! What goes over the wire, to the byte.

use super::*;
use futures_util::FutureExt;
use tidings_protocol::event::GapReason;

const ID: EventId = EventId { epoch: 0x2a, seq: 7 };

fn published(kind: &str, data: &'static str) -> std::sync::Arc<Event> {
    let hub = crate::hub::Hub::new(crate::hub::HubLimits::default());
    let topic = "app/x".parse().unwrap();
    let mut subscription = hub.subscribe(vec!["app/x".parse().unwrap()], crate::hub::Start::Fresh);
    let data = Bytes::from_static(data.as_bytes());
    hub.publish(&topic, kind.parse().unwrap(), data).now_or_never().unwrap().unwrap();
    match subscription.next().now_or_never() {
        Some(Some(Item::Event(event))) => event,
        other => panic!("an event, not {other:?}"),
    }
}

fn text(chunk: &Chunk) -> String {
    String::from_utf8(chunk.bare().to_vec()).unwrap()
}

#[test]
fn a_named_frame_has_name_id_and_data() {
    let event = published("update", "1");
    let expected = format!(
        "event: update\nid: {}\ndata: {{\"topic\":\"app/x\",\"at\":{},\"data\":1}}\n\n",
        event.id, event.at
    );
    assert_eq!(text(&super::event(&event, Form::Named)), expected);
}

#[test]
fn a_bare_frame_has_the_payload_alone() {
    let event = published("order", "{\"n\":\n1}");
    let expected = format!("event: order\nid: {}\ndata: {{\"n\":\ndata: 1}}\n\n", event.id);
    assert_eq!(text(&super::event(&event, Form::Bare)), expected);
    for encode in [shared, single, shared] {
        assert_eq!(text(&encode(&event, Form::Bare)), expected);
    }
    assert_eq!(text(&heartbeat(Form::Bare, ID, None)), ": heartbeat\n\n");
    assert_eq!(text(&position(ID)), "id: 0000002a-7\n\n");
}

#[test]
fn what_a_stream_begins_with_has_the_id_it_resumes_from() {
    let told = |form| text(&initial(ID, "initial", "app/x", &[1], form));
    assert_eq!(told(Form::Bare), "event: initial\nid: 0000002a-7\ndata: [1]\n\n");
    let unnamed = told(Form::Unnamed);
    let data = unnamed.strip_prefix("id: 0000002a-7\ndata: ").unwrap();
    let message: UnnamedEnvelope<[u8; 1]> = serde_json::from_str(data).unwrap();
    assert_eq!((message.kind.as_str(), message.id, message.data), ("initial", ID, [1]));
}

#[test]
fn an_unnamed_frame_carries_type_and_id_in_its_data() {
    let event = published("q\"ü", "1");
    let id = event.id;
    let expected = format!(
        "id: {id}\ndata: {{\"type\":\"q\\\"ü\",\"id\":\"{id}\",\"topic\":\"app/x\",\"at\":{},\"data\":1}}\n\n",
        event.at
    );
    assert_eq!(text(&super::event(&event, Form::Unnamed)), expected);
}

#[test]
fn what_is_written_by_hand_is_what_the_contract_says() {
    use tidings_protocol::event::{Envelope, UnnamedEnvelope};
    let event = published("update", r#"{"a":[1,2.50,"ü\n"]}"#);
    let data = |form| {
        let text = text(&super::event(&event, form));
        text.split_once("data: ").unwrap().1.trim_end().to_owned()
    };
    let named: Envelope<serde_json::Value> = serde_json::from_str(&data(Form::Named)).unwrap();
    assert_eq!((named.topic.as_str(), named.at), ("app/x", event.at));
    let unnamed: UnnamedEnvelope<serde_json::Value> =
        serde_json::from_str(&data(Form::Unnamed)).unwrap();
    assert_eq!(unnamed.data, named.data);
    assert_eq!((unnamed.kind.as_str(), unnamed.id), (EventType::update().as_str(), event.id));
}

#[test]
fn a_chunk_states_the_size_of_its_frame() {
    for frame in [
        super::event(&published("update", "1"), Form::Named),
        heartbeat(Form::Named, ID, None),
        heartbeat(Form::Unnamed, ID, None),
    ] {
        let bare = frame.bare();
        let expected = [format!("{:x}\r\n", bare.len()).as_bytes(), &bare, b"\r\n"].concat();
        assert_eq!(frame.chunked(), expected);
    }
}

#[test]
fn every_line_end_in_a_payload_becomes_a_line_of_data() {
    let frame = text(&super::event(&published("update", "[1,\n2,\r3,\r\n4\r]"), Form::Named));
    let data: Vec<_> = frame.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    assert_eq!(data.len(), 5, "{frame:?}");
    assert!(data[0].ends_with("[1,") && data[1..] == ["2,", "3,", "4", "]}"], "{data:?}");
    assert!(!frame.contains('\r'));
}

#[test]
fn a_gap_has_the_id_it_leads_to() {
    let lost =
        Gap { topics: vec!["a".to_owned()], from: None, to: Some(ID), reason: GapReason::Evicted };
    let expected = "event: gap\nid: 0000002a-7\ndata: {\"topics\":[\"a\"],\"from\":null,\"to\":\"0000002a-7\",\"reason\":\"evicted\"}\n\n";
    assert_eq!(text(&gap(ID, &lost, Form::Named)), expected);
}

#[test]
fn heartbeats_are_comments_where_names_are_and_messages_where_not() {
    assert_eq!(text(&heartbeat(Form::Named, ID, None)), ": heartbeat\n\n");
    let unnamed = text(&heartbeat(Form::Unnamed, ID, None));
    let expected = "id: 0000002a-7\ndata: {\"type\":\"heartbeat\",\"at\":";
    assert!(unnamed.starts_with(expected), "{unnamed:?}");
}

#[test]
fn a_degraded_server_is_told_in_each_form() {
    assert_eq!(text(&health(Form::Named, ID, Some(7))), ": degraded since 7\n\n");
    assert_eq!(text(&health(Form::Bare, ID, None)), ": recovered\n\n");
    let unnamed = text(&health(Form::Unnamed, ID, Some(7)));
    assert!(unnamed.contains("\"type\":\"heartbeat\""), "{unnamed:?}");
    assert!(unnamed.ends_with(",\"degradedSince\":7}\n\n"), "{unnamed:?}");
    assert!(!text(&health(Form::Unnamed, ID, None)).contains("degraded"));
}

#[test]
fn a_bare_frame_is_named_by_its_payload_then_by_its_publisher() {
    for (kind, data, name) in [
        ("update", r#"{"type":"order","n":1}"#, "order"),
        ("update", r#"{"type":"gap"}"#, "message"),
        ("update", r#"{"type":7}"#, "message"),
        ("update", r#"{"type":"a\nb"}"#, "message"),
        ("update", "[1]", "message"),
        ("alarm", r#"{"raw":"x"}"#, "alarm"),
        ("alarm", r#"{"type":"order"}"#, "order"),
    ] {
        let event = published(kind, data);
        let expected = format!("event: {name}\nid: {}\ndata: {data}\n\n", event.id);
        assert_eq!(text(&shared(&event, Form::Bare)), expected);
        assert_eq!(text(&single(&event, Form::Bare)), expected);
    }
}
