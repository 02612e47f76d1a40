//! The past of metrics, for charts and as a sheet.

use std::sync::Arc;

use tauri::{AppHandle, Manager, Runtime, State};
use tidings_client::HistoryQuery;

use super::jobs::{keep, part_in, plain};
use crate::error::CommandError;
use crate::servers::Servers;

/// What metrics of a machine were, with so many significant digits.
#[tauri::command]
pub(crate) async fn metrics_history(
    servers: State<'_, Arc<Servers>>,
    host: String,
    range: String,
    metrics: Vec<String>,
    digits: u8,
) -> Result<String, CommandError> {
    let asked =
        HistoryQuery { metrics, range: Some(range), host: Some(host), digits: Some(digits) };
    Ok(serde_json::to_string(&servers.client().history(&asked).await?)?)
}

/// Saves the same as CSV in the folder of downloads, under a name that is free there, and returns where it lies.
#[tauri::command]
pub(crate) async fn save_metrics_history<R: Runtime>(
    app: AppHandle<R>,
    servers: State<'_, Arc<Servers>>,
    host: String,
    range: String,
    metrics: Vec<String>,
) -> Result<String, CommandError> {
    let folder = app.path().download_dir().or_else(|_| app.path().home_dir())?;
    let name = format!("metrics-{host}-{range}.csv");
    let asked = HistoryQuery { metrics, range: Some(range), host: Some(host), digits: None };
    let sheet = servers.client().history_csv(&asked).await?;
    tokio::fs::create_dir_all(&folder).await?;
    // Half a sheet looks like a whole one: it has another name, and goes with this call.
    let part = part_in(&folder)?;
    tokio::fs::write(part.path(), &sheet).await?;
    Ok(keep(part, &folder, &plain(&name))?.display().to_string())
}
