//! The servers that the desktop knows. A browser has the one that its page is of.

use wasm_bindgen::JsValue;

use super::desktop;
use crate::state::request_error::RequestError;

/// Every server as JSON, once there is something that version `since` has not; empty where there is one alone. Null outside of the
/// desktop's window.
pub async fn list(since: u64) -> Option<Result<String, RequestError>> {
    if !desktop::is_here() {
        return None;
    }
    let since = JsValue::from_f64(since as f64);
    Some(desktop::question("list_servers", vec![("since", since)]).await)
}

/// Tries a server, and keeps it if that is wanted and it is well. Where the page shows it, nothing else is asked until it is loaded anew
/// or [`stay`] says that nothing was kept.
///
/// # Errors
///
/// If the application does not answer.
pub async fn try_out(draft: &str, keep: bool, is_shown: bool) -> Result<String, RequestError> {
    let arguments = vec![("draft", draft.into()), ("keep", keep.into())];
    if keep && is_shown {
        return desktop::leave("try_server", &arguments).await;
    }
    desktop::question("try_server", arguments).await
}

/// The page stays what it is, and goes on.
pub fn stay() {
    desktop::stay_here();
}

/// Removes a server and its token. Where the page shows it, nothing else is asked until it is loaded anew.
///
/// # Errors
///
/// If the application does not answer, or cannot.
pub async fn remove(id: &str, is_shown: bool) -> Result<String, RequestError> {
    let arguments = vec![("id", id.into())];
    if is_shown {
        return desktop::leave("remove_server", &arguments).await;
    }
    desktop::question("remove_server", arguments).await
}

/// Shows another server: the page is loaded anew, and hears nothing more until then.
///
/// # Errors
///
/// If the application does not answer, or cannot.
pub async fn choose(id: &str) -> Result<(), RequestError> {
    // Of two that are chosen at once the first is shown.
    if desktop::is_leaving() {
        return Ok(());
    }
    let choice = |prepare: bool| vec![("id", id.into()), ("prepare", prepare.into())];
    // As long as somebody takes to open the store of secrets the page goes on.
    desktop::question("choose_server", choice(true)).await?;
    desktop::leave("choose_server", &choice(false)).await?;
    reload();
    Ok(())
}

/// Loads the page anew.
pub fn reload() {
    if let Some(window) = web_sys::window() {
        let _ = window.location().reload();
    }
}
