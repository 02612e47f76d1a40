//! The servers that the app knows. Answers are JSON text.

use std::sync::Arc;

use tauri::{AppHandle, Runtime, State};

use crate::error::CommandError;
use crate::servers::{Draft, Servers};

/// Every server at a glance, once there is something that version `since` has not; nothing where there is one alone, by the
/// environment.
#[tauri::command]
pub(crate) async fn list_servers(
    servers: State<'_, Arc<Servers>>,
    since: u64,
) -> Result<String, CommandError> {
    Ok(servers.told(since).await?)
}

/// Shows another server; the page is to be loaded anew then. With `prepare` nothing is shown yet: its token is read, for which a person may
/// have to open the store of secrets, and the page can wait for that.
#[tauri::command]
pub(crate) async fn choose_server<R: Runtime>(
    app: AppHandle<R>,
    servers: State<'_, Arc<Servers>>,
    id: String,
    prepare: bool,
) -> Result<(), CommandError> {
    if prepare {
        return Ok(servers.prepare(&id).await?);
    }
    Ok(servers.choose(&app, &id).await?)
}

/// Tries a server, keeps it if that is wanted and it is well, and says how that went.
#[tauri::command]
pub(crate) async fn try_server<R: Runtime>(
    app: AppHandle<R>,
    servers: State<'_, Arc<Servers>>,
    draft: String,
    keep: bool,
) -> Result<String, CommandError> {
    // What is wrong with it could hold the token.
    let draft: Draft = serde_json::from_str(&draft).map_err(|_| CommandError::unreadable())?;
    Ok(serde_json::to_string(&servers.try_out(&app, draft, keep).await)?)
}

/// Removes a server and its token.
#[tauri::command]
pub(crate) async fn remove_server<R: Runtime>(
    app: AppHandle<R>,
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<(), CommandError> {
    Ok(servers.remove(&app, &id).await?)
}
