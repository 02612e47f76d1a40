//! What the hub needs besides events: a look at their age, and an end of its readers.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::hub::Hub;

/// How often history is searched for events that are past their age.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// Time between two looks at whether all streams have ended.
const STREAMS_CHECK: Duration = Duration::from_millis(50);

/// Waits until nobody reads any more.
pub(crate) async fn streams_gone(hub: &Hub) {
    let mut ticks = tokio::time::interval(STREAMS_CHECK);
    while hub.subscribers() > 0 {
        ticks.tick().await;
    }
}

/// Lets go of what is too old, until `shutdown`.
pub(crate) async fn sweep(hub: Hub, shutdown: CancellationToken) {
    let mut ticks = tokio::time::interval(SWEEP_EVERY);
    loop {
        tokio::select! {
            () = shutdown.cancelled() => return,
            _ = ticks.tick() => hub.sweep(),
        }
    }
}
