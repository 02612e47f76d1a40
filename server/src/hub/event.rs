//! An event as the hub holds it: once, however many subscribers there are.

use std::sync::OnceLock;

use bytes::Bytes;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;

/// How many ways an event is framed; see [`Event::frame`].
pub const FORMS: usize = 2;

/// A published event. Shared, never changed.
#[derive(Debug)]
pub struct Event {
    /// Its position in the hub's history.
    pub id: EventId,
    /// Where it was published.
    pub topic: Topic,
    /// What its publisher called it.
    pub kind: EventType,
    /// When the hub took it, in ms since the epoch.
    pub at: u64,
    /// Its payload, a JSON text.
    pub data: Bytes,
    /// What it looks like on the wire, encoded by the first subscriber that wants the form.
    frames: [OnceLock<Bytes>; FORMS],
}

impl Event {
    /// An event with its place.
    #[must_use]
    pub fn new(id: EventId, topic: Topic, kind: EventType, at: u64, data: Bytes) -> Self {
        Self { id, topic, kind, at, data, frames: Default::default() }
    }

    /// Bytes it takes in memory, roughly and at most: payload, both its frames, and what goes with them.
    pub(super) fn weight(&self) -> usize {
        3 * self.data.len() + 768
    }

    /// The event's bytes in one of its forms, if somebody wanted them before.
    #[must_use]
    pub fn framed(&self, form: usize) -> Option<Bytes> {
        self.frames.get(form)?.get().cloned()
    }

    /// The event's bytes in one of its forms; `encode` runs once per event and form.
    ///
    /// # Panics
    ///
    /// If `form` is not below `FORMS`.
    pub fn frame(&self, form: usize, encode: impl FnOnce() -> Bytes) -> Bytes {
        self.frames[form].get_or_init(encode).clone()
    }
}
