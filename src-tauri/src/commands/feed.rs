//! The feed: what is new, try now, stop.

use std::sync::Arc;

use tauri::State;

use crate::bridge::Bridge;
use crate::error::CommandError;
use crate::notices::{Notices, Order};
use crate::window::Keeper;

/// Waits for what is newer than batch `since`; the answer is a `tidings_feed::Batch` as JSON text.
#[tauri::command]
pub(crate) async fn poll_feed(
    bridge: State<'_, Bridge>,
    keeper: State<'_, Arc<Keeper>>,
    since: u64,
) -> Result<String, CommandError> {
    if since > 0 {
        keeper.has_page();
    }
    Ok(serde_json::to_string(&bridge.poll(since).await)?)
}

/// Connects now, whatever the state.
#[tauri::command]
pub(crate) fn retry_feed(bridge: State<'_, Bridge>, notices: State<'_, Arc<Notices>>) {
    notices.order(Order::Connect);
    bridge.handle().retry();
}

/// Closes the connection until it is retried.
#[tauri::command]
pub(crate) fn disconnect_feed(bridge: State<'_, Bridge>, notices: State<'_, Arc<Notices>>) {
    notices.order(Order::Disconnect);
    bridge.handle().disconnect();
}
