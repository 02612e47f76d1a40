//! A token that may be used, and what it uses up.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tidings_protocol::api::{TokenInfo, User};
use tidings_protocol::scope::{Access, Scope};
use tidings_protocol::topic::{Selector, Topic};
use tokio_util::sync::CancellationToken;

use crate::auth::Digested;
use crate::clock;
use crate::limits::StreamSlots;
use crate::store::TokenRow;

/// Longest wait before the wall clock is looked at again, which may have been set.
const CLOCK_CHECK: Duration = Duration::from_secs(60);

/// What one token may use up.
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
    pub(super) info: TokenInfo,
    user: User,
    scopes: Vec<Scope>,
    limits: TokenLimits,
    rate: DefaultDirectRateLimiter,
    streams: StreamSlots,
    pub(super) revoked: CancellationToken,
}

/// More events than the token may send.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this token may send {most} events a second; send the rest later")]
pub struct OverRate {
    most: NonZeroU32,
    /// How long until one more is taken.
    pub wait: Duration,
}

impl Grant {
    /// None if the row is not one of `user`, or holds what this release does not know.
    pub(super) fn new(
        row: &TokenRow,
        user: &User,
        limits: TokenLimits,
    ) -> Option<(Digested, Arc<Self>)> {
        let digest = Digested::from_hex(&row.digest)?;
        let scopes: Result<Vec<Scope>, _> = row.scopes.iter().map(|scope| scope.parse()).collect();
        let grant = Self {
            info: row.clone().into_info(),
            user: (row.user_id == user.id).then(|| user.clone())?,
            scopes: scopes.ok()?,
            limits,
            rate: RateLimiter::direct(Quota::per_second(limits.events_per_second)),
            streams: StreamSlots::new(limits.streams),
            revoked: CancellationToken::new(),
        };
        Some((digest, Arc::new(grant)))
    }

    /// The user the token acts for.
    #[must_use]
    pub fn user(&self) -> &User {
        &self.user
    }

    /// Whether a scope allows to read all that `selector` matches.
    #[must_use]
    pub fn may_read(&self, selector: &Selector) -> bool {
        self.topics(Access::Read).any(|topics| topics.covers(selector))
    }

    /// Whether a scope allows to publish to `topic`.
    #[must_use]
    pub fn may_publish(&self, topic: &Topic) -> bool {
        self.topics(Access::Publish).any(|topics| topics.matches(topic))
    }

    fn topics(&self, access: Access) -> impl Iterator<Item = &Selector> {
        self.scopes.iter().filter(move |scope| scope.access == access).map(|scope| &scope.topics)
    }

    pub(in crate::auth) fn spend_event(&self) -> Result<(), OverRate> {
        self.rate.check().map_err(|later| OverRate {
            most: self.limits.events_per_second,
            wait: later.wait_time_from(DefaultClock::default().now()),
        })
    }

    pub(in crate::auth) fn streams(&self) -> &StreamSlots {
        &self.streams
    }

    pub(in crate::auth) fn ended(&self) -> BoxFuture<'static, ()> {
        let (revoked, expires_at) = (self.revoked.clone(), self.info.expires_at);
        Box::pin(async move {
            let expired = async {
                let Some(at) = expires_at else { return std::future::pending().await };
                while clock::now_ms() < at {
                    let left = Duration::from_millis(at.saturating_sub(clock::now_ms()));
                    tokio::time::sleep(left.min(CLOCK_CHECK)).await;
                }
            };
            tokio::select! {
                () = revoked.cancelled() => {}
                () = expired => {}
            }
        })
    }

    pub(super) fn is_expired(&self) -> bool {
        self.info.expires_at.is_some_and(|at| at <= clock::now_ms())
    }
}
