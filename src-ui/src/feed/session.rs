//! Sign-in and sign-out.

use tidings_feed::Failure;
use tidings_protocol::api::{SignIn, User, path};

use super::http::request;
use super::wanted::address;
use crate::state::connection::NOT_OPENED;
use crate::state::request_error::RequestError;
use crate::state::wire::account::user;

pub(super) async fn sign_in(proof: SignIn) -> Result<(), RequestError> {
    let body = serde_json::to_string(&proof).unwrap_or_default();
    request("POST", path::SESSION, Some(body)).await?;
    Ok(())
}

/// Who the server takes us for; none if it cannot be asked for now.
pub(super) async fn who_is_signed_in() -> Option<User> {
    let text = request("GET", path::SESSION, None).await.ok()?;
    user(&text)
}

pub(super) async fn sign_out() -> Result<(), RequestError> {
    match request("DELETE", path::SESSION, None).await {
        // Without a session there is none to end.
        Err(error) if error.http_status() != 401 => Err(error),
        _ => Ok(()),
    }
}

/// Why an `EventSource` failed, which hides status codes: asks the session instead, and then for the stream of these `topics`.
/// `opened` tells whether it had been open. With it whether the topics alone are refused, and less should be asked for.
pub(super) async fn explain_failure(opened: bool, topics: &[String]) -> (Failure, bool) {
    let mut answer = request("GET", path::SESSION, None).await;
    let has_session = answer.is_ok();
    if has_session {
        if opened {
            return (Failure::Closed, false);
        }
        answer = request("HEAD", &address(None, topics), None).await;
    }
    let is_refused = has_session
        && !topics.is_empty()
        && answer.as_ref().is_err_and(|error| error.http_status() == 403);
    let failure = match answer {
        Ok(_) => Failure::Network(NOT_OPENED.to_owned()),
        Err(error) => match error.http_status() {
            // A proxy that knows no HEAD says nothing of the stream.
            status @ 1..
                if !is_refused
                    && status != 405
                    && (has_session || matches!(status, 401 | 403 | 404)) =>
            {
                Failure::Status(status)
            }
            _ => Failure::Network(error.message().to_owned()),
        },
    };
    (failure, is_refused)
}

/// Takes the one-time code out of the address, so that it stays neither there nor in the history.
pub(super) fn take_code_from_address() -> Option<String> {
    let window = web_sys::window()?;
    let location = window.location();
    let code = location.hash().ok()?.strip_prefix("#code=")?.to_owned();
    let clean = location.pathname().ok()? + &location.search().unwrap_or_default();
    if let Ok(history) = window.history() {
        let null = wasm_bindgen::JsValue::NULL;
        let _ = history.replace_state_with_url(&null, "", Some(&clean));
    }
    Some(code)
}
