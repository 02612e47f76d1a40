//! Requests about the machine's processes: from a browser by HTTP, from the desktop's window by its commands.

use tidings_protocol::api::{path, query};
use wasm_bindgen::JsValue;

use super::jobs::told;
use crate::state::processes::Key;
use crate::state::request_error::RequestError;

/// Every process, as JSON.
///
/// # Errors
///
/// If the server does not answer, or says no.
pub async fn list() -> Result<String, RequestError> {
    told("list_processes", Vec::new(), "GET", path::MACHINE_PROCESSES.to_owned()).await
}

/// Asks a process to end, or ends it by force.
///
/// # Errors
///
/// As [`list`].
pub async fn end((pid, start): Key, force: bool) -> Result<String, RequestError> {
    let arguments = vec![
        ("pid", pid.into()),
        ("start", JsValue::from_f64(start as f64)),
        ("force", force.into()),
    ];
    let (at, starts, forces) = (path::MACHINE_PROCESSES, query::START, query::FORCE);
    let path = format!("{at}/{pid}?{starts}={start}&{forces}={force}");
    told("end_process", arguments, "DELETE", path).await
}
