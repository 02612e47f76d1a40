//! A user as this server knows them.

use std::sync::Arc;

use tidings_protocol::api::{Role, User};
use tokio::sync::watch;

use super::allowance::{Allowance, Holder};
use super::tokens::TokenLimits;
use crate::store::{PasswordHash, UserRow};

/// A user at some moment. What is told by `standing` is told to all that were made of the same user.
#[derive(Debug)]
pub(super) struct Member {
    /// As others see them.
    pub(super) user: User,
    /// The name as it is compared.
    pub(super) folded: String,
    /// What the password is checked by; none if there is none.
    pub(super) password: Option<PasswordHash>,
    /// When they were added, in ms since the epoch.
    pub(super) created_at: u64,
    /// The role, for streams that go on; none once the user is removed.
    standing: Arc<watch::Sender<Option<Role>>>,
    allowance: Arc<Allowance>,
}

impl Member {
    /// A user of whom nothing was known.
    pub(super) fn new(row: UserRow, limits: TokenLimits) -> Self {
        let standing = Arc::new(watch::Sender::new(Some(row.role)));
        Self::with(row, standing, Arc::new(Allowance::new(Holder::User, limits)))
    }

    /// The same user with other properties, who has used up what they had; whoever watches hears of another role.
    pub(super) fn changed(&self, row: UserRow) -> Self {
        let role = Some(row.role);
        self.standing.send_if_modified(|known| std::mem::replace(known, role) != role);
        Self::with(row, Arc::clone(&self.standing), Arc::clone(&self.allowance))
    }

    fn with(
        row: UserRow,
        standing: Arc<watch::Sender<Option<Role>>>,
        allowance: Arc<Allowance>,
    ) -> Self {
        let UserRow { id, name, folded, role, password, created_at } = row;
        Self { user: User { id, name, role }, folded, password, created_at, standing, allowance }
    }

    /// What the user may use up, by sessions and tokens together.
    pub(super) fn allowance(&self) -> &Allowance {
        &self.allowance
    }

    /// Tells whoever watches that the user is no more.
    pub(super) fn remove(&self) {
        self.standing.send_replace(None);
    }

    /// The role from now on; none once the user is removed.
    pub(super) fn standing(&self) -> watch::Receiver<Option<Role>> {
        self.standing.subscribe()
    }
}
