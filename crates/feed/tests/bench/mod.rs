//! A feed on the bench: its clock and messages are handed in.

#![allow(dead_code, reason = "each test uses its part")]

use std::time::Duration;

use tidings_feed::{Cause, Command, Config, Failure, Feed, Input, Message, State, decode};
use tidings_protocol::event::EventId;

pub(crate) const HEARTBEAT: u64 = 15;

/// A feed and its clock.
pub(crate) struct Bench {
    pub(crate) feed: Feed,
    pub(crate) now: Duration,
}

impl Bench {
    pub(crate) fn connecting() -> Self {
        let (feed, command) = Feed::new(Config::default(), Duration::ZERO, 7);
        assert_eq!(command, Command::Connect { cursor: None }, "a new feed connects at once");
        Self { feed, now: Duration::ZERO }
    }

    pub(crate) fn open() -> Self {
        let mut bench = Self::connecting();
        assert_eq!(bench.message(&connected()), None);
        assert_eq!(bench.state(), State::Live);
        bench
    }

    pub(crate) fn waiting() -> Self {
        let mut bench = Self::connecting();
        assert_eq!(bench.fail(Failure::Closed), Some(Command::Close));
        assert!(matches!(bench.state(), State::Reconnecting { .. }));
        bench
    }

    pub(crate) fn offline() -> Self {
        let mut bench = Self::open();
        assert_eq!(bench.input(Input::Disconnect), Some(Command::Close));
        bench
    }

    pub(crate) fn refused(code: u16) -> Self {
        let mut bench = Self::connecting();
        assert_eq!(bench.fail(Failure::Status(code)), Some(Command::Close));
        bench
    }

    pub(crate) fn pass(&mut self, time: Duration) -> &mut Self {
        self.now += time;
        self
    }

    pub(crate) fn seconds(&mut self, seconds: u64) -> &mut Self {
        self.pass(Duration::from_secs(seconds))
    }

    pub(crate) fn input(&mut self, input: Input<'_>) -> Option<Command> {
        self.feed.handle(self.now, input)
    }

    pub(crate) fn message(&mut self, message: &Message) -> Option<Command> {
        self.input(Input::Message(message))
    }

    pub(crate) fn fail(&mut self, failure: Failure) -> Option<Command> {
        self.input(Input::Failed(failure))
    }

    pub(crate) fn tick(&mut self) -> Option<Command> {
        self.input(Input::Tick)
    }

    pub(crate) fn state(&self) -> State {
        self.feed.status(self.now).state
    }

    pub(crate) fn cause(&self) -> Option<Cause> {
        self.feed.status(self.now).cause
    }

    pub(crate) fn failures(&self) -> u32 {
        self.feed.status(self.now).failures
    }

    /// Lets the wait run out and connects again.
    pub(crate) fn reconnect(&mut self) -> Command {
        self.now = self.feed.next_deadline(self.now).expect("a wait ends");
        self.tick().expect("a wait ends in an attempt")
    }
}

pub(crate) fn connected_by(protocol: u32, heartbeat: u64) -> Message {
    let data = format!(
        r#"{{"type":"connected","protocol":{protocol},"serverVersion":"0.1.0","heartbeatSeconds":{heartbeat},"topics":[],"at":1000}}"#
    );
    decode(&data).expect("a message")
}

pub(crate) fn connected() -> Message {
    connected_by(1, HEARTBEAT)
}

pub(crate) fn event(seq: u64) -> Message {
    let data = format!(
        r#"{{"type":"update","id":"0000002a-{seq}","topic":"metrics/a","at":1,"data":{{}}}}"#
    );
    decode(&data).expect("a message")
}

pub(crate) fn gap(to: u64) -> Message {
    let data = format!(
        r#"{{"type":"gap","id":"0000002b-{to}","topics":["a"],"from":null,"to":"0000002b-{to}","reason":"evicted"}}"#
    );
    decode(&data).expect("a message")
}

pub(crate) fn gap_without_id() -> Message {
    let data =
        r#"{"type":"gap","id":null,"topics":["a"],"from":null,"to":null,"reason":"evicted"}"#;
    decode(data).expect("a message")
}

pub(crate) fn heartbeat() -> Message {
    decode(r#"{"type":"heartbeat","at":2000}"#).expect("a message")
}

/// A heartbeat of a server that has been degraded since 500 ms before the [`connected`] of the bench's server.
pub(crate) fn degraded(at: u64) -> Message {
    let data = format!(r#"{{"type":"heartbeat","at":{at},"degradedSince":500}}"#);
    decode(&data).expect("a message")
}

pub(crate) fn id(epoch: u32, seq: u64) -> Option<EventId> {
    Some(EventId { epoch, seq })
}
