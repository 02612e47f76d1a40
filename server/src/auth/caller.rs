//! Who sends a request, and by what.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidings_protocol::api::{Role, User};

use super::tokens::{Grant, OverRate};
use crate::limits::{NoSlot, StreamSlot, StreamSlots};

/// A user, and the token of limited scope through which the user acts if it is one. The owner's own token
/// and a browser's session act without limits.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who acts.
    pub user: User,
    /// By which token; none for the owner's and for a session.
    pub token: Option<Arc<Grant>>,
}

impl Caller {
    /// Whether the caller may administer the server; a token of limited scope never may.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.token.is_none() && self.user.role == Role::Admin
    }

    /// Counts one event against the token's rate.
    ///
    /// # Errors
    ///
    /// If there were as many as there may be; the event must not be taken then.
    pub fn spend_event(&self) -> Result<(), OverRate> {
        self.token.as_ref().map_or(Ok(()), |grant| grant.spend_event())
    }

    /// A place for one more stream, among those of the server and those of the token.
    ///
    /// # Errors
    ///
    /// If one of the two has none.
    pub fn take_stream(&self, server: &StreamSlots) -> Result<StreamSlot, NoSlot> {
        server.take_within(self.token.as_ref().map(|grant| grant.streams()))
    }

    /// Ends when the token is revoked or expires; none for what does not end so.
    #[must_use]
    pub fn ended(&self) -> Option<BoxFuture<'static, ()>> {
        self.token.as_ref().map(|grant| grant.ended())
    }
}
