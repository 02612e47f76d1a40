//! The page's one door to the outside: the stream, requests and the desktop's commands.
//!
//! [`start`] chooses the way events come by: over `EventSource` in a browser, through the desktop's
//! commands in its window. What arrives is the same on both.

pub mod alerts;
mod browser;
mod desktop;
pub mod event_source;
pub mod history;
mod http;
pub mod inbox;
pub mod jobs;
pub mod notices;
pub mod processes;
pub mod servers;
mod session;
mod tabs;
mod time;
mod wanted;

use std::rc::Rc;

use tidings_feed::{Delivery, Status};
use tidings_protocol::api::{SignIn, User};

use crate::state::request_error::RequestError;

pub use time::now;

/// What a feed tells the page.
#[derive(Clone, Debug)]
pub enum Update {
    /// The feed's state, and what arrived since the update before.
    News {
        /// The feed's state.
        status: Status,
        /// In the order they arrived.
        deliveries: Vec<Delivery>,
        /// Deliveries the page was too slow for.
        dropped: u64,
    },
    /// Who is signed in, as the server says.
    SignedIn(User),
    /// The sign-in of a link or of [`FeedHandle::sign_in`] failed.
    SignInFailed(RequestError),
    /// The session is ended.
    SignedOut,
    /// The session could not be ended.
    SignOutFailed(RequestError),
}

/// Where a feed's updates go.
pub type Sink = Rc<dyn Fn(Update)>;

/// What a person can ask of a feed.
trait Control {
    fn retry(&self);
    fn disconnect(&self);
    fn sign_in(&self, proof: SignIn);
    fn sign_out(&self);
    fn trust(&self, key: String);
    fn is_desktop(&self) -> bool;
}

/// A running feed; it ends when the last handle goes.
#[derive(Clone)]
pub struct FeedHandle(Rc<dyn Control>);

impl PartialEq for FeedHandle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl FeedHandle {
    /// Closes what is open and connects now.
    pub fn retry(&self) {
        self.0.retry();
    }

    /// Closes the connection until [`retry`](Self::retry).
    pub fn disconnect(&self) {
        self.0.disconnect();
    }

    /// Trades what proves who somebody is for a session, then connects. A failure comes as an [`Update`].
    pub fn sign_in(&self, proof: SignIn) {
        self.0.sign_in(proof);
    }

    /// Ends the session, then the connection. How it went comes as an [`Update`].
    pub fn sign_out(&self) {
        self.0.sign_out();
    }

    /// Trusts the server whose key has this fingerprint from now on, and connects. In a browser that is the browser's
    /// own affair.
    pub fn trust(&self, key: String) {
        self.0.trust(key);
    }

    /// Whether the desktop application holds the connection; then there is no session to end here.
    #[must_use]
    pub fn is_desktop(&self) -> bool {
        self.0.is_desktop()
    }
}

/// Starts the feed this page has use for.
#[must_use]
pub fn start(sink: Sink) -> FeedHandle {
    FeedHandle(if desktop::is_here() { desktop::start(sink) } else { browser::start(sink) })
}
