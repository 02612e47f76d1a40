//! Native client of a Tidings server.
//!
//! ```text
//!   Client ── subscribe ──> Subscription (one task) ── next().await ──> Update {status, deliveries, dropped}
//!      │                          │
//!   session(), publish() Feed decides · Link carries out one attempt: Transport ─> Lines ─> eventsource-client
//! ```
//!
//! - [`Credentials`]: which server, and the token it wants.
//! - [`Trust`]: which key of a server will do.
//! - [`Client`]: one server; requests and subscriptions.
//! - [`Subscription`]: what arrives, and the state of the connection.
//! - [`Link`]: one connection to a stream, frame by frame; what a subscription is made of.
//! - [`Outbox`]: what waits for a slow reader.
//! - [`Process`]: a job that a request started, followed by the stream that answers the request.
//!
//! When to connect, give up and try again is decided by [`tidings_feed`] alone: each attempt is a stream
//! of eventsource-client that does not reconnect by itself.

mod alerts;
mod client;
mod credentials;
mod error;
mod history;
mod http;
mod jobs;
mod lines;
mod link;
mod notifications;
mod outbox;
mod process;
mod processes;
mod publish;
mod redirect;
mod subscription;
mod token;
mod tokens;
mod transport;
mod trust;
mod users;

pub use client::{Client, ClientConfig};
pub use credentials::{Credentials, CredentialsError, Sources, default_data_dir};
pub use error::ClientError;
pub use history::HistoryQuery;
pub use jobs::{JobsQuery, ResultError};
pub use link::{Frame, Heard, Link};
pub use notifications::InboxQuery;
pub use outbox::{Bounds, Outbox, Overflow, latest_wins_topic};
pub use process::{Process, ProcessError, ProcessEvent, ProcessLimits, ProcessOptions};
pub use publish::Body;
pub use subscription::{Handle, Subscription, Update};
/// What the feed says of a connection and hands over; for readers that need nothing else of it.
pub use tidings_feed::{Cause, Delivery, Item, State, Status};
/// What a server's key is known by.
pub use tidings_protocol::fingerprint::Fingerprint;
pub use token::Token;
pub use trust::{Distrust, KnownServers, Trust, TrustError, Untrusted};
