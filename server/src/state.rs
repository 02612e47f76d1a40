//! What every route can reach.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::alerts::Alerts;
use crate::auth::Auth;
use crate::auth::guards::AllowedHosts;
use crate::history::History;
use crate::hub::{Hub, Lane};
use crate::jobs::Jobs;
use crate::limits::StreamSlots;
use crate::notifications::Notifications;
use crate::origins::AllowedOrigins;
use crate::processes::Processes;
use crate::sse::Pace;
use crate::store::Store;

/// State of the routes; clones are the same state. One pointer, since each layer of a router clones it for
/// each request.
#[derive(Clone, Debug)]
pub struct AppState(Arc<Local>);

/// The state as a thread has it, so that threads do not count the same references.
#[derive(Debug)]
struct Local {
    parts: Arc<Parts>,
    lane: Option<Lane>,
}

/// What the state is made of.
#[derive(Debug)]
pub struct Parts {
    /// Where events come from and go.
    pub hub: Hub,
    /// Work that takes its time.
    pub jobs: Jobs,
    /// What somebody is to know.
    pub notifications: Notifications,
    /// What the figures of this machine are held to.
    pub alerts: Alerts,
    /// What the figures of this machine were.
    pub history: History,
    /// The processes of this machine.
    pub processes: Processes,
    /// Who somebody is.
    pub auth: Arc<Auth>,
    /// What outlives the process; none in a server that keeps nothing on disk.
    pub store: Option<Arc<dyn Store>>,
    /// Name of this machine.
    pub host_name: Arc<str>,
    /// Names this server answers to.
    pub hosts: Arc<AllowedHosts>,
    /// Pages elsewhere that may use the API.
    pub(crate) origins: Arc<AllowedOrigins>,
    /// Largest body of a published event, in bytes.
    pub body_bytes: usize,
    /// Name of the session cookie.
    pub cookie: Arc<str>,
    /// What each stream keeps to.
    pub(crate) pace: Pace,
    /// How many more streams there may be.
    pub streams: StreamSlots,
    /// Cancelled once the server is on its way to end.
    pub draining: CancellationToken,
}

impl From<Parts> for AppState {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(Local { parts: Arc::new(parts), lane: None }))
    }
}

impl AppState {
    /// The same state for a thread whose streams are woken by way of `lane`.
    #[must_use]
    pub fn with_lane(&self, lane: Lane) -> Self {
        Self(Arc::new(Local { parts: Arc::clone(&self.0.parts), lane: Some(lane) }))
    }

    /// What wakes the streams of this thread, if it is not whoever publishes.
    #[must_use]
    pub fn lane(&self) -> Option<&Lane> {
        self.0.lane.as_ref()
    }
}

impl std::ops::Deref for AppState {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0.parts
    }
}
