//! The one harness: real processes, real browsers, conditions with deadlines.
//!
//! - [`Server`]: a `tidings serve` of its own, on a free port, in a folder of its own.
//! - [`run`] and [`Tail`]: the client commands.
//! - [`Events`]: a stream, read frame by frame.
//! - [`Wire`]: HTTP byte by byte, nothing forgiven.
//! - [`tls`] and [`Http2`]: connections by TLS, and HTTP/2 on them.
//! - [`Firehose`]: a server that pours events.
//! - [`Fleet`]: several servers on one Redis and one Postgres.
//! - [`Namespace`]: a second machine whose link can be cut.
//! - [`Nginx`]: the real one, in front of a server.
//! - [`Redis`]: the real one, and [`Proxy`]: a network with faults.
//! - [`Keyring`]: a session bus with a store of secrets; [`SecretStore`]: with one that a test locks.
//! - [`NoticeService`]: a session bus with a service of notifications.
//! - [`Screen`]: a browser or the desktop window, and what it shows; [`Trace`]: what its main thread does.
//! - [`Stage`]: a display whose pixels are read, for apps that no driver slows down.
//! - [`Spread`]: how measurements are spread.
//! - [`ProcessCost`]: what processes cost; [`Busy`]: some that cost all there is.
//! - [`Scene`]: a live dashboard and its faults; [`Verdicts`]: what panels said of faults, and how late.
//! - [`WallClock`]: a wall clock that a test sets.
//! - [`ledger`]: what was published and what arrived.
//! - [`stories`]: what must hold in browser and window alike.
//! - [`Chance`]: numbers that look like chance, the same each time.
//! - [`until`]: waits for a condition; nothing here sleeps to be ready.

mod binary;
mod bus;
mod busy;
mod chance;
mod command;
mod cost;
mod descriptors;
mod events;
mod firehose;
#[cfg(target_os = "linux")]
mod fleet;
mod group;
mod http2;
mod keyring;
pub mod ledger;
#[cfg(target_os = "linux")]
mod namespace;
mod nginx;
mod notice_service;
mod proxy;
mod redis;
#[cfg(target_os = "linux")]
mod scene;
mod screen;
mod secret_store;
mod server;
mod spread;
mod stage;
pub mod stories;
pub mod tls;
mod tray_service;
mod verdicts;
#[cfg(target_os = "linux")]
mod wall_clock;
pub mod wire;

use std::future::Future;
use std::time::Duration;

use anyhow::{Result, bail};

pub use binary::binary;
pub use busy::Busy;
pub use chance::Chance;
pub use command::{Tail, command, command_at, feed, run};
pub use cost::ProcessCost;
pub use descriptors::raise_descriptor_limit;
pub use events::{Events, Frame};
pub use firehose::{Firehose, Load};
#[cfg(target_os = "linux")]
pub use fleet::Fleet;
pub use group::Group;
pub use http2::{Http2, Http2Events};
pub use keyring::Keyring;
#[cfg(target_os = "linux")]
pub use namespace::Namespace;
pub use nginx::Nginx;
pub use notice_service::{NoticeCall, NoticeService};
pub use proxy::{Fault, Proxy};
pub use redis::Redis;
#[cfg(target_os = "linux")]
pub use scene::{Due, HEARTBEAT_SECONDS, QUIET, Scene};
pub use screen::{AppProcess, FRAME_MS, Screen, Shown, Tab, Trace, epoch_ms, screenshots};
pub use secret_store::SecretStore;
pub use server::{Server, ServerOptions, established, free_address};
pub use spread::Spread;
pub use stage::{Area, Stage};
pub use tray_service::{MenuEntry, TrayService};
pub use verdicts::Verdicts;
#[cfg(target_os = "linux")]
pub use wall_clock::WallClock;
pub use wire::{Head, Wire};

/// How long a condition may take to come true unless a test says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(20);

/// How long a desktop window may take to show something: it starts an engine of its own on a machine that may be busy.
pub const WINDOW_WITHIN: Duration = Duration::from_secs(60);

/// Time between two looks at a condition.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// Waits until `look` yields something, no longer than `deadline`.
///
/// # Errors
///
/// If it does not in time; `what` says what was waited for, and the last error of `look` why.
pub async fn until<T, F>(what: &str, deadline: Duration, mut look: impl FnMut() -> F) -> Result<T>
where
    F: Future<Output = Result<Option<T>>>,
{
    let end = tokio::time::Instant::now() + deadline;
    loop {
        let seen = look().await;
        if let Ok(Some(found)) = seen {
            return Ok(found);
        }
        if tokio::time::Instant::now() >= end {
            match seen {
                Err(error) => bail!("not within {deadline:?}: {what}: {error:#}"),
                Ok(_) => bail!("not within {deadline:?}: {what}"),
            }
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// An HTTP client that follows no redirects, reads no proxy settings and trusts every certificate.
///
/// # Errors
///
/// If it cannot be made.
pub fn http() -> Result<reqwest::Client> {
    // A second call finds the provider installed, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true);
    Ok(builder.redirect(reqwest::redirect::Policy::none()).build()?)
}
