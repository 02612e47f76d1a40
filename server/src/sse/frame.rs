//! What a frame looks like: the encoder.
//!
//! Source: WHATWG HTML, section 9.2.5 "Parsing an event stream". User text never goes through a
//! builder that could panic or be injected into: a type has no line ends by its type, data is split at
//! every line end the specification knows.

use std::io::Write;

use bytes::{BufMut, Bytes, BytesMut};
use serde::Serialize;
use tidings_protocol::event::{
    Connected, EventId, EventType, Gap, Heartbeat, UnnamedEnvelope, UnnamedGap,
};

use crate::clock;
use crate::hub::{Event, FORMS, Item};
use crate::json;

/// How a stream names its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `event: <type>`, as the specification intends.
    Named = 0,
    /// No names, the type and id in the data (`?unnamed=1`).
    Unnamed = 1,
    /// The payload alone as data, and its own `type` for a name, else the event's. Encoded for each reader: streams of this
    /// form are those of one user.
    Bare = 2,
}

const _: () = assert!(Form::Unnamed as usize + 1 == FORMS);

/// A frame with the chunk of HTTP/1.1 around it, so that not even that is written once per subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk(Bytes);

/// Room in front of a frame for its size in hex and CR LF.
const PREFIX: usize = 10;

/// What ends a chunked body. Source: RFC 9112, section 7.1.
pub const LAST_CHUNK: Bytes = Bytes::from_static(b"0\r\n\r\n");

impl Chunk {
    /// Encodes a frame in place: `write` appends it behind the room for the size.
    fn encode(capacity: usize, write: impl FnOnce(&mut BytesMut)) -> Self {
        let mut buffer = BytesMut::with_capacity(PREFIX + capacity);
        buffer.put_bytes(0, PREFIX);
        write(&mut buffer);
        let size = buffer.len() - PREFIX;
        buffer.put_slice(b"\r\n");
        // A frame is far below 4 GiB: eight digits are always enough.
        let mut prefix = [0; PREFIX];
        let mut rest = &mut prefix[..];
        let written = write!(rest, "{size:x}\r\n").map_or(0, |()| PREFIX - rest.len());
        let start = PREFIX - written;
        buffer[start..PREFIX].copy_from_slice(&prefix[..written]);
        Self(buffer.freeze().slice(start..))
    }

    /// As it stands in a chunked body.
    #[must_use]
    pub fn chunked(self) -> Bytes {
        self.0
    }

    /// The frame alone, for HTTP/1.0 and HTTP/2.
    #[must_use]
    pub fn bare(&self) -> Bytes {
        let start = self.0.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        self.0.slice(start..self.0.len() - 2)
    }
}

/// The first frame of a stream, and the gap it begins with if there is one: in one piece, since they
/// share an id, and a client that has the one has the other.
pub(super) fn first(
    retry_ms: u64,
    connected: &Connected,
    position: EventId,
    gap: Option<&Item>,
    form: Form,
) -> Chunk {
    Chunk::encode(512, |frame| {
        put(frame, &["retry: ", itoa::Buffer::new().format(retry_ms), "\n"]);
        put_message(frame, None, Some(position), connected);
        if let Some(Item::Gap(id, gap)) = gap {
            put_gap(frame, *id, gap, form);
        }
    })
}

/// How things stand, told before anything else: an event that only this stream has.
pub(super) fn initial(
    position: EventId,
    kind: &str,
    topic: &str,
    data: &impl Serialize,
    form: Form,
) -> Chunk {
    Chunk::encode(160, |frame| match form {
        Form::Named | Form::Bare => put_message(frame, Some(kind), Some(position), data),
        Form::Unnamed => {
            let (kind, topic) = (kind.to_owned(), topic.to_owned());
            let at = clock::now_ms();
            let message = UnnamedEnvelope { kind, id: position, topic, at, data };
            put_message(frame, None, Some(position), &message);
        }
    })
}

/// A sign of life; while the server is degraded, it says since when.
pub(super) fn heartbeat(form: Form, position: EventId, degraded_since: Option<u64>) -> Chunk {
    match form {
        Form::Named | Form::Bare => Chunk(Bytes::from_static(b"d\r\n: heartbeat\n\n\r\n")),
        // Some clients forget their cursor at a message without an id.
        Form::Unnamed => Chunk::encode(96, |frame| {
            let heartbeat = Heartbeat { at: clock::now_ms(), degraded_since };
            put_message(frame, None, Some(position), &heartbeat);
        }),
    }
}

/// Tells that the server is degraded, or no longer.
pub(super) fn health(form: Form, position: EventId, degraded_since: Option<u64>) -> Chunk {
    match (form, degraded_since) {
        (Form::Unnamed, _) => heartbeat(form, position, degraded_since),
        (_, Some(since)) => Chunk::encode(48, |frame| {
            put(frame, &[": degraded since ", itoa::Buffer::new().format(since), "\n\n"]);
        }),
        (_, None) => Chunk::encode(16, |frame| put(frame, &[": recovered\n\n"])),
    }
}

/// A gap.
pub(super) fn gap(id: EventId, gap: &Gap, form: Form) -> Chunk {
    Chunk::encode(256, |frame| put_gap(frame, id, gap, form))
}

