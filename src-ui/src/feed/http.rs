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

use crate::state::connection::NO_ANSWER;
use crate::state::request_error::RequestError;
use crate::state::wire::account;

/// Half the time for an answer. Short, because a lost connection is told only after one of these requests.
const HALF_TIMEOUT_MS: u32 = 2_000;

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
            return location.ok_or_else(RequestError::unreadable);
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
        Some(error) => RequestError::status(status, error.code, error.message, retry_after),
        None => RequestError::status(
            status,
            ErrorCode::Unknown,
            format!("HTTP status {status}"),
            retry_after,
        ),
    })
}

fn lost(error: JsValue) -> RequestError {
    let name = error.dyn_ref::<js_sys::Error>().map(|error| String::from(error.name()));
    RequestError::network(match name.as_deref() {
        // All that a browser tells of a lost connection is "Failed to fetch".
        Some("TypeError") => String::new(),
        Some("TimeoutError" | "AbortError") => NO_ANSWER.to_owned(),
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
