//! The server's key.

use std::sync::Arc;

use tauri::State;

use crate::error::CommandError;
use crate::notices::{Notices, Order};
use crate::servers::Servers;

/// Trusts the server whose key has this fingerprint from now on, and connects.
#[tauri::command]
pub(crate) async fn trust_server(
    servers: State<'_, Arc<Servers>>,
    notices: State<'_, Arc<Notices>>,
    fingerprint: String,
) -> Result<(), CommandError> {
    servers.watched().bridge.trust(&fingerprint)?;
    notices.order(Order::Connect);
    Ok(())
}