/// A message of a stream without ids.
pub(super) fn message(name: Option<&str>, data: &impl Serialize) -> Bytes {
    let mut frame = BytesMut::new();
    put_message(&mut frame, name, None, data);
    frame.freeze()
}

/// An event. Its data is taken as it is: the hub holds JSON texts only.
#[must_use]
pub fn event(event: &Event, form: Form) -> Chunk {
    let capacity = event.data.len() + event.topic.as_str().len() + event.kind.as_str().len() + 160;
    Chunk::encode(capacity, |frame| put_event(frame, event, form))
}

/// An event that others are likely to want now, too: encoded once, and kept with it.
pub(super) fn shared(shared: &Event, form: Form) -> Chunk {
    if form == Form::Bare {
        return event(shared, form);
    }
    Chunk(shared.frame(form as usize, || event(shared, form).0))
}

/// An event for one reader. Keeping its bytes would let history grow by being read.
pub(super) fn single(single: &Event, form: Form) -> Chunk {
    single.framed(form as usize).map_or_else(|| event(single, form), Chunk)
}

/// Moves a client's cursor on where there is nothing to tell it. Without data it is no event: WHATWG HTML,
/// section 9.2.6, sets the last event id and dispatches nothing.
pub(super) fn position(position: EventId) -> Chunk {
    Chunk::encode(48, |frame| put(frame, &["id: ", Id::new(position).as_str(), "\n\n"]))
}

fn put_event(frame: &mut BytesMut, event: &Event, form: Form) {
    let id = Id::new(event.id);
    if form == Form::Bare {
        put(frame, &["event: ", bare_name(event).as_str(), "\n"]);
    } else if form == Form::Named {
        put(frame, &["event: ", event.kind.as_str(), "\n"]);
    }
    put(frame, &["id: ", id.as_str(), "\ndata: "]);
    if form == Form::Bare {
        put_lines(frame, &event.data);
        frame.put_slice(b"\n\n");
        return;
    }
    frame.put_slice(b"{");
    if form == Form::Unnamed {
        put(frame, &["\"type\":"]);
        put_json(frame, event.kind.as_str());
        put(frame, &[",\"id\":\"", id.as_str(), "\","]);
    }
    // A topic's alphabet needs no escapes.
    let at = itoa::Buffer::new().format(event.at).to_owned();
    put(frame, &["\"topic\":\"", event.topic.as_str(), "\",\"at\":", &at, ",\"data\":"]);
    put_lines(frame, &event.data);
    frame.put_slice(b"}\n\n");
}

/// What the payload says it is; else what its publisher said; else `message`.
fn bare_name(event: &Event) -> EventType {
    let own = || (event.kind != EventType::update()).then(|| event.kind.clone());
    json::type_of(&event.data).or_else(own).unwrap_or_else(EventType::message)
}

fn put_gap(frame: &mut BytesMut, id: EventId, gap: &Gap, form: Form) {
    match form {
        Form::Named | Form::Bare => put_message(frame, Some("gap"), Some(id), gap),
        Form::Unnamed => {
            put_message(frame, None, Some(id), &UnnamedGap { id: Some(id), gap: gap.clone() });
        }
    }
}

/// Writes a message of the hub's own: name, id and data.
fn put_message(
    frame: &mut BytesMut,
    name: Option<&str>,
    id: Option<EventId>,
    data: &impl Serialize,
) {
    if let Some(name) = name {
        put(frame, &["event: ", name, "\n"]);
    }
    if let Some(id) = id {
        put(frame, &["id: ", Id::new(id).as_str(), "\n"]);
    }
    frame.put_slice(b"data: ");
    put_json(frame, data);
    frame.put_slice(b"\n\n");
}

/// Compact JSON has no line ends. The types written here hold strings and numbers: it cannot fail.
fn put_json(frame: &mut BytesMut, data: &(impl Serialize + ?Sized)) {
    if serde_json::to_writer((&mut *frame).writer(), data).is_err() {
        frame.put_slice(b"null");
    }
}

/// Begins a new field at CR LF, CR and LF alike; inside JSON they can only be white space.
fn put_lines(frame: &mut BytesMut, mut data: &[u8]) {
    while let Some(end) = memchr::memchr2(b'\r', b'\n', data) {
        let is_pair = data[end..].starts_with(b"\r\n");
        frame.put_slice(&data[..end]);
        frame.put_slice(b"\ndata: ");
        data = &data[end + 1 + usize::from(is_pair)..];
    }
    frame.put_slice(data);
}

fn put(frame: &mut BytesMut, parts: &[&str]) {
    for part in parts {
        frame.put_slice(part.as_bytes());
    }
}

/// An id as text, without an allocation.
struct Id {
    text: [u8; 29],
    len: usize,
}

impl Id {
    fn new(id: EventId) -> Self {
        let mut text = [0; 29];
        let mut rest = &mut text[..];
        // Eight digits, a hyphen and at most twenty digits: it fits.
        let len = write!(rest, "{id}").map_or(0, |()| 29 - rest.len());
        Self { text, len }
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text[..self.len]).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
