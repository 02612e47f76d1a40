//! What a server says of its own health.

use std::time::Duration;

use tidings_protocol::event::Heartbeat;

/// A server's word that it cannot use its bus. Only another heartbeat of it takes that back: events may come that were on
/// their way, or that others publish to a bus which takes none of this server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outage {
    /// Since when, by the server's clock, in ms since the epoch.
    since: u64,
    /// How long it had lasted when it was told, by the same clock.
    lasted: Duration,
    /// When it was told first, by the clock of this side.
    told: Duration,
}

impl Outage {
    /// What a heartbeat says that came at `now` behind `before`; null if all is well.
    pub(crate) fn told_by(
        heartbeat: &Heartbeat,
        before: Option<Self>,
        now: Duration,
    ) -> Option<Self> {
        let since = heartbeat.degraded_since?;
        // Told again it is the same one: it must not begin anew with each heartbeat, nor move with the server's clock.
        let known = before.filter(|known| known.since == since);
        let lasted = Duration::from_millis(heartbeat.at.saturating_sub(since));
        Some(known.unwrap_or(Self { since, lasted, told: now }))
    }

    /// How long it has lasted at `now`.
    pub(crate) fn lasts(&self, now: Duration) -> Duration {
        self.lasted.saturating_add(now.saturating_sub(self.told))
    }
}
