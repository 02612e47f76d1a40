//! The Tidings dashboard, in the browser and in the desktop window.
//!
//! ```text
//!   server ──EventSource──┐
//!                         ├─> feed ──> state (pure) ──> hooks ──> panels ──> components
//!   desktop ──long poll───┘      └──> curves ──once a frame──> charts
//! ```
//!
//! - [`feed`]: the one door to the outside; drives `tidings-feed` in a browser.
//! - [`state`]: what is shown, as plain data; runs under a native `cargo test`.
//! - [`hooks`]: how components ask for it; [`hooks::use_event_source`] for streams of their own.
//! - [`panels`]: the parts of the dashboard, one file and one registry line each.
//! - [`shell`]: what stands around them.
//! - [`components`]: pieces that show what they are given.
//! - [`text`]: every word of the page, in each language.
//! - [`view`]: how all of them become nodes.

#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "figures for people, far within what an f64 holds"
)]

pub mod app;
pub mod components;
pub mod feed;
pub mod hooks;
pub mod panels;
pub mod shell;
pub mod state;
pub mod text;
pub mod view;

/// Starts the dashboard in the page's body.
pub fn run() {
    yew::Renderer::<app::App>::new().render();
}
