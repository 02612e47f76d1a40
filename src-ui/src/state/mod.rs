//! What the page shows, as plain data with plain functions: no browser in it, so `cargo test` runs it.

pub mod alerts;
pub mod chart;
pub mod connection;
pub mod events;
pub mod format;
pub mod freshness;
pub mod jobs;
pub mod json;
pub mod layout;
pub mod members;
pub mod metrics;
pub mod notifications;
pub mod processes;
pub mod reader;
pub mod request_error;
pub mod server_clock;
pub mod servers;
pub mod settings;
pub mod stale;
pub mod store;
pub mod toasts;
pub mod topics;
pub mod wire;
