//! Requests about the reader's notifications: from a browser by HTTP, from the desktop's window by its commands.

use serde::de::DeserializeOwned;
use tidings_protocol::api::{path, query};
use tidings_protocol::notification::{Inbox, Notification, ReadAll, Unread};
use wasm_bindgen::JsValue;

use super::desktop;
use super::http::{RequestError, request};

/// The newest notifications, `limit` of them at most.
///
/// # Errors
///
/// If the server does not answer, or says no; with each of these requests.
pub async fn newest(limit: usize) -> Result<Inbox, RequestError> {
    if desktop::is_here() {
        let limit = JsValue::from_f64(limit as f64);
        return read_answer(&desktop::request("list_notifications", &[("limit", limit)]).await?);
    }
    let path = format!("{}?{}={limit}", path::NOTIFICATIONS, query::LIMIT);
    read_answer(&request("GET", &path, None).await?)
}

/// What comes behind a page whose `next` is `before`, `limit` of them at most.
///
/// # Errors
///
/// As [`newest`].
pub async fn older(before: &str, limit: usize) -> Result<Inbox, RequestError> {
    if desktop::is_here() {
        let arguments = [("before", before.into()), ("limit", JsValue::from_f64(limit as f64))];
        return read_answer(&desktop::request("list_notifications", &arguments).await?);
    }
    let before = escaped(before);
    let (limit_key, before_key) = (query::LIMIT, query::BEFORE);
    let path = format!("{}?{limit_key}={limit}&{before_key}={before}", path::NOTIFICATIONS);
    read_answer(&request("GET", &path, None).await?)
}

/// Marks one as read.
///
/// # Errors
///
/// As [`newest`].
pub async fn mark_read(id: &str) -> Result<Notification, RequestError> {
    if desktop::is_here() {
        return read_answer(&desktop::request("read_notification", &[("id", id.into())]).await?);
    }
    let path = format!("{}/{}/read", path::NOTIFICATIONS, escaped(id));
    read_answer(&request("POST", &path, None).await?)
}

/// Marks all of that version of the inbox and below as read.
///
/// # Errors
///
/// As [`newest`].
pub async fn mark_all_read(up_to_version: u64) -> Result<Unread, RequestError> {
    if desktop::is_here() {
        let arguments = [("upToVersion", JsValue::from_f64(up_to_version as f64))];
        return read_answer(&desktop::request("read_all_notifications", &arguments).await?);
    }
    let body =
        serde_json::to_string(&ReadAll { up_to_version: Some(up_to_version) }).unwrap_or_default();
    read_answer(&request("POST", path::READ_ALL, Some(body)).await?)
}

/// Removes one.
///
/// # Errors
///
/// As [`newest`].
pub async fn remove(id: &str) -> Result<(), RequestError> {
    if desktop::is_here() {
        return desktop::request("remove_notification", &[("id", id.into())]).await.map(drop);
    }
    let path = format!("{}/{}", path::NOTIFICATIONS, escaped(id));
    request("DELETE", &path, None).await.map(drop)
}

fn read_answer<T: DeserializeOwned>(text: &str) -> Result<T, RequestError> {
    serde_json::from_str(text).map_err(|error| RequestError::Unreadable(error.to_string()))
}

fn escaped(id: &str) -> String {
    String::from(js_sys::encode_uri_component(id))
}
