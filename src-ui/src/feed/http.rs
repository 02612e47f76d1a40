//! Requests to the server's own routes.

use tidings_protocol::api::{ErrorBody, ErrorCode};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortSignal, RequestInit, Response};

/// Short, because a lost connection is told only after one of these requests.
const TIMEOUT_MS: u32 = 4_000;

/// An answer that is no success, or none at all.
#[derive(Clone, Debug)]
pub enum RequestError {
    /// No answer came.
    Network(String),
    /// The server said no.
    Status {
        /// HTTP status code.
        status: u16,
        /// Why, for programs.
        code: ErrorCode,
        /// Why, for people.
        message: String,
        /// `Retry-After`, in seconds.
        retry_after: Option<u32>,
    },
    /// The answer is none of this protocol.
    Unreadable(String),
    /// The app says what is wrong itself: that its server could not be asked, or what else.
    App {
        /// Why, for people.
        message: String,
        /// Whether it was the server that could not be asked.
        is_of_server: bool,
    },
}

impl RequestError {
    /// The cause, for people.
    #[must_use]
    pub fn explain(&self) -> String {
        match self {
            Self::Network(detail) if detail.is_empty() => {
                "The server could not be reached.".to_owned()
            }
            Self::Network(detail) => format!("The server could not be reached: {detail}."),
            Self::Status { message, .. } | Self::App { message, .. } => sentence(message),
            Self::Unreadable(detail) => {
                format!("The server’s answer cannot be read ({detail}). It may be another release.")
            }
        }
    }

    /// Whether the server has no such thing.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::Status { status: 404, .. })
    }

    /// Whether the same request may go well a little later.
    #[must_use]
    pub fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Network(_)
                | Self::Status { status: 429 | 500.., .. }
                | Self::App { is_of_server: true, .. }
        )
    }
}

/// Servers write messages without a capital letter and a full stop, to stand in sentences.
fn sentence(message: &str) -> String {
    let mut letters = message.trim_end_matches('.').chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase().to_string());
    let first = first.unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// Sends a request, with a JSON body if there is one, and returns the text of a successful answer.
pub(super) async fn request(
    method: &str,
    path: &str,
    body: Option<String>,
) -> Result<String, RequestError> {
    let init = RequestInit::new();
    init.set_method(method);
    init.set_signal(Some(&AbortSignal::timeout_with_u32(TIMEOUT_MS)));
    if let Some(body) = body {
        init.set_body(&JsValue::from_str(&body));
        let headers = web_sys::Headers::new().map_err(lost)?;
        headers.set("content-type", "application/json").map_err(lost)?;
        init.set_headers(&headers);
    }
    let window = web_sys::window().ok_or_else(|| lost(JsValue::NULL))?;
    let answer = JsFuture::from(window.fetch_with_str_and_init(path, &init)).await.map_err(lost)?;
    let response: Response = answer.dyn_into().map_err(lost)?;
    let text = JsFuture::from(response.text().map_err(lost)?).await.map_err(lost)?;
    let text = text.as_string().unwrap_or_default();
    if response.ok() {
        return Ok(text);
    }
    let status = response.status();
    let retry_after = response.headers().get("retry-after").ok().flatten();
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
    Err(match serde_json::from_str::<ErrorBody>(&text) {
        Ok(ErrorBody { error }) => {
            RequestError::Status { status, code: error.code, message: error.message, retry_after }
        }
        Err(_) => RequestError::Status {
            status,
            code: ErrorCode::Unknown,
            message: format!("HTTP status {status}"),
            retry_after,
        },
    })
}

fn lost(error: JsValue) -> RequestError {
    let name = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
    RequestError::Network(match name.as_deref() {
        // All that a browser tells of a lost connection is "Failed to fetch".
        Some("TypeError") => String::new(),
        Some("TimeoutError") => "it does not answer".to_owned(),
        _ => describe(&error),
    })
}

/// What a thrown value says of itself.
pub(super) fn describe(error: &JsValue) -> String {
    match error.dyn_ref::<js_sys::Error>() {
        Some(error) => String::from(error.message()),
        None => error.as_string().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_app_says_itself_is_said_once_and_tried_again_only_where_the_server_is_away() {
        let told = |is_of_server| {
            let message = "the server cannot be reached: connection refused".to_owned();
            RequestError::App { message, is_of_server }
        };
        assert_eq!(told(true).explain(), "The server cannot be reached: connection refused.");
        assert!(told(true).may_pass() && !told(false).may_pass());
    }
}
