//! What the hub asks of a bus: one log that several instances share, and that outlives each of them. `crate::bus` has
//! one over Redis.
//!
//! - The bus gives each event its number. A hub on a bus is a copy of the newest part of that log: an event gets into
//!   it by being read from the bus and by no other way, its own instance's included, so that there is one order.
//! - A [`Session`] is one connection, in all its parts. What was sent in an earlier one takes no effect once
//!   the next is [open](Bus::open), so that a publisher knows what became of its event: it is in the log by then,
//!   or it never will be.
//! - Where the bus is away, subscribers stay and are told, and publishers wait a moment for it to come back.

mod copy;
mod follower;
mod line;

use std::fmt::Debug;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use tidings_protocol::event::{EventId, EventType};
use tidings_protocol::topic::Topic;

use super::PublishError;
use super::event::Event;
use super::journal::{JournalError, Page, PageRequest, Recovered};

pub use follower::Follower;
pub(super) use line::Line;

/// Why the bus did not do what it was asked; the cause is in the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus is away")]
pub struct BusError;

/// Where sessions come from.
pub trait Bus: Debug + Send + Sync + 'static {
    /// Connects anew, and ends what is left of an earlier session of this bus. `seen` is the newest event of the
    /// log that is known here, read or acknowledged: a log that ends before it has lost events, and a new epoch begins.
    fn open(self: Arc<Self>, seen: Option<EventId>)
    -> BoxFuture<'static, Result<Opened, BusError>>;
}

/// A session that has just begun.
#[derive(Debug)]
pub struct Opened {
    /// The session.
    pub session: Arc<dyn Session>,
    /// What the log holds.
    pub standing: Standing,
}

/// What the log of a bus holds.
#[derive(Debug, Default)]
pub struct Standing {
    /// Epoch, newest number and topics. How much is kept of each need not be known.
    pub log: Recovered,
    /// The newest event of each latest-wins topic, unless it is old.
    pub latest: Vec<Arc<Event>>,
}

/// An event on its way into the log.
#[derive(Clone, Debug)]
pub struct Outgoing {
    /// Where it is published.
    pub topic: Topic,
    /// What its publisher calls it.
    pub kind: EventType,
    /// JSON text.
    pub data: Bytes,
    /// Tells it from every other event of this instance.
    pub nonce: u64,
    /// Whether the topic may be one too many, and is none of so many.
    pub is_reserved: bool,
}

/// Why an event got no id.
#[derive(Debug)]
pub enum Refusal {
    /// It was not taken, and need not be sent again.
    Refused(PublishError),
    /// It was not taken, for the session has ended.
    Ended,
    /// It may be taken or not.
    Unclear,
}

/// What was read of the log.
#[derive(Debug, Default)]
pub struct Batch {
    /// In their order, each with its nonce if it came from this instance.
    pub events: Vec<(Arc<Event>, Option<u64>)>,
    /// All that there is up to here was read, now or before.
    pub head: u64,
    /// Whether there was nothing behind it.
    pub is_whole: bool,
    /// The newest number of each topic that is gone, if some of what was asked for may be; its events are none of these.
    pub evicted: Vec<(Topic, u64)>,
}

/// One connection to the log. Anything of it may fail at any time; then all of it has ended.
pub trait Session: Debug + Send + Sync + 'static {
    /// Adds an event to the log.
    fn publish(self: Arc<Self>, event: Outgoing) -> BoxFuture<'static, Result<EventId, Refusal>>;

    /// Reads what lies behind `after`; waits about a second for something to come, unless it `is_look`: then it says at
    /// once where the log ends.
    ///
    /// # Errors
    ///
    /// If the bus is away, or its log is another one.
    fn read(
        self: Arc<Self>,
        after: u64,
        is_look: bool,
    ) -> BoxFuture<'static, Result<Batch, BusError>>;

    /// Reads back, as a journal does. One that [failed](JournalError::Failed) says nothing of the session.
    fn page(self: Arc<Self>, ask: PageRequest) -> BoxFuture<'static, Result<Page, JournalError>>;

    /// Lets go of what is beyond the log's bounds. Whether the log takes events for now, as far as that is known.
    fn trim(self: Arc<Self>) -> BoxFuture<'static, Result<bool, BusError>>;

    /// Lets go of the newest event of a latest-wins topic, of which nothing is to come. One that fails leaves it to its age.
    fn forget(self: Arc<Self>, topic: Topic) -> BoxFuture<'static, ()>;

    /// Ends it in order; nobody need wait for it to time out.
    fn close(self: Arc<Self>) -> BoxFuture<'static, ()>;
}
