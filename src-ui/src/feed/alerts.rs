//! Requests about alerts: from a browser by HTTP, from the desktop's window by its commands.

use tidings_protocol::alert::{Alert, AlertChange, AlertRule};
use tidings_protocol::api::{ErrorCode, ErrorDetail, Session, User, path};
use wasm_bindgen::JsValue;

use super::desktop;
use super::http::{RequestError, request};

/// Every rule and how it stands.
///
/// # Errors
///
/// If the server does not answer, or says no; with each of these requests.
pub async fn list() -> Result<Vec<Alert>, ErrorDetail> {
    let text = ask("list_alerts", &[], "GET", path::ALERTS, None).await?;
    serde_json::from_str(&text).map_err(|error| unreadable(&error))
}

/// Makes a rule.
///
/// # Errors
///
/// As [`list`].
pub async fn create(rule: &AlertRule) -> Result<Alert, ErrorDetail> {
    let body = serde_json::to_string(rule).unwrap_or_default();
    let arguments = [("rule", JsValue::from_str(&body))];
    read(&ask("create_alert", &arguments, "POST", path::ALERTS, Some(body)).await?)
}

/// Changes a rule.
///
/// # Errors
///
/// As [`list`].
pub async fn change(id: &str, change: &AlertChange) -> Result<Alert, ErrorDetail> {
    let body = serde_json::to_string(change).unwrap_or_default();
    let arguments = [("id", id.into()), ("change", JsValue::from_str(&body))];
    read(&ask("change_alert", &arguments, "PATCH", &one(id), Some(body)).await?)
}

/// Removes a rule.
///
/// # Errors
///
/// As [`list`].
pub async fn remove(id: &str) -> Result<(), ErrorDetail> {
    ask("remove_alert", &[("id", id.into())], "DELETE", &one(id), None).await.map(drop)
}

/// Names of all users; only admins are told.
///
/// # Errors
///
/// As [`list`].
pub async fn user_names() -> Result<Vec<String>, ErrorDetail> {
    let text = ask("list_users", &[], "GET", path::USERS, None).await?;
    let users: Vec<User> = serde_json::from_str(&text).map_err(|error| unreadable(&error))?;
    Ok(users.into_iter().map(|user| user.name).collect())
}

/// Who the server takes the desktop app for; none in a browser, whose feed says it by itself.
pub async fn who_the_app_is() -> Option<User> {
    if !desktop::is_here() {
        return None;
    }
    let text = desktop::request("ask_session", &[]).await.ok()?;
    Some(serde_json::from_str::<Session>(&text).ok()?.user)
}

async fn ask(
    command: &str,
    arguments: &[(&str, JsValue)],
    method: &str,
    path: &str,
    body: Option<String>,
) -> Result<String, ErrorDetail> {
    let answer = if desktop::is_here() {
        desktop::request(command, arguments).await
    } else {
        request(method, path, body).await
    };
    answer.map_err(|error| match error {
        RequestError::Status { code, message, .. } => ErrorDetail { code, message },
        RequestError::Network(detail) => {
            let detail = if detail.is_empty() { detail } else { format!(": {detail}") };
            lost(format!("the server could not be reached{detail}"))
        }
    })
}

fn read(text: &str) -> Result<Alert, ErrorDetail> {
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

fn unreadable(error: &serde_json::Error) -> ErrorDetail {
    lost(format!("the server’s answer cannot be read ({error}); it may be another release"))
}

/// What no server says.
fn lost(message: String) -> ErrorDetail {
    ErrorDetail { code: ErrorCode::Unknown, message }
}

fn one(id: &str) -> String {
    format!("{}/{}", path::ALERTS, String::from(js_sys::encode_uri_component(id)))
}
