//! The processes of the server's machine, and the end of one.

use tauri::State;
use tidings_client::Client;

use crate::error::CommandError;

/// Every process, as the server tells them.
#[tauri::command]
pub(crate) async fn list_processes(client: State<'_, Client>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&client.processes().await?)?)
}

/// Asks a process to end, or ends it by force.
#[tauri::command]
pub(crate) async fn end_process(
    client: State<'_, Client>,
    pid: u32,
    start: u64,
    force: bool,
) -> Result<(), CommandError> {
    Ok(client.end_process(pid, start, force).await?)
}
