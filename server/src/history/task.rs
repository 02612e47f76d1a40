//! The task that keeps minutes.

use std::time::Duration;

use tidings_protocol::history::MAX_RANGE_SECONDS;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::History;
use crate::clock;
use crate::store::{MINUTE_MS, Store};

/// Time until a minute that could not be kept is tried again.
const RETRY_AFTER: Duration = Duration::from_secs(10);

/// How long the last ones may take: who ends a server whose database is away is not to wait for it.
const LAST: Duration = Duration::from_secs(2);

/// How often what is too old is removed.
const TRIM_EVERY: Duration = Duration::from_secs(60 * 60);

/// Minutes that are kept: the longest range, and the one it begins in.
const KEPT_MINUTES: u64 = MAX_RANGE_SECONDS / 60 + 1;

/// Minutes that may be yet to come, as clocks of machines differ that share a database.
const AHEAD_MINUTES: u64 = 60;

/// Keeps minutes until `stop`, and then what there is of the one that is not over.
pub(super) async fn run(history: History, stop: CancellationToken) {
    let Some(store) = history.0.store.clone() else { return };
    let keeping = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = keep_on(&history, store.as_ref()) => {}
        }
        history.memory().end_minute();
        // Tried once, and what is not kept by then is a gap.
        let _ = tokio::time::timeout(LAST, keep(&history, store.as_ref())).await;
    };
    let trimming = async {
        tokio::select! {
            // Whoever ends begins nothing.
            biased;
            () = stop.cancelled() => {}
            () = trim(store.as_ref()) => {}
        }
    };
    tokio::join!(keeping, trimming);
}

async fn keep_on(history: &History, store: &dyn Store) {
    loop {
        history.0.wake.notified().await;
        while !keep(history, store).await {
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

/// Keeps what waits; false if it has to be tried again.
async fn keep(history: &History, store: &dyn Store) -> bool {
    loop {
        let (next, lost) = {
            let mut memory = history.memory();
            (memory.next(), std::mem::take(&mut memory.lost))
        };
        if lost > 0 {
            tracing::warn!(
                minutes = lost,
                "the history of metrics has a gap: the database is away for too long"
            );
        }
        let Some(row) = next else { return true };
        if let Err(error) = store.save_minute(&history.0.host, &row).await {
            tracing::warn!(%error, "a minute of metrics is kept later");
            return false;
        }
        history.memory().saved(&row);
    }
}

async fn trim(store: &dyn Store) {
    let mut ticks = tokio::time::interval(TRIM_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let now = clock::now_ms() / MINUTE_MS;
        let (from, until) = (now.saturating_sub(KEPT_MINUTES), now + AHEAD_MINUTES);
        if let Err(error) = store.trim_minutes(from, until).await {
            tracing::warn!(%error, "old metrics are removed later");
        }
    }
}
