//! Alerts: the rules, changes of them, and who may make those. Bodies and answers are JSON text, as the server's are.

use tauri::State;
use tidings_client::Client;

use crate::error::CommandError;

/// Every rule and how it stands.
#[tauri::command]
pub(crate) async fn list_alerts(client: State<'_, Client>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&client.alerts().await?)?)
}

/// Makes a rule.
#[tauri::command]
pub(crate) async fn create_alert(
    client: State<'_, Client>,
    rule: String,
) -> Result<String, CommandError> {
    let rule = serde_json::from_str(&rule)?;
    Ok(serde_json::to_string(&client.create_alert(&rule).await?)?)
}

/// Changes a rule.
#[tauri::command]
pub(crate) async fn change_alert(
    client: State<'_, Client>,
    id: String,
    change: String,
) -> Result<String, CommandError> {
    let change = serde_json::from_str(&change)?;
    Ok(serde_json::to_string(&client.change_alert(&id, &change).await?)?)
}

/// Removes a rule.
#[tauri::command]
pub(crate) async fn remove_alert(
    client: State<'_, Client>,
    id: String,
) -> Result<(), CommandError> {
    Ok(client.remove_alert(&id).await?)
}

/// Every user, to choose from whom a rule tells.
#[tauri::command]
pub(crate) async fn list_users(client: State<'_, Client>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&client.users().await?)?)
}

/// Who the server takes this app for.
#[tauri::command]
pub(crate) async fn ask_session(client: State<'_, Client>) -> Result<String, CommandError> {
    Ok(serde_json::to_string(&client.session().await?)?)
}
