//! What a subscription yields.

use std::sync::Arc;

use tidings_protocol::event::{EventId, Gap};

use super::event::Event;

/// What a subscription yields.
#[derive(Debug)]
pub enum Item {
    /// An event.
    Event(Arc<Event>),
    /// Events are lost; the id is the gap's own.
    Gap(EventId, Gap),
}

impl Item {
    /// Place in the order; a client that has this item resumes behind it.
    #[must_use]
    pub fn id(&self) -> EventId {
        match self {
            Self::Event(event) => event.id,
            Self::Gap(id, _) => *id,
        }
    }
}
