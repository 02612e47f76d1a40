//! Requests to the server's own routes.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;

use gloo_timers::callback::Timeout;
use tidings_protocol::api::ErrorCode;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, RequestInit, Response};

use super::inbox::Answer;

use crate::state::wire::account;
use crate::text::{fill, text};

/// Half the time for an answer. Short, because a lost connection is told only after one of these requests.
const HALF_TIMEOUT_MS: u32 = 2_000;

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
            Self::Network(detail) if detail.is_empty() => text().states.unreachable.to_owned(),
            Self::Network(detail) => fill(text().states.unreachable_why, &[detail]),
            Self::Status { message, .. } | Self::App { message, .. } => sentence(message),
            Self::Unreadable(detail) => fill(text().sign_in.unreadable, &[detail]),
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
pub(super) fn request(method: &'static str, path: &str, body: Option<String>) -> Answer {
    exchange(method, path.to_owned(), body, AbortController::new())
}

/// The same, for as long as whoever has `controller` wants it. Behind a pointer, so that the program has the state of a request once.
pub(super) fn exchange(
    method: &'static str,
    path: String,
    body: Option<String>,
    controller: Result<AbortController, JsValue>,
) -> Answer {
    Box::pin(async move {
        let controller = controller.map_err(lost)?;
        let late = too_late(&controller);
        let answer = read(send(method, path, body, &controller).await?).await;
        drop(late);
        answer
    })
}

/// Gives a request up in time. In two steps: of a page that stood still one is over at once, before the answer that waits for it is
/// read, and the other is not.
fn too_late(controller: &AbortController) -> Rc<RefCell<Option<Timeout>>> {
    let controller = controller.clone();
    let timer = Rc::new(RefCell::new(None));
    let second = Rc::downgrade(&timer);
    let first = Timeout::new(HALF_TIMEOUT_MS, move || {
        if let Some(timer) = second.upgrade() {
            let late = Timeout::new(HALF_TIMEOUT_MS, move || controller.abort());
            drop(timer.replace(Some(late)));
        }
    });
    timer.replace(Some(first));
    timer
}

/// Sends a request whose answer goes on for as long as what it asks for, and returns where that is to be found. The answer is let
/// go then: a browser has few connections to a server.
pub(super) fn begin(path: &str, body: String) -> Answer {
    let path = path.to_owned();
    Box::pin(async move {
        let controller = AbortController::new().map_err(lost)?;
        let late = too_late(&controller);
        let response = send("POST", path, Some(body), &controller).await?;
        if response.ok() {
            let location = response.headers().get("location").ok().flatten();
            controller.abort();
            return location
                .ok_or_else(|| RequestError::Unreadable(text().sign_in.no_job.to_owned()));
        }
        let answer = read(response).await;
        drop(late);
        answer
    })
}

type Sent = Pin<Box<dyn Future<Output = Result<Response, RequestError>>>>;

fn send(
    method: &'static str,
    path: String,
    body: Option<String>,
    controller: &AbortController,
) -> Sent {
    let signal = controller.signal();
    Box::pin(async move {
        let init = RequestInit::new();
        init.set_method(method);
        init.set_signal(Some(&signal));
        if let Some(body) = body {
            init.set_body(&JsValue::from_str(&body));
            let headers = web_sys::Headers::new().map_err(lost)?;
            headers.set("content-type", "application/json").map_err(lost)?;
            init.set_headers(&headers);
        }
        let window = web_sys::window().ok_or_else(|| lost(JsValue::NULL))?;
        let answer = JsFuture::from(window.fetch_with_str_and_init(&path, &init));
        answer.await.map_err(lost)?.dyn_into().map_err(lost)
    })
}

fn read(response: Response) -> Answer {
    Box::pin(text_of(response))
}

async fn text_of(response: Response) -> Result<String, RequestError> {
    let text = JsFuture::from(response.text().map_err(lost)?).await.map_err(lost)?;
    let text = text.as_string().unwrap_or_default();
    if response.ok() {
        return Ok(text);
    }
    let status = response.status();
    let retry_after = response.headers().get("retry-after").ok().flatten();
    let retry_after = retry_after.and_then(|seconds| seconds.parse().ok());
    Err(match account::error(&text) {
        Some(error) => {
            RequestError::Status { status, code: error.code, message: error.message, retry_after }
        }
        None => RequestError::Status {
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
        Some("TimeoutError" | "AbortError") => text().sign_in.no_answer.to_owned(),
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
