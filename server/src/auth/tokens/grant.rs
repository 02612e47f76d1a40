//! A token that may be used, and what it uses up.

use std::num::NonZeroU32;
use std::sync::Arc;

use tidings_protocol::api::TokenInfo;
use tidings_protocol::scope::Scope;
use tidings_protocol::topic::{Selector, Topic};
use tokio_util::sync::CancellationToken;

use crate::auth::allowance::{Allowance, Holder};
use crate::auth::{Digested, expiry};
use crate::clock;
use crate::store::TokenRow;

/// What one token may use up, or one user.
#[derive(Clone, Copy, Debug)]
pub struct TokenLimits {
    /// Events a second; as many at once.
    pub events_per_second: NonZeroU32,
    /// Streams at once.
    pub streams: usize,
}

/// A token that may be used.
#[derive(Debug)]
pub struct Grant {
    pub(in crate::auth) info: TokenInfo,
    scopes: Vec<Scope>,
    /// What it may use up, within what its user may.
    pub(in crate::auth) allowance: Allowance,
    pub(in crate::auth) revoked: CancellationToken,
}

impl Grant {
    /// None if the row holds what this release does not know.
    pub(in crate::auth) fn new(
        row: &TokenRow,
        limits: TokenLimits,
    ) -> Option<(Digested, Arc<Self>)> {
        let digest = Digested::from_hex(&row.digest)?;
        let scopes: Result<Vec<Scope>, _> = row.scopes.iter().map(|scope| scope.parse()).collect();
        let grant = Self {
            info: row.clone().into_info(),
            scopes: scopes.ok()?,
            allowance: Allowance::new(Holder::Token, limits),
            revoked: CancellationToken::new(),
        };
        Some((digest, Arc::new(grant)))
    }

    /// What people call it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Whether a scope allows to read all that `selector` matches.
    #[must_use]
    pub fn may_read(&self, selector: &Selector) -> bool {
        let covers =
            |scope: &Scope| matches!(scope, Scope::Read(topics) if topics.covers(selector));
        self.scopes.iter().any(covers)
    }

    /// Whether a scope allows to publish to `topic`.
    #[must_use]
    pub fn may_publish(&self, topic: &Topic) -> bool {
        let matches =
            |scope: &Scope| matches!(scope, Scope::Publish(topics) if topics.matches(topic));
        self.scopes.iter().any(matches)
    }

    /// Whether this very scope is among those of the token.
    #[must_use]
    pub fn has(&self, scope: &Scope) -> bool {
        self.scopes.contains(scope)
    }

    /// Waits until it is revoked or past its time.
    pub(in crate::auth) async fn ended(&self) {
        expiry::ended(&self.revoked, self.info.expires_at).await;
    }

    pub(in crate::auth) fn is_expired(&self) -> bool {
        self.info.expires_at.is_some_and(|at| at <= clock::now_ms())
    }
}
