//! Requests about alerts: from a browser by HTTP, from the desktop's window by its commands.

use tidings_protocol::api::{User, path};
use wasm_bindgen::JsValue;

use super::desktop;
use super::http::request;
use crate::state::request_error::RequestError;
use crate::state::wire::account::user;

/// Every rule and how it stands, as JSON; so are all answers.
///
/// # Errors
///
/// If the server does not answer, or says no; with each of these requests.
pub async fn list() -> Result<String, RequestError> {
    ask("list_alerts", &[], "GET", path::ALERTS, None).await
}

/// Makes the rule that `body` says.
///
/// # Errors
///
/// As [`list`].
pub async fn create(body: String) -> Result<String, RequestError> {
    let arguments = [("rule", JsValue::from_str(&body))];
    ask("create_alert", &arguments, "POST", path::ALERTS, Some(body)).await
}

/// Changes a rule as `body` says.
///
/// # Errors
///
/// As [`list`].
pub async fn change(id: &str, body: String) -> Result<String, RequestError> {
    let arguments = [("id", id.into()), ("change", JsValue::from_str(&body))];
    ask("change_alert", &arguments, "PATCH", &one(id), Some(body)).await
}

/// Removes a rule.
///
/// # Errors
///
/// As [`list`].
pub async fn remove(id: &str) -> Result<String, RequestError> {
    ask("remove_alert", &[("id", id.into())], "DELETE", &one(id), None).await
}

/// All users; only admins are told.
///
/// # Errors
///
/// As [`list`].
pub async fn users() -> Result<String, RequestError> {
    ask("list_users", &[], "GET", path::USERS, None).await
}

/// Who the server takes the desktop app for; none in a browser, whose feed says it by itself.
pub async fn who_the_app_is() -> Option<User> {
    if !desktop::is_here() {
        return None;
    }
    let text = desktop::request("ask_session", &[]).await.ok()?;
    user(&text)
}

async fn ask(
    command: &str,
    arguments: &[(&str, JsValue)],
    method: &'static str,
    path: &str,
    body: Option<String>,
) -> Result<String, RequestError> {
    if desktop::is_here() {
        return desktop::request(command, arguments).await;
    }
    request(method, path, body).await
}

fn one(id: &str) -> String {
    format!("{}/{}", path::ALERTS, String::from(js_sys::encode_uri_component(id)))
}
