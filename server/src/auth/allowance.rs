//! What one token, or one user, may use up.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};

use super::tokens::TokenLimits;
use crate::limits::{NoSlot, StreamSlots};

/// Whom something is allowed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// A token of limited scope.
    Token,
    /// A user, by all tokens and sessions together.
    User,
}

/// What is left of it.
#[derive(Debug)]
pub(super) struct Allowance {
    holder: Holder,
    most: NonZeroU32,
    rate: DefaultDirectRateLimiter,
    streams: StreamSlots,
}

/// More events than the token or the user may send.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("this {} may send {most} events a second; send the rest later", holder.noun())]
pub struct OverRate {
    holder: Holder,
    most: NonZeroU32,
    /// How long until one more is taken.
    pub wait: Duration,
}

impl Allowance {
    /// All of `limits`.
    pub(super) fn new(holder: Holder, limits: TokenLimits) -> Self {
        Self {
            holder,
            most: limits.events_per_second,
            rate: RateLimiter::direct(Quota::per_second(limits.events_per_second)),
            streams: StreamSlots::new(limits.streams),
        }
    }

    /// Counts one event.
    pub(super) fn spend_event(&self) -> Result<(), OverRate> {
        self.rate.check().map_err(|later| OverRate {
            holder: self.holder,
            most: self.most,
            wait: later.wait_time_from(DefaultClock::default().now()),
        })
    }

    /// The places for streams, and what whoever finds none there is told.
    pub(super) fn streams(&self) -> (&StreamSlots, NoSlot) {
        let none = match self.holder {
            Holder::Token => NoSlot::OfToken,
            Holder::User => NoSlot::OfUser,
        };
        (&self.streams, none)
    }
}

impl Holder {
    fn noun(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::User => "user",
        }
    }
}
