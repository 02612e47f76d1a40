//! Frames: what the types accept arrives as it was sent, whoever reads it and however it is cut.

#![no_main]

use bytes::Bytes;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use serde_json::value::RawValue;
use tidings_fuzz::Event;
use tidings_fuzz::frame::{self, Form};
use tidings_fuzz::parser::{self, Dispatched};
use tidings_protocol::event::{Envelope, EventId, EventType, UnnamedEnvelope};
use tidings_protocol::topic::Topic;

/// A frame behind it must stand as it does alone.
const NEXT: &str = "event: next\nid: 00000001-1\ndata: {}\n\n";

fuzz_target!(|input: (&str, &str, &str, u32, u64, u8)| {
    let (kind, topic, text, epoch, seq, cut) = input;
    // What is refused never gets here: something near it does.
    let printable: String = kind.chars().filter(|c| !c.is_control()).take(25).collect();
    let kind = kind.parse::<EventType>().or_else(|_| printable.parse()).unwrap_or_default();
    let topic = topic.parse::<Topic>().unwrap_or_else(|_| Topic::metrics(topic));
    // The hub holds JSON texts only: what is one is taken as it is, what is not goes as a string.
    let data = match serde_json::from_str::<&RawValue>(text) {
        Ok(json) => json.get().to_owned(),
        Err(_) => serde_json::to_string(&serde_json::json!({ "raw": text })).unwrap(),
    };
    let sent: Option<Value> = serde_json::from_str(&data).ok();
    let id = EventId { epoch, seq };
    let event = Event::new(id, topic.clone(), kind.clone(), 7, Bytes::from(data));
    for form in [Form::Named, Form::Unnamed, Form::Bare] {
        let chunk = frame::event(&event, form);
        let bare = chunk.bare();
        let whole = [format!("{:x}\r\n", bare.len()).as_bytes(), &bare, b"\r\n"].concat();
        assert_eq!(chunk.chunked(), whole, "the chunk tells its size");
        let stream = [&bare, NEXT.as_bytes()].concat();
        let strict = parser::read(&stream);
        let [first, next] = strict.as_slice() else { panic!("two events, not {strict:?}") };
        let expected =
            Dispatched { kind: "next".into(), data: "{}".into(), id: "00000001-1".into() };
        assert_eq!(*next, expected);
        assert_eq!(first.id, id.to_string());
        check(first, form, &kind, &topic, id, sent.as_ref());
        // As the native client cuts and cleans it.
        let clean = tidings_fuzz::cleaned(&stream, usize::from(cut) + 1);
        assert_eq!(parser::read(&clean), strict, "{stream:?} became {clean:?}");
    }
});

fn check(
    read: &Dispatched,
    form: Form,
    kind: &EventType,
    topic: &Topic,
    id: EventId,
    sent: Option<&Value>,
) {
    match form {
        Form::Named => {
            assert_eq!(read.kind, kind.as_str());
            let Some(sent) = sent else { return };
            let envelope: Envelope<Value> = serde_json::from_str(&read.data).unwrap();
            assert_eq!((envelope.topic.as_str(), &envelope.data), (topic.as_str(), sent));
        }
        Form::Unnamed => {
            assert_eq!(read.kind, "");
            let Some(sent) = sent else { return };
            let envelope: UnnamedEnvelope<Value> = serde_json::from_str(&read.data).unwrap();
            assert_eq!((envelope.kind.as_str(), envelope.id), (kind.as_str(), id));
            assert_eq!((envelope.topic.as_str(), &envelope.data), (topic.as_str(), sent));
        }
        Form::Bare => {
            // By the payload's own name, or the publisher's; never one of the server's.
            assert!(!matches!(read.kind.as_str(), "" | "connected" | "gap"), "{}", read.kind);
            let Some(sent) = sent else { return };
            assert_eq!(&serde_json::from_str::<Value>(&read.data).unwrap(), sent);
        }
    }
}
