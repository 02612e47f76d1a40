//! The wire contract of Tidings, declared once.
//!
//! Everything that crosses a process boundary is a type of this crate: what the server streams, what
//! its routes take and answer, and the words errors are told in. It builds for native targets and for
//! `wasm32`, and depends on serde alone.
//!
//! - [`event`]: ids and cursors, the envelope of an event, `connected`, `heartbeat` and `gap`.
//! - [`metrics`]: one sample of a machine, as published on `metrics/{host}`.
//! - [`alert`]: what a figure may not do, and how it stands; [`quiet`]: when nobody is told.
//! - [`metric`]: the figures of a sample by name.
//! - [`history`]: what they were.
//! - [`notification`]: what somebody is to know, and how an inbox changes.
//! - [`job`]: long work with progress.
//! - [`processes`]: every process of a machine, and who may end one.
//! - [`topic`]: topic names and the selectors that match them.
//! - [`scope`]: what a token may do with topics.
//! - [`fingerprint`]: what a server's key is known by.
//! - [`api`]: paths, request and answer bodies, error codes.
//!
//! JSON keys are camelCase and times are milliseconds since the Unix epoch. `tests/wire.rs` holds a
//! snapshot of every shape: a change there is a change of the contract.

pub mod alert;
pub mod api;
pub mod event;
pub mod fingerprint;
pub mod history;
pub mod job;
pub mod metric;
pub mod metrics;
pub mod notification;
pub mod processes;
pub mod quiet;
pub mod scope;
pub mod topic;

/// Version of the stream protocol this crate describes; told in [`event::Connected`].
///
/// A client that meets another number says *Incompatible* instead of guessing.
pub const PROTOCOL_VERSION: u32 = 1;
