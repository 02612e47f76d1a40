//! The inbox: its pages, and what a person does with a notification. Answers are JSON text, as the server's are.

use std::sync::Arc;

use tauri::State;
use tidings_client::InboxQuery;

use crate::error::CommandError;
use crate::servers::Servers;

/// A page of the inbox, the newest first; those before `before` if it is there.
#[tauri::command]
pub(crate) async fn list_notifications(
    servers: State<'_, Arc<Servers>>,
    before: Option<String>,
    limit: usize,
) -> Result<String, CommandError> {
    let asked = InboxQuery { unread: None, before, limit: Some(limit) };
    Ok(serde_json::to_string(&servers.client().notifications(&asked).await?)?)
}

/// Marks one as read.
#[tauri::command]
pub(crate) async fn read_notification(
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().mark_read(&id).await?)?)
}

/// Marks all of a version of the inbox and below as read.
#[tauri::command]
pub(crate) async fn read_all_notifications(
    servers: State<'_, Arc<Servers>>,
    up_to_version: u64,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().mark_all_read(Some(up_to_version)).await?)?)
}

/// Removes one.
#[tauri::command]
pub(crate) async fn remove_notification(
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<(), CommandError> {
    Ok(servers.client().remove_notification(&id).await?)
}
