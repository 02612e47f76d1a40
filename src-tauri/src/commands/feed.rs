//! The feed: what is new, try now, stop.

use std::sync::Arc;

use tauri::State;
use tidings_client::latest_wins_topic;
use tidings_feed::{Batch, Delivery};
use tidings_protocol::topic::metrics_host;

use crate::error::CommandError;
use crate::notices::{Notices, Order};
use crate::servers::Servers;
use crate::window::Keeper;

/// Waits for what is newer than batch `since`; the answer is a `tidings_feed::Batch` as JSON text.
#[tauri::command]
pub(crate) async fn poll_feed(
    servers: State<'_, Arc<Servers>>,
    keeper: State<'_, Arc<Keeper>>,
    since: u64,
) -> Result<String, CommandError> {
    keeper.has_shown(since);
    let batch = servers.poll(since, keeper.seen()).await?;
    if has_figures(&batch) {
        keeper.sends_figures(batch.seq);
    }
    Ok(serde_json::to_string(&batch)?)
}

/// Whether there is a sample of a machine in it.
fn has_figures(batch: &Batch) -> bool {
    let is_sample = |delivery: &Delivery| {
        latest_wins_topic(&delivery.item).is_some_and(|topic| metrics_host(topic).is_some())
    };
    batch.deliveries.iter().any(is_sample)
}

/// Connects now, whatever the state.
#[tauri::command]
pub(crate) fn retry_feed(servers: State<'_, Arc<Servers>>, notices: State<'_, Arc<Notices>>) {
    notices.order(Order::Connect);
    servers.watched().bridge.handle().retry();
}

/// Closes the connection until it is retried.
#[tauri::command]
pub(crate) fn disconnect_feed(servers: State<'_, Arc<Servers>>, notices: State<'_, Arc<Notices>>) {
    notices.order(Order::Disconnect);
    servers.watched().bridge.handle().disconnect();
}
