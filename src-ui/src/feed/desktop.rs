//! The feed of the desktop's window: the application holds the connection, the page asks it for news.
//!
//! A long poll and not the application's events: one answer carries all that came since the one before,
//! however much that is.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use gloo_timers::future::TimeoutFuture;
use tidings_feed::{Backoff, Batch, Cause, State, Status};
use tidings_protocol::api::{ErrorCode, SignIn};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, spawn_local};

use super::http::describe;
use super::inbox::Answer;
use super::{Control, Sink, Update, now};
use crate::state::request_error::RequestError;
use crate::state::wire::{account, batch};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = ["window", "__TAURI_INTERNALS__"], js_name = invoke, catch)]
    fn invoke(command: &str, arguments: &JsValue) -> Result<js_sys::Promise, JsValue>;
}

/// Should the application answer at once for some reason, this keeps the loop from spinning.
const SHORTEST_ROUND: Duration = Duration::from_millis(50);

/// What the application calls it when it shows another server than this page.
const OTHER_PAGE: &str = "other_page";

/// Between two looks whether the page stays.
const LOOK_MS: u32 = 20;

thread_local! {
    /// Whether the page is about to show another server: what is answered meanwhile may be of either.
    static IS_LEAVING: Cell<bool> = const { Cell::new(false) };
}

struct Desktop {
    ended: Rc<Cell<bool>>,
}

/// Whether this page is the desktop's window.
pub(super) fn is_here() -> bool {
    web_sys::window().is_some_and(|window| {
        js_sys::Reflect::has(&window, &JsValue::from_str("__TAURI_INTERNALS__")).unwrap_or(false)
    })
}

pub(super) fn start(sink: Sink) -> Rc<dyn Control> {
    let ended = Rc::new(Cell::new(false));
    spawn_local(poll(sink, ended.clone()));
    Rc::new(Desktop { ended })
}

impl Control for Desktop {
    fn retry(&self) {
        tell("retry_feed");
    }

    fn disconnect(&self) {
        tell("disconnect_feed");
    }

    // The application takes its token from its environment: the page asks for none here.
    fn sign_in(&self, _: SignIn) {}

    fn sign_out(&self) {}

    fn trust(&self, key: String) {
        let arguments = js_sys::Object::new();
        let _ = js_sys::Reflect::set(&arguments, &"fingerprint".into(), &key.into());
        tell_with("trust_server", arguments);
    }

    fn is_desktop(&self) -> bool {
        true
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        self.ended.set(true);
    }
}

async fn poll(sink: Sink, ended: Rc<Cell<bool>>) {
    let seed = (js_sys::Math::random() * 9e15) as u64;
    let mut backoff = Backoff::new(Duration::from_millis(250), Duration::from_secs(5), seed);
    let mut since = 0;
    while !ended.get() {
        let began = now();
        let answer = ask(since).await;
        stay().await;
        if ended.get() {
            return;
        }
        let wait = match answer {
            Ok(batch) => {
                backoff.reset();
                since = batch.seq;
                let Batch { status, deliveries, dropped, .. } = batch;
                sink(Update::News { status, deliveries, dropped });
                SHORTEST_ROUND.saturating_sub(now() - began)
            }
            // The app shows another server by now, which this page was to be loaded anew for.
            Err((_, true)) => return super::servers::reload(),
            Err((detail, false)) => {
                let wait = backoff.next_wait();
                sink(Update::News {
                    status: lost(detail, wait, backoff.failures()),
                    deliveries: Vec::new(),
                    dropped: 0,
                });
                wait
            }
        };
        if !wait.is_zero() {
            TimeoutFuture::new(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX)).await;
        }
    }
}

