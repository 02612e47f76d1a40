//! Who is signed in, and what a server says that says no.

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::Error;
use tidings_protocol::api::{ErrorCode, ErrorDetail, User};

use crate::state::json::Json;
use crate::state::members::{get, string, text};

/// Who is signed in, by a server's answer; none if it is none.
#[must_use]
pub fn user(json: &str) -> Option<User> {
    let json = Json::parse(json)?;
    let user = get(&json, "user")?;
    Some(User {
        id: string(user, "id")?,
        name: string(user, "name")?,
        role: text(user, "role")?.parse().ok()?,
    })
}

/// Why a server says no; none if it does not say.
#[must_use]
pub fn error(json: &str) -> Option<ErrorDetail> {
    let json = Json::parse(json)?;
    let error = get(&json, "error")?;
    Some(ErrorDetail { code: code(text(error, "code")?)?, message: string(error, "message")? })
}

/// The code of that name; of another name than this release knows, that it is unknown.
#[must_use]
pub fn code(name: &str) -> Option<ErrorCode> {
    let name: serde::de::value::StrDeserializer<'_, Error> = name.into_deserializer();
    ErrorCode::deserialize(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::api::{ErrorBody, Session};

    #[test]
    fn who_is_signed_in_is_read_as_serde_would_read_it() {
        for role in ["viewer", "publisher", "admin"] {
            let text = format!(
                r#"{{"user":{{"id":"u1","name":"É","role":"{role}"}},"serverVersion":"1"}}"#
            );
            let expected: Session = serde_json::from_str(&text).unwrap();
            assert_eq!(user(&text).unwrap(), expected.user);
        }
        assert_eq!(user(r#"{"user":{"id":"u1","name":"n","role":"king"}}"#), None);
        assert_eq!(user("<html>"), None);
    }

    #[test]
    fn a_refusal_is_read_as_serde_would_read_it() {
        for code in ["not_found", "rate_limited", "of_tomorrow"] {
            let text = format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#);
            let expected: ErrorBody = serde_json::from_str(&text).unwrap();
            assert_eq!(error(&text).unwrap(), expected.error);
        }
        for text in ["", "{}", "<html>", r#"{"error":{}}"#, r#"{"error":{"code":1,"message":""}}"#]
        {
            assert_eq!(error(text), None, "{text}");
        }
    }
}
