//! The inbox: its pages, and what a person does with a notification. Answers are JSON text, as the server's are.

use tauri::State;
use tidings_client::{Client, InboxQuery};

use crate::error::CommandError;

/// A page of the inbox, the newest first; those before `before` if it is there.
#[tauri::command]
pub(crate) async fn list_notifications(
    client: State<'_, Client>,
    before: Option<String>,
    limit: usize,
) -> Result<String, CommandError> {
    let asked = InboxQuery { unread: None, before, limit: Some(limit) };
    Ok(serde_json::to_string(&client.notifications(&asked).await?)?)
}

/// Marks one as read.
#[tauri::command]
pub(crate) async fn read_notification(
    client: State<'_, Client>,
    id: String,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&client.mark_read(&id).await?)?)
}

/// Marks all of a version of the inbox and below as read.
#[tauri::command]
pub(crate) async fn read_all_notifications(
    client: State<'_, Client>,
    up_to_version: u64,
) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&client.mark_all_read(Some(up_to_version)).await?)?)
}

/// Removes one.
#[tauri::command]
pub(crate) async fn remove_notification(
    client: State<'_, Client>,
    id: String,
) -> Result<(), CommandError> {
    Ok(client.remove_notification(&id).await?)
}
