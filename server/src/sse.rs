//! Frames: the only place that knows how Server-Sent Events look on the wire.
//!
//! Source: WHATWG HTML, section 9.2.5 "Parsing an event stream". User text never goes through a
//! builder that could panic or be injected into: a type has no line ends by its type, data is split at
//! every line end the specification knows.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use bytes::{BufMut, Bytes, BytesMut};
use http_body::Frame;
use serde::Serialize;
use serde_json::value::RawValue;
use tidings_protocol::event::{
    Connected, Envelope, EventId, Gap, Heartbeat, UnnamedEnvelope, UnnamedGap,
};
use tokio::time::{Instant, Sleep};

use crate::clock;
use crate::hub::{Event, Item, Subscription};
use crate::limits::StreamSlot;

/// Bounds of the reconnection time told to a client, in ms; drawn anew for each connection, so that
/// clients that lost the server together do not return together.
const RETRY_MS: std::ops::Range<u64> = 1_000..4_000;

/// How a stream names its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `event: <type>`, as the specification intends.
    Named = 0,
    /// No names, the type and id in the data (`?unnamed=1`).
    Unnamed = 1,
}

/// The body of an open stream: first frame, events, heartbeats. Ends when the hub does.
#[derive(Debug)]
pub(crate) struct EventStream {
    first: Option<Bytes>,
    subscription: Subscription,
    form: Form,
    heartbeat: Duration,
    /// Moved at most once a heartbeat, not at every event.
    timer: Pin<Box<Sleep>>,
    last_sent: Instant,
    _slot: StreamSlot,
}

impl EventStream {
    /// A stream of what `subscription` reads, beginning with `connected`.
    #[must_use]
    pub(crate) fn new(
        connected: &Connected,
        mut subscription: Subscription,
        form: Form,
        heartbeat: Duration,
        slot: StreamSlot,
    ) -> Self {
        let mut first = first_frame(connected, subscription.position());
        // In one piece with the frame whose id it shares: a client that has the one has the other.
        if let Some(gap) = subscription.take_gap() {
            first.extend_from_slice(&item_frame(&gap, form));
        }
        Self {
            first: Some(first.freeze()),
            subscription,
            form,
            heartbeat,
            timer: Box::pin(tokio::time::sleep(heartbeat)),
            last_sent: Instant::now(),
            _slot: slot,
        }
    }

    fn poll_heartbeat(&mut self, cx: &mut Context<'_>) -> Poll<Bytes> {
        loop {
            std::task::ready!(self.timer.as_mut().poll(cx));
            let due = self.last_sent + self.heartbeat;
            let now = Instant::now();
            if due <= now {
                self.timer.as_mut().reset(now + self.heartbeat);
                return Poll::Ready(heartbeat_frame(self.form, self.subscription.position()));
            }
            self.timer.as_mut().reset(due);
        }
    }
}

impl http_body::Body for EventStream {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let bytes = if let Some(first) = self.first.take() {
            first
        } else {
            match self.subscription.poll_next(cx) {
                Poll::Ready(Some(item)) => item_frame(&item, self.form),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => std::task::ready!(self.poll_heartbeat(cx)),
            }
        };
        self.last_sent = Instant::now();
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-transform")),
            (header::CONNECTION, HeaderValue::from_static("keep-alive")),
            // nginx would hold events back otherwise.
            (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
        ];
        (headers, Body::new(self)).into_response()
    }
}

fn first_frame(connected: &Connected, position: EventId) -> BytesMut {
    let mut frame = BytesMut::new();
    let retry = rand::random_range(RETRY_MS);
    put(&mut frame, &["retry: ", &retry.to_string(), "\n"]);
    finish(&mut frame, None, Some(position), connected);
    frame
}

fn heartbeat_frame(form: Form, position: EventId) -> Bytes {
    match form {
        Form::Named => Bytes::from_static(b": heartbeat\n\n"),
        // The id repeats the client's cursor: some clients forget theirs at a message without one.
        Form::Unnamed => {
            let mut frame = BytesMut::new();
            finish(&mut frame, None, Some(position), &Heartbeat { at: clock::now_ms() });
            frame.freeze()
        }
    }
}

fn item_frame(item: &Item, form: Form) -> Bytes {
    match item {
        Item::Event(event) => event.frame(form as usize, |event| event_frame(event, form)),
        Item::Gap(id, gap) => gap_frame(*id, gap, form),
    }
}

fn event_frame(event: &Event, form: Form) -> Bytes {
    let mut frame = BytesMut::with_capacity(event.data.len() + 256);
    // The hub holds JSON texts only; one that is none is passed on as null rather than as broken JSON.
    let data: &RawValue = serde_json::from_slice(&event.data).unwrap_or(RawValue::NULL);
    let topic = event.topic.to_string();
    match form {
        Form::Named => {
            let envelope = Envelope { topic, at: event.at, data };
            finish(&mut frame, Some(event.kind.as_str()), Some(event.id), &envelope);
        }
        Form::Unnamed => {
            let kind = event.kind.as_str().to_owned();
            let envelope = UnnamedEnvelope { kind, id: event.id, topic, at: event.at, data };
            finish(&mut frame, None, Some(event.id), &envelope);
        }
    }
    frame.freeze()
}

