//! Requests for the past of metrics: from a browser by HTTP, from the desktop's window by its commands.

use std::rc::Rc;

use js_sys::Array;
use tidings_protocol::api::{path, query};
use wasm_bindgen::JsValue;
use web_sys::AbortController;

use super::inbox::{Answer, escaped};
use super::{desktop, http};
use crate::state::chart::Span;

/// A machine, how far back, and which metrics.
pub type Question = (Rc<str>, Span, Vec<&'static str>);

/// Significant digits of what is drawn: more than can be seen.
const DIGITS: u32 = 4;

/// A request under way; it is given up when this is dropped.
#[derive(Debug)]
pub struct Asking(Option<AbortController>);

impl Drop for Asking {
    fn drop(&mut self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

/// Asks for the past, as JSON.
#[must_use]
pub fn past(question: &Question) -> (Asking, Answer) {
    if desktop::is_here() {
        let mut arguments = arguments(question);
        arguments.push(("digits", DIGITS.into()));
        return (Asking(None), desktop::question("metrics_history", arguments));
    }
    let controller = AbortController::new();
    let address = format!("{}&{}={DIGITS}", address(question), query::DIGITS);
    let asking = Asking(controller.clone().ok());
    (asking, http::exchange("GET", address, None, controller))
}

/// Where a browser finds the same as a sheet, to be saved.
#[must_use]
pub fn sheet_address(question: &Question) -> String {
    format!("{}&{}=csv", address(question), query::FORMAT)
}

/// Has the desktop app save the sheet, and returns where it lies.
#[must_use]
pub fn save(question: &Question) -> Answer {
    desktop::question("save_metrics_history", arguments(question))
}

fn address((host, span, metrics): &Question) -> String {
    let mut address = format!(
        "{}?{}={}&{}={}",
        path::METRICS_HISTORY,
        query::RANGE,
        span.name(),
        query::HOST,
        escaped(host)
    );
    for metric in metrics {
        address.push_str(&format!("&{}={metric}", query::METRIC));
    }
    address
}

fn arguments((host, span, metrics): &Question) -> Vec<(&'static str, JsValue)> {
    let metrics: Array = metrics.iter().map(|metric| JsValue::from_str(metric)).collect();
    vec![("host", (&**host).into()), ("range", span.name().into()), ("metrics", metrics.into())]
}
