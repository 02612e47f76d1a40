//! The numbers of an event, each by where it lies: `queue.depth`, `load[0]`, `["a.b"]`.

use super::Topic;
use crate::state::json::{Json, quoted};

/// Numbers that lie deeper are seen in the tree alone.
const MAX_DEPTH: usize = 8;

/// Numbers of longer paths, and longer ones, are seen in the tree alone.
const MAX_TEXT: usize = 256;

/// Most that are looked at of one event.
const MAX_FOUND: usize = 256;

/// A number, or null where there may have been one before.
#[derive(Debug, PartialEq)]
pub(super) struct Number {
    /// Where it lies; empty of an event that is nothing but a number.
    pub(super) path: String,
    /// NaN of null, and of what no float can hold.
    pub(super) value: f64,
    /// As its publisher wrote it.
    pub(super) text: String,
}

/// The first numbers of an event, in its own order, and how many there are in all. What is written as a text is none.
pub(super) fn numbers(json: &Json) -> (Vec<Number>, usize) {
    let mut found = (Vec::new(), 0);
    walk(json, &mut String::new(), 0, &mut found);
    found
}

fn walk(json: &Json, path: &mut String, depth: usize, found: &mut (Vec<Number>, usize)) {
    if depth > MAX_DEPTH {
        return;
    }
    let (value, text) = match json {
        Json::Number(text) => (serde_json::from_str(text).unwrap_or(f64::NAN), text.as_str()),
        Json::Null => (f64::NAN, ""),
        Json::List(items) => {
            for (index, item) in items.iter().enumerate() {
                below(path, None, index, |path| walk(item, path, depth + 1, found));
            }
            return;
        }
        Json::Object(members) => {
            for (key, item) in members {
                below(path, Some(key), 0, |path| walk(item, path, depth + 1, found));
            }
            return;
        }
        Json::Text(_) | Json::Bool(_) => return,
    };
    found.1 += usize::from(value.is_finite());
    if found.0.len() < MAX_FOUND && path.len().max(text.len()) <= MAX_TEXT {
        found.0.push(Number { path: path.clone(), value, text: text.to_owned() });
    }
}

/// Goes a step down, and comes back.
fn below<T>(
    path: &mut String,
    key: Option<&str>,
    index: usize,
    act: impl FnOnce(&mut String) -> T,
) -> T {
    let length = path.len();
    match key {
        Some(key) if is_plain(key) => {
            if length > 0 {
                path.push('.');
            }
            path.push_str(key);
        }
        _ => {
            path.push('[');
            path.push_str(&key.map_or_else(|| index.to_string(), quoted));
            path.push(']');
        }
    }
    let result = act(path);
    path.truncate(length);
    result
}

/// Whether a key stands in a path as it is. The tables of all letters would weigh more than what they tell.
fn is_plain(key: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || byte >= 0x80;
    !key.is_empty() && key.bytes().all(is_plain)
}

/// What is left of the newest event of a topic for a tree, without the numbers that its lines show; none if nothing is. Lists stay whole, since in one
/// of which some is missing all behind it would have other places.
#[must_use]
pub fn rest(json: Json, topic: &Topic) -> Option<Json> {
    strip(json, &mut String::new(), topic)
}

fn strip(json: Json, path: &mut String, topic: &Topic) -> Option<Json> {
    let has_line = |path: &str| topic.find(path).is_some_and(|series| topic.is_new(series));
    match json {
        Json::Number(_) if has_line(path) => None,
        Json::List(items) => {
            let all = !items.is_empty()
                && items.iter().enumerate().all(|(index, item)| {
                    matches!(item, Json::Number(_))
                        && below(path, None, index, |path| has_line(path))
                });
            (!all).then_some(Json::List(items))
        }
        Json::Object(members) => {
            let was_empty = members.is_empty();
            let left = members.into_iter().filter_map(|(key, item)| {
                let item = below(path, Some(&key), 0, |path| strip(item, path, topic))?;
                Some((key, item))
            });
            let left: Vec<_> = left.collect();
            (was_empty || !left.is_empty()).then_some(Json::Object(left))
        }
        other => Some(other),
    }
}