/// The next batch; or why there is none, and whether that is because it would be of another server.
async fn ask(since: u64) -> Result<Batch, (String, bool)> {
    let arguments = js_sys::Object::new();
    let _ = js_sys::Reflect::set(&arguments, &"since".into(), &JsValue::from_f64(since as f64));
    let lost = |error: JsValue| {
        let code = js_sys::Reflect::get(&error, &"code".into()).unwrap_or_default();
        (describe(&error), code == OTHER_PAGE)
    };
    let promise = invoke("poll_feed", &arguments).map_err(lost)?;
    let answer = JsFuture::from(promise).await.map_err(lost)?;
    let text = answer.as_string().unwrap_or_default();
    batch::batch(&text).ok_or_else(|| ("the answer is of another release".to_owned(), false))
}

/// As [`request`], behind a pointer, so that the program has the state of a request once, and not in each that asks.
pub(super) fn question(command: &'static str, arguments: Vec<(&'static str, JsValue)>) -> Answer {
    Box::pin(async move { request(command, &arguments).await })
}

/// Has the application ask the server, and returns the text of a successful answer.
pub(super) async fn request(
    command: &str,
    arguments: &[(&str, JsValue)],
) -> Result<String, RequestError> {
    stay().await;
    let answer = send(command, arguments).await;
    stay().await;
    answer
}

/// Has the application show another server. Until it has failed nothing else is asked, and no answer is taken.
pub(super) async fn leave(
    command: &str,
    arguments: &[(&str, JsValue)],
) -> Result<String, RequestError> {
    IS_LEAVING.set(true);
    let answer = send(command, arguments).await;
    if answer.is_err() {
        IS_LEAVING.set(false);
    }
    answer
}

/// The page does not leave.
pub(super) fn stay_here() {
    IS_LEAVING.set(false);
}

/// Whether the page is about to show another server.
pub(super) fn is_leaving() -> bool {
    IS_LEAVING.get()
}

/// Waits for as long as the page is about to leave: for ever, where it does.
async fn stay() {
    while IS_LEAVING.get() {
        TimeoutFuture::new(LOOK_MS).await;
    }
}

async fn send(command: &str, arguments: &[(&str, JsValue)]) -> Result<String, RequestError> {
    let object = js_sys::Object::new();
    for (name, value) in arguments {
        // Only a frozen object refuses.
        let _ = js_sys::Reflect::set(&object, &(*name).into(), value);
    }
    let promise = invoke(command, &object).map_err(|error| refused(&error))?;
    let answer = JsFuture::from(promise).await.map_err(|error| refused(&error))?;
    Ok(answer.as_string().unwrap_or_default())
}

/// What the application says of a failed request: a message, whether the server is at fault, and its status and code if it
/// answered.
fn refused(error: &JsValue) -> RequestError {
    let field = |name: &str| js_sys::Reflect::get(error, &name.into()).unwrap_or(JsValue::NULL);
    let message = field("message").as_string().unwrap_or_else(|| describe(error));
    let code = field("reason").as_string().and_then(|code| account::code(&code));
    match field("status").as_f64() {
        Some(status) => {
            RequestError::status(status as u16, code.unwrap_or(ErrorCode::Unknown), message, None)
        }
        None => {
            let is_of_server = field("code").as_string().as_deref() == Some("server");
            RequestError::app(message, is_of_server)
        }
    }
}

fn tell(command: &'static str) {
    tell_with(command, js_sys::Object::new());
}

fn tell_with(command: &'static str, arguments: js_sys::Object) {
    spawn_local(async move {
        if let Ok(promise) = invoke(command, &arguments) {
            // A failure shows in the next answer to `poll_feed`.
            let _ = JsFuture::from(promise).await;
        }
    });
}

/// What to say when the application itself does not answer.
fn lost(detail: String, wait: Duration, failures: u32) -> Status {
    let retry_in_ms = u64::try_from(wait.as_millis()).unwrap_or(u64::MAX);
    Status {
        state: State::Reconnecting { retry_in_ms },
        for_ms: 0,
        failures,
        cause: Some(Cause::Network { detail }),
        server_version: None,
    }
}
