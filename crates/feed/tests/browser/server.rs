//! A server as its clients see it: one history, and streams of it.

use std::collections::VecDeque;
use std::time::Duration;

use tidings_feed::Failure;
use tidings_protocol::event::EventId;

const HEARTBEAT: Duration = Duration::from_secs(15);

/// A server of one topic that loses nothing, and one where the newest matters.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) epoch: u32,
    /// Whether each event is one that must not be lost, from the number 1 on.
    events: Vec<bool>,
    pub(crate) is_away: bool,
    pub(crate) refuses: bool,
}

/// One stream, as far as its tab has not read it.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) frames: VecDeque<(EventId, String)>,
    pub(crate) failure: Option<Failure>,
    /// Whether the server still writes to it.
    pub(crate) is_open: bool,
    /// The newest event when it began.
    pub(crate) began: EventId,
    sent: Duration,
}

impl Default for Server {
    fn default() -> Self {
        Self { epoch: 1, events: vec![true, false, true], is_away: false, refuses: false }
    }
}

impl Server {
    pub(crate) fn head(&self) -> EventId {
        self.id(self.events.len())
    }

    fn id(&self, seq: usize) -> EventId {
        EventId { epoch: self.epoch, seq: seq as u64 }
    }

    /// Numbers of the events that must not be lost.
    pub(crate) fn lasting(&self) -> impl Iterator<Item = u64> {
        (1..).zip(&self.events).filter(|(_, lasting)| **lasting).map(|(seq, _)| seq)
    }

    /// An event; its frame.
    pub(crate) fn publish(&mut self, is_lasting: bool) -> (EventId, String) {
        self.events.push(is_lasting);
        self.frame(self.events.len())
    }

    pub(crate) fn begin_anew(&mut self) {
        self.epoch += 1;
        self.events.clear();
    }

    fn frame(&self, seq: usize) -> (EventId, String) {
        let topic = if self.events[seq - 1] { "app/x" } else { "metrics/box" };
        let id = self.id(seq);
        (id, format!(r#"{{"type":"update","id":"{id}","topic":"{topic}","at":{seq},"data":null}}"#))
    }

    pub(crate) fn open(&self, cursor: Option<EventId>, now: Duration) -> Stream {
        let began = self.head();
        let mut stream =
            Stream { frames: VecDeque::new(), failure: None, is_open: true, began, sent: now };
        if self.is_away || self.refuses {
            let code = Failure::Status(401);
            stream.fail(if self.refuses { code } else { Failure::Network("refused".into()) });
            return stream;
        }
        let newest = self.events.iter().rposition(|lasting| !lasting).map(|at| at + 1);
        let usable = cursor.filter(|cursor| cursor.epoch == self.epoch && *cursor <= began);
        let (position, is_fresh) = match (cursor, usable) {
            (_, Some(cursor)) => (cursor.seq as usize, false),
            (None, None) => (newest.map_or(self.events.len(), |seq| seq - 1), true),
            (Some(_), None) => (0, false),
        };
        let id = self.id(position);
        stream.frames.push_back((id, r#"{"type":"connected","protocol":1,"serverVersion":"0.1.0","heartbeatSeconds":15,"topics":[],"at":0}"#.into()));
        if cursor != usable {
            stream.frames.push_back((id, format!(r#"{{"type":"gap","id":"{id}","topics":[],"from":null,"to":"{id}","reason":"unknown_epoch"}}"#)));
        }
        for seq in position + 1..=self.events.len() {
            let is_lasting = self.events[seq - 1];
            if (is_lasting && !is_fresh) || newest == Some(seq) {
                stream.frames.push_back(self.frame(seq));
            }
        }
        stream.beat(began, now);
        stream
    }
}

impl Stream {
    pub(crate) fn push(&mut self, frame: (EventId, String), now: Duration) {
        if self.is_open {
            self.sent = now;
            self.frames.push_back(frame);
        }
    }

    pub(crate) fn beat_if_due(&mut self, position: EventId, now: Duration) {
        if self.is_open && now >= self.sent + HEARTBEAT {
            self.beat(position, now);
        }
    }

    fn beat(&mut self, position: EventId, now: Duration) {
        self.push((position, r#"{"type":"heartbeat","at":0}"#.into()), now);
    }

    pub(crate) fn fail(&mut self, failure: Failure) {
        if self.is_open {
            self.is_open = false;
            self.failure = Some(failure);
        }
    }
}
