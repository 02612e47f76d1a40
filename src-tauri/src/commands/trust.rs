//! The server's key.

use std::sync::Arc;

use tauri::State;

use crate::bridge::Bridge;
use crate::error::CommandError;
use crate::notices::{Notices, Order};

/// Trusts the server whose key has this fingerprint from now on, and connects.
#[tauri::command]
pub(crate) async fn trust_server(
    bridge: State<'_, Bridge>,
    notices: State<'_, Arc<Notices>>,
    fingerprint: String,
) -> Result<(), CommandError> {
    bridge.trust(&fingerprint)?;
    notices.order(Order::Connect);
    Ok(())
}
