//! Requests about the reader's notifications: from a browser by HTTP, from the desktop's window by its commands.

use std::future::Future;
use std::pin::Pin;

use tidings_protocol::api::{path, query};
use tidings_protocol::notification::{Inbox, InboxChange, Unread};
use wasm_bindgen::JsValue;

use super::{desktop, http};
use crate::state::request_error::RequestError;
use crate::state::wire::inbox;

/// One request, for either way.
pub(super) struct Question {
    pub(super) command: &'static str,
    pub(super) arguments: Vec<(&'static str, JsValue)>,
    pub(super) method: &'static str,
    pub(super) path: String,
    pub(super) body: Option<String>,
}

/// What is asked, on its way.
pub(super) type Answer = Pin<Box<dyn Future<Output = Result<String, RequestError>>>>;

/// Behind a pointer, so that the program has the state of a request once, and not in each of those below.
pub(super) fn ask(question: Question) -> Answer {
    Box::pin(async move {
        let Question { command, arguments, method, path, body } = question;
        if desktop::is_here() {
            return desktop::question(command, arguments).await;
        }
        http::request(method, &path, body).await
    })
}

/// A page of `limit` notifications at most: the newest, or those behind a page whose `next` is `before`.
///
/// # Errors
///
/// If the server does not answer, or says no; with each of these requests.
pub async fn page(before: Option<&str>, limit: usize) -> Result<Inbox, RequestError> {
    let mut path = format!("{}?{}={limit}", path::NOTIFICATIONS, query::LIMIT);
    let mut arguments = vec![("limit", JsValue::from_f64(limit as f64))];
    if let Some(before) = before {
        path.push_str(&format!("&{}={}", query::BEFORE, escaped(before)));
        arguments.push(("before", before.into()));
    }
    let command = "list_notifications";
    let answer = ask(Question { command, arguments, method: "GET", path, body: None }).await?;
    inbox::page(&answer).ok_or_else(RequestError::unreadable)
}

/// Marks one as read.
///
/// # Errors
///
/// As [`page`].
pub async fn mark_read(id: &str) -> Result<(), RequestError> {
    let path = format!("{}/{}/read", path::NOTIFICATIONS, escaped(id));
    let arguments = vec![("id", id.into())];
    let command = "read_notification";
    ask(Question { command, arguments, method: "POST", path, body: None }).await.map(drop)
}

/// Marks all of that version of the inbox and below as read.
///
/// # Errors
///
/// As [`page`].
pub async fn mark_all_read(up_to_version: u64) -> Result<Unread, RequestError> {
    let answer = ask(Question {
        command: "read_all_notifications",
        arguments: vec![("upToVersion", JsValue::from_f64(up_to_version as f64))],
        method: "POST",
        path: path::READ_ALL.to_owned(),
        body: Some(format!("{{\"upToVersion\":{up_to_version}}}")),
    });
    // The same as a change that names nothing.
    let change = inbox::change(&answer.await?);
    let InboxChange { unread_count, version, .. } = change.ok_or_else(RequestError::unreadable)?;
    Ok(Unread { unread_count, version })
}

/// Removes one.
///
/// # Errors
///
/// As [`page`].
pub async fn remove(id: &str) -> Result<(), RequestError> {
    let path = format!("{}/{}", path::NOTIFICATIONS, escaped(id));
    let arguments = vec![("id", id.into())];
    let command = "remove_notification";
    ask(Question { command, arguments, method: "DELETE", path, body: None }).await.map(drop)
}

pub(super) fn escaped(id: &str) -> String {
    String::from(js_sys::encode_uri_component(id))
}
