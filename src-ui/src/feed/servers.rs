//! The servers that the desktop knows. A browser has the one that its page is of.

use wasm_bindgen::JsValue;

use super::desktop;
use super::http::RequestError;

/// Every server as JSON, once there is something that version `since` has not; empty where there is one alone. Null outside of the
/// desktop's window.
pub async fn list(since: u64) -> Option<Result<String, RequestError>> {
    if !desktop::is_here() {
        return None;
    }
    let since = JsValue::from_f64(since as f64);
    Some(desktop::question("list_servers", vec![("since", since)]).await)
}

/// Tries a server, and keeps it if that is wanted and it is well.
///
/// # Errors
///
/// If the application does not answer.
pub async fn try_out(draft: &str, keep: bool) -> Result<String, RequestError> {
    let arguments = vec![("draft", draft.into()), ("keep", keep.into())];
    desktop::question("try_server", arguments).await
}

/// Removes a server and its token.
///
/// # Errors
///
/// If the application does not answer, or cannot.
pub async fn remove(id: &str) -> Result<String, RequestError> {
    desktop::question("remove_server", vec![("id", id.into())]).await
}

/// Shows another server: the page is loaded anew, and hears nothing more until then.
///
/// # Errors
///
/// If the application does not answer, or cannot.
pub async fn choose(id: &str) -> Result<(), RequestError> {
    let chosen = desktop::leave("choose_server", &[("id", id.into())]).await;
    if chosen.is_ok() {
        reload();
    }
    chosen.map(|_| ())
}

/// Loads the page anew.
pub fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}
