//! From the data of a frame to what a reader gets.

use std::time::Duration;

use tidings_protocol::event::{EventId, UnnamedGap};

use crate::batch::Item;
use crate::input::{Command, Failure, Input};
use crate::machine::Feed;
use crate::message::{Message, decode};

/// What a frame leads to.
#[derive(Debug, Default)]
pub struct Taken {
    /// What the owner must do.
    pub command: Option<Command>,
    /// What the reader gets, and how old it was on arrival.
    pub delivery: Option<(Duration, Item)>,
}

impl From<Option<Command>> for Taken {
    fn from(command: Option<Command>) -> Self {
        Self { command, delivery: None }
    }
}

impl Feed {
    /// Takes a frame: its data, and the id that holds for it.
    pub fn take_frame(&mut self, now: Duration, data: &str, id: Option<EventId>) -> Taken {
        match decode(data) {
            Ok(message) => self.take_message(now, message, id),
            Err(error) => self.take_unreadable(now, id, error.to_string()),
        }
    }

    /// Takes what a frame said, for those that read its data by themselves. As [`Self::take_frame`].
    pub fn take_message(&mut self, now: Duration, message: Message, id: Option<EventId>) -> Taken {
        let command = self.handle(now, Input::Message(&message));
        if command.is_some() || !self.is_open() {
            return command.into();
        }
        // Every other message repeats the id of its frame.
        let carried = match (&message, id) {
            (Message::Connected(_), Some(id)) => Some(Input::FrameId(id)),
            (Message::Heartbeat(_), Some(id)) => Some(Input::CaughtUp(id)),
            _ => None,
        };
        if let Some(carried) = carried {
            self.handle(now, carried);
        }
        let age = match &message {
            Message::Event(event) => self.age_on_arrival(event.at),
            _ => Duration::ZERO,
        };
        Taken { command: None, delivery: Item::from_message(message).map(|item| (age, item)) }
    }

    /// Takes a frame that is no message. On an open stream it is passed over, and told as a gap if an
    /// event can have been lost with it; a stream that begins so is none of this protocol.
    pub fn take_unreadable(&mut self, now: Duration, id: Option<EventId>, detail: String) -> Taken {
        let gap = self.gap_left_by(id).map(|gap| Item::Gap(UnnamedGap { id, gap }));
        let command = self.handle(now, Input::Unreadable { id, detail });
        Taken { command, delivery: gap.map(|gap| (Duration::ZERO, gap)) }
    }

    /// Takes the end of a connection that was cut within a frame over a limit. If the frame's id came
    /// before, it counts as lost: the next connection does not meet it again.
    pub fn take_oversized(&mut self, now: Duration, id: Option<EventId>) -> Taken {
        let delivery = if self.is_open() && id.is_some() {
            self.take_unreadable(now, id, String::new()).delivery
        } else {
            None
        };
        Taken { command: self.handle(now, Input::Failed(Failure::TooLarge)), delivery }
    }
}
