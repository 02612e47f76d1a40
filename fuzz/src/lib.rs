//! The files that are fuzzed, without the rest of what they belong to: a build takes seconds, not minutes.
//!
//! - [`frame`], [`config`]: the server's encoder and configuration.
//! - [`cleaned`]: what the native client makes of a stream before it parses it.
//! - [`parser`]: a second reading of the specification of event streams.

#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "the files are whole, and not all of each is used here"
)]

#[path = "../../server/src/clock.rs"]
mod clock;
#[path = "../../server/src/config/mod.rs"]
pub mod config;
#[path = "../../server/src/hub/event.rs"]
mod event;
#[path = "../../server/src/sse/frame.rs"]
pub mod frame;
#[path = "../../server/src/json.rs"]
mod json;
#[path = "../../crates/client/src/lines.rs"]
mod lines;
#[path = "../../server/src/origins.rs"]
mod origins;
#[path = "../../server/src/output/mod.rs"]
pub mod output;
pub mod parser;
mod stand_in;

pub use event::Event;
use stand_in::{auth, collectors, hub, sse};

/// A stream that comes in pieces of so many bytes, as the native client hands it to its parser.
pub fn cleaned(stream: &[u8], piece: usize) -> Vec<u8> {
    let mut lines = lines::Lines::new(lines::Limits { line: usize::MAX, event: usize::MAX });
    let mut out = Vec::new();
    for chunk in stream.chunks(piece) {
        lines.rewrite(chunk, &mut out).unwrap();
    }
    out
}

/// A configuration of this text.
pub fn configured(text: &str) -> Result<config::Config, config::ConfigError> {
    config::Config::parse(text, std::path::Path::new("tidings.toml"))
}
