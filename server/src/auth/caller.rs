//! Who sends a request, and by what.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tidings_protocol::api::{Role, User};
use tidings_protocol::topic::Selector;

use super::allowance::{Allowance, OverRate};
use super::grants;
use super::member::Member;
use super::session::Session;
use super::tokens::Grant;
use crate::limits::{NoSlot, StreamSlot, StreamSlots};

/// A user, and by what the user acts.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Who acts.
    pub user: User,
    /// By what.
    pub via: Via,
    member: Arc<Member>,
}

/// What proves who somebody is. Only a token bounds what the user may do.
#[derive(Clone, Debug)]
pub enum Via {
    /// The token of the data folder.
    OwnersToken,
    /// A browser that is signed in.
    Session(Arc<Session>),
    /// A token of limited scope.
    Token(Arc<Grant>),
}

impl Caller {
    pub(super) fn new(member: Arc<Member>, via: Via) -> Self {
        Self { user: member.user.clone(), via, member }
    }

    /// The token of limited scope that the caller acts by, if it is one.
    #[must_use]
    pub fn grant(&self) -> Option<&Arc<Grant>> {
        match &self.via {
            Via::Token(grant) => Some(grant),
            Via::OwnersToken | Via::Session(_) => None,
        }
    }

    /// Whether the caller may administer the server; a token of limited scope never may.
    #[must_use]
    pub fn is_admin(&self) -> bool {
        self.grant().is_none() && self.user.role == Role::Admin
    }

    /// What the token and the user may use up; the owner's token is bounded by nothing.
    fn allowances(&self) -> [Option<&Allowance>; 2] {
        let user = self.member.allowance();
        match &self.via {
            Via::OwnersToken => [None, None],
            Via::Session(_) => [None, Some(user)],
            Via::Token(grant) => [Some(&grant.allowance), Some(user)],
        }
    }

    /// Counts one event against the rates of token and user.
    ///
    /// # Errors
    ///
    /// If there were as many as there may be; the event must not be taken then.
    pub fn spend_event(&self) -> Result<(), OverRate> {
        self.allowances().into_iter().flatten().try_for_each(Allowance::spend_event)
    }

    /// A place for one more stream, among those of the server, the token and the user.
    ///
    /// # Errors
    ///
    /// If one of them has none.
    pub fn take_stream(&self, server: &StreamSlots) -> Result<StreamSlot, NoSlot> {
        server.take_within(self.allowances().map(|allowance| allowance.map(Allowance::streams)))
    }

    /// Done when the caller may no longer read all that `selectors` match: the token was revoked or is past its time, the
    /// session ended, the user was removed or has another role. None for the owner's token, which goes on for ever.
    #[must_use]
    pub fn ended(&self, selectors: &[Selector]) -> Option<BoxFuture<'static, ()>> {
        if matches!(self.via, Via::OwnersToken) {
            return None;
        }
        let (caller, selectors) = (self.clone(), selectors.to_vec());
        Some(Box::pin(async move {
            let proof = async {
                match &caller.via {
                    Via::OwnersToken => std::future::pending().await,
                    Via::Session(session) => session.ended().await,
                    Via::Token(grant) => grant.ended().await,
                }
            };
            tokio::select! {
                () = proof => {}
                () = caller.forbidden(&selectors) => {}
            }
        }))
    }

    /// Waits until the user's role no longer allows to read all of these.
    async fn forbidden(&self, selectors: &[Selector]) {
        let mut standing = self.member.standing();
        loop {
            // Looked at before it is waited for: it may have changed since the request came.
            let Some(role) = *standing.borrow_and_update() else { return };
            let user = User { role, ..self.user.clone() };
            let caller = Self { user, ..self.clone() };
            if !selectors.iter().all(|selector| grants::may_read(&caller, selector)) {
                return;
            }
            if standing.changed().await.is_err() {
                return;
            }
        }
    }
}
