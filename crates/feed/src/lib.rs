//! The client's end of a stream, as a state machine.
//!
//! [`Feed`] decides; whoever owns it acts. It has no I/O, no clock and no randomness of its own: the
//! owner hands in what happened ([`Input`]) and the time, gets back what to do ([`Command`]), and asks
//! for the [`Status`] to show. The browser wraps it around `EventSource`, `tidings-client` around
//! eventsource-client, so both say *Live* and *Stale* for the same reasons.
//!
//! ```text
//!   a frame ───────────> Feed::take_frame(now, data, id) ─┬─> what is delivered
//!   failure, retry, … ─> Feed::handle(now, input) ────────┴─> Connect{cursor} / Close
//!                                     │
//!                      Feed::status(now) · Feed::next_deadline()
//! ```
//!
//! Once it carried out [`Command::Close`] or [`Command::Connect`], the owner hands in nothing more of the
//! connection before. Time is a [`Duration`](std::time::Duration) since any fixed instant of a monotonic clock.

mod backoff;
mod batch;
mod frame;
mod input;
mod machine;
mod message;
mod notices;
mod outage;
mod status;
pub mod tabs;

pub use backoff::Backoff;
pub use batch::{Batch, Delivery, Item};
pub use frame::Taken;
pub use input::{Command, Config, Failure, Input};
pub use machine::Feed;
pub use message::{DecodeError, Event, Message, decode};
pub use notices::{NoTime, NoticeSettings, QuietHours, TimeOfDay, Weekday};
pub use status::{Cause, State, Status};
