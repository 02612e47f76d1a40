//! Requests about alerts: from a browser by HTTP, from the desktop's window by its commands.

use tidings_protocol::api::{ErrorCode, ErrorDetail, User, path};
use wasm_bindgen::JsValue;

use super::desktop;
use super::http::{RequestError, request};
use crate::state::wire::account::user;
use crate::text::{fill, text};

/// Every rule and how it stands, as JSON; so are all answers.
///
/// # Errors
///
/// If the server does not answer, or says no; with each of these requests.
pub async fn list() -> Result<String, ErrorDetail> {
    ask("list_alerts", &[], "GET", path::ALERTS, None).await
}

/// Makes the rule that `body` says.
///
/// # Errors
///
/// As [`list`].
pub async fn create(body: String) -> Result<String, ErrorDetail> {
    let arguments = [("rule", JsValue::from_str(&body))];
    ask("create_alert", &arguments, "POST", path::ALERTS, Some(body)).await
}

/// Changes a rule as `body` says.
///
/// # Errors
///
/// As [`list`].
pub async fn change(id: &str, body: String) -> Result<String, ErrorDetail> {
    let arguments = [("id", id.into()), ("change", JsValue::from_str(&body))];
    ask("change_alert", &arguments, "PATCH", &one(id), Some(body)).await
}

/// Removes a rule.
///
/// # Errors
///
/// As [`list`].
pub async fn remove(id: &str) -> Result<String, ErrorDetail> {
    ask("remove_alert", &[("id", id.into())], "DELETE", &one(id), None).await
}

/// All users; only admins are told.
///
/// # Errors
///
/// As [`list`].
pub async fn users() -> Result<String, ErrorDetail> {
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
) -> Result<String, ErrorDetail> {
    let answer = if desktop::is_here() {
        desktop::request(command, arguments).await
    } else {
        request(method, path, body).await
    };
    answer.map_err(detail)
}

/// An error as the server would tell it.
pub(super) fn detail(error: RequestError) -> ErrorDetail {
    match error {
        RequestError::Status { code, message, .. } => ErrorDetail { code, message },
        RequestError::Network(detail) => {
            let words = &text().sign_in;
            let words = if detail.is_empty() { words.lost } else { words.lost_why };
            lost(fill(words, &[&detail]))
        }
        RequestError::App { message, .. } => lost(message),
        RequestError::Unreadable(_) => unreadable(),
    }
}

/// The server's answer is none that this page can read.
#[must_use]
pub fn unreadable() -> ErrorDetail {
    lost(text().sign_in.other_release.to_owned())
}

/// What no server says.
fn lost(message: String) -> ErrorDetail {
    ErrorDetail { code: ErrorCode::Unknown, message }
}

fn one(id: &str) -> String {
    format!("{}/{}", path::ALERTS, String::from(js_sys::encode_uri_component(id)))
}
