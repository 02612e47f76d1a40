//! Alerts: the rules, changes of them, and who may make those. Bodies and answers are JSON text, as the server's are.

use std::sync::Arc;

use tauri::State;

use crate::error::CommandError;
use crate::servers::Servers;

/// Every rule and how it stands.
#[tauri::command]
pub(crate) async fn list_alerts(servers: State<'_, Arc<Servers>>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().alerts().await?)?)
}

/// Makes a rule.
#[tauri::command]
pub(crate) async fn create_alert(
    servers: State<'_, Arc<Servers>>,
    rule: String,
) -> Result<String, CommandError> {
    let rule = serde_json::from_str(&rule)?;
    Ok(serde_json::to_string(&servers.client().create_alert(&rule).await?)?)
}

/// Changes a rule.
#[tauri::command]
pub(crate) async fn change_alert(
    servers: State<'_, Arc<Servers>>,
    id: String,
    change: String,
) -> Result<String, CommandError> {
    let change = serde_json::from_str(&change)?;
    Ok(serde_json::to_string(&servers.client().change_alert(&id, &change).await?)?)
}

/// Removes a rule.
#[tauri::command]
pub(crate) async fn remove_alert(
    servers: State<'_, Arc<Servers>>,
    id: String,
) -> Result<(), CommandError> {
    Ok(servers.client().remove_alert(&id).await?)
}

/// Every user, to choose from whom a rule tells.
#[tauri::command]
pub(crate) async fn list_users(servers: State<'_, Arc<Servers>>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().users().await?)?)
}

/// Who the server takes this app for.
#[tauri::command]
pub(crate) async fn ask_session(servers: State<'_, Arc<Servers>>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&servers.client().session().await?)?)
}
