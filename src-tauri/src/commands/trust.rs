//! The server's key.

use tauri::State;

use crate::bridge::Bridge;
use crate::error::CommandError;

/// Trusts the server whose key has this fingerprint from now on, and connects.
#[tauri::command]
pub(crate) async fn trust_server(
    bridge: State<'_, Bridge>,
    fingerprint: String,
) -> Result<(), CommandError> {
    Ok(bridge.trust(&fingerprint)?)
}
