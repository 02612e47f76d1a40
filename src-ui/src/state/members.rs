//! Members of JSON objects, for readers by hand: what serde would generate for a large type weighs a tenth of the page.

use super::json::Json;

/// The member of an object; none if it has none of this name, or is no object.
#[must_use]
pub fn get<'a>(json: &'a Json, key: &str) -> Option<&'a Json> {
    let Json::Object(members) = json else { return None };
    members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
}

/// A member that is a text.
#[must_use]
pub fn text<'a>(json: &'a Json, key: &str) -> Option<&'a str> {
    match get(json, key)? {
        Json::Text(text) => Some(text),
        _ => None,
    }
}

/// A member that is a text, as a copy of it.
#[must_use]
pub fn string(json: &Json, key: &str) -> Option<String> {
    text(json, key).map(str::to_owned)
}

/// A member that is a list of texts.
#[must_use]
pub fn strings(json: &Json, key: &str) -> Option<Vec<String>> {
    let Json::List(items) = get(json, key)? else { return None };
    items.iter().map(own_text).collect()
}

/// A member that is a number.
#[must_use]
pub fn float(json: &Json, key: &str) -> Option<f64> {
    own_float(get(json, key)?)
}

/// The text itself.
pub(super) fn own_text(json: &Json) -> Option<String> {
    if let Json::Text(text) = json { Some(text.clone()) } else { None }
}

/// The number itself.
pub(super) fn own_float(json: &Json) -> Option<f64> {
    if let Json::Number(digits) = json { serde_json::from_str(digits).ok() } else { None }
}

/// A member that is a whole number from 0 on.
#[must_use]
pub fn whole(json: &Json, key: &str) -> Option<u64> {
    match get(json, key)? {
        Json::Number(digits) => digits.parse().ok(),
        _ => None,
    }
}

/// Whether a member is `true`.
#[must_use]
pub fn is_true(json: &Json, key: &str) -> bool {
    get(json, key) == Some(&Json::Bool(true))
}
