//! The processes of the server's machine, and the end of one.

use std::sync::Arc;

use tauri::State;

use crate::error::CommandError;
use crate::servers::Servers;

/// Every process, as the server tells them.
#[tauri::command]
pub(crate) async fn list_processes(
    servers: State<'_, Arc<Servers>>,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().processes().await?)?)
}

/// Asks a process to end, or ends it by force.
#[tauri::command]
pub(crate) async fn end_process(
    servers: State<'_, Arc<Servers>>,
    pid: u32,
    start: u64,
    force: bool,
) -> Result<(), CommandError> {
    Ok(servers.client().end_process(pid, start, force).await?)
}
