//! When something that proves who a caller is ends: before its time, or at it.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::clock;

/// Longest wait before the wall clock is looked at again, which may have been set.
const CLOCK_CHECK: Duration = Duration::from_secs(60);

/// Waits until `over` is cancelled or the wall clock has reached `expires_at`, in ms since the epoch.
pub(super) async fn ended(over: &CancellationToken, expires_at: Option<u64>) {
    let expired = async {
        let Some(at) = expires_at else { return std::future::pending().await };
        while clock::now_ms() < at {
            let left = Duration::from_millis(at.saturating_sub(clock::now_ms()));
            tokio::time::sleep(left.min(CLOCK_CHECK)).await;
        }
    };
    tokio::select! {
        () = over.cancelled() => {}
        () = expired => {}
    }
}
