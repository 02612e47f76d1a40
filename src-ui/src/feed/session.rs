//! Sign-in and sign-out.

use tidings_feed::Failure;
use tidings_protocol::api::{ErrorCode, SignIn, User, path};

use super::http::{RequestError, request};
use super::wanted::address;
use crate::state::wire::account::user;
use crate::text::{fill, text};

/// Why a sign-in or sign-out failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SignInError {
    /// No answer came.
    Network(String),
    /// The server said no.
    Refused {
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: String,
        /// In how many seconds to try again, where the server says so.
        retry_after: Option<u32>,
    },
}

impl SignInError {
    /// The cause and what to do next.
    #[must_use]
    pub fn explain(&self) -> String {
        let words = &text().sign_in;
        match self {
            Self::Network(detail) if detail.is_empty() => text().states.unreachable.to_owned(),
            Self::Network(detail) => fill(text().states.unreachable_why, &[detail]),
            Self::Refused { code, message, retry_after } => match code {
                ErrorCode::InvalidCredentials => words.wrong.to_owned(),
                ErrorCode::RateLimited => match retry_after {
                    Some(seconds) => fill(words.too_many, &[&seconds.to_string()]),
                    None => words.too_many_wait.to_owned(),
                },
                ErrorCode::InvalidCode => words.link_used.to_owned(),
                ErrorCode::Unauthorized => words.unknown_token.to_owned(),
                _ => message.clone(),
            },
        }
    }
}

impl From<RequestError> for SignInError {
    fn from(error: RequestError) -> Self {
        match error {
            RequestError::Network(detail)
            | RequestError::Unreadable(detail)
            | RequestError::App { message: detail, .. } => Self::Network(detail),
            RequestError::Status { code, message, retry_after, .. } => {
                Self::Refused { code, message, retry_after }
            }
        }
    }
}

pub(super) async fn sign_in(proof: SignIn) -> Result<(), SignInError> {
    let body = serde_json::to_string(&proof).unwrap_or_default();
    request("POST", path::SESSION, Some(body)).await?;
    Ok(())
}

/// Who the server takes us for; none if it cannot be asked for now.
pub(super) async fn who_is_signed_in() -> Option<User> {
    let text = request("GET", path::SESSION, None).await.ok()?;
    user(&text)
}

pub(super) async fn sign_out() -> Result<(), SignInError> {
    match request("DELETE", path::SESSION, None).await {
        // Without a session there is none to end.
        Ok(_) | Err(RequestError::Status { status: 401, .. }) => Ok(()),
        Err(error) => Err(error.into()),
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
        && matches!(answer, Err(RequestError::Status { status: 403, .. }));
    let failure = match answer {
        Err(RequestError::Status { status, .. })
            // A proxy that knows no HEAD says nothing of the stream.
            if !is_refused && status != 405 && (has_session || matches!(status, 401 | 403 | 404)) =>
        {
            Failure::Status(status)
        }
        Err(RequestError::Status { message, .. } | RequestError::App { message, .. }) => {
            Failure::Network(message)
        }
        Err(RequestError::Network(detail) | RequestError::Unreadable(detail)) => {
            Failure::Network(detail)
        }
        Ok(_) => Failure::Network(text().sign_in.not_opened.to_owned()),
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