fn gap_frame(id: EventId, gap: &Gap, form: Form) -> Bytes {
    let mut frame = BytesMut::new();
    match form {
        Form::Named => finish(&mut frame, Some("gap"), Some(id), gap),
        Form::Unnamed => {
            finish(&mut frame, None, Some(id), &UnnamedGap { id: Some(id), gap: gap.clone() });
        }
    }
    frame.freeze()
}

/// Writes name, id and data, and ends the frame.
fn finish(frame: &mut BytesMut, name: Option<&str>, id: Option<EventId>, data: &impl Serialize) {
    if let Some(name) = name {
        put(frame, &["event: ", name, "\n"]);
    }
    if let Some(id) = id {
        put(frame, &["id: ", &id.to_string(), "\n"]);
    }
    // The types serialized here hold strings, numbers and checked JSON: serializing them cannot fail.
    let json = serde_json::to_string(data).unwrap_or_default();
    for line in lines(&json) {
        put(frame, &["data: ", line, "\n"]);
    }
    frame.put_u8(b'\n');
}

/// Splits at CR LF, CR and LF alike; inside JSON they can only be white space.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

fn put(frame: &mut BytesMut, parts: &[&str]) {
    for part in parts {
        frame.put_slice(part.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;
    use tidings_protocol::event::EventType;

    const ID: EventId = EventId { epoch: 0x2a, seq: 7 };

    fn event(data: &'static str) -> Item {
        let hub = crate::hub::Hub::new(crate::hub::HubLimits::default());
        let topic = "app/x".parse().unwrap();
        let mut subscription =
            hub.subscribe(vec!["app/x".parse().unwrap()], crate::hub::Start::Fresh);
        let data = Bytes::from_static(data.as_bytes());
        hub.publish(&topic, EventType::update(), data).now_or_never().unwrap().unwrap();
        subscription.next().now_or_never().flatten().unwrap()
    }

    fn text(bytes: &Bytes) -> &str {
        std::str::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_named_frame_has_name_id_and_data() {
        let Item::Event(event) = event("1") else { panic!("an event") };
        let expected = format!(
            "event: update\nid: {}\ndata: {{\"topic\":\"app/x\",\"at\":{},\"data\":1}}\n\n",
            event.id, event.at
        );
        assert_eq!(text(&item_frame(&Item::Event(event), Form::Named)), expected);
    }

    #[test]
    fn an_unnamed_frame_carries_type_and_id_in_its_data() {
        let Item::Event(event) = event("1") else { panic!("an event") };
        let id = event.id;
        let expected = format!(
            "id: {id}\ndata: {{\"type\":\"update\",\"id\":\"{id}\",\"topic\":\"app/x\",\"at\":{},\"data\":1}}\n\n",
            event.at
        );
        assert_eq!(text(&item_frame(&Item::Event(event), Form::Unnamed)), expected);
    }

    #[test]
    fn an_event_is_encoded_once_for_all_who_read_it() {
        let item = event("1");
        let (one, two) = (item_frame(&item, Form::Named), item_frame(&item, Form::Named));
        assert_eq!(one.as_ptr(), two.as_ptr());
    }

    #[test]
    fn every_line_end_in_a_payload_becomes_a_line_of_data() {
        let frame = item_frame(&event("[1,\n2,\r3,\r\n4]"), Form::Named);
        let data: Vec<_> =
            text(&frame).lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        assert_eq!(data.len(), 4, "{frame:?}");
        assert!(data[0].ends_with("[1,") && data[1..] == ["2,", "3,", "4]}"], "{data:?}");
        assert!(!text(&frame).contains('\r'));
    }

    #[test]
    fn a_gap_has_the_id_it_leads_to() {
        let gap = Gap {
            topics: vec!["a".to_owned()],
            from: None,
            to: Some(ID),
            reason: tidings_protocol::event::GapReason::Evicted,
        };
        let expected = "event: gap\nid: 0000002a-7\ndata: {\"topics\":[\"a\"],\"from\":null,\"to\":\"0000002a-7\",\"reason\":\"evicted\"}\n\n";
        assert_eq!(text(&gap_frame(ID, &gap, Form::Named)), expected);
    }

    #[test]
    fn heartbeats_are_comments_where_names_are_and_messages_where_not() {
        assert_eq!(text(&heartbeat_frame(Form::Named, ID)), ": heartbeat\n\n");
        let unnamed = heartbeat_frame(Form::Unnamed, ID);
        let expected = "id: 0000002a-7\ndata: {\"type\":\"heartbeat\",\"at\":";
        assert!(text(&unnamed).starts_with(expected), "{unnamed:?}");
    }
}
