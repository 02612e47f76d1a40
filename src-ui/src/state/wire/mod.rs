//! What servers and the desktop app send, read by hand: what serde would generate for it weighs a quarter of the page.
//! Tests hold each reader against serde's own reading of the same types.

pub mod account;
pub mod batch;
pub mod inbox;
pub mod sample;
pub mod stream;

use super::json::Json;
use super::members::get;

/// The items of a member that is a list; none of them if there is none, and no list if one of them is not as it must be.
fn items<T>(json: &Json, key: &str, item: fn(&Json) -> Option<T>) -> Option<Vec<T>> {
    match get(json, key) {
        None => Some(Vec::new()),
        Some(Json::List(items)) => items.iter().map(item).collect(),
        Some(_) => None,
    }
}
