//! What a server says of a rule that it does not take.

use tidings_protocol::api::{ErrorCode, ErrorDetail};

use super::draft::{Field, Problem};
use super::sentence;
use crate::text::text;

/// At which field the server's refusal of a rule stands.
#[must_use]
pub fn problem(error: &ErrorDetail) -> Problem {
    let says = |word: &str| error.message.contains(word);
    match error.code {
        ErrorCode::NameTaken => (Field::Name, text().alerts.name_taken.to_owned()),
        ErrorCode::NoSuchUser => (Field::Users, sentence(&error.message)),
        ErrorCode::BadRequest if says("metric") => (Field::Metric, sentence(&error.message)),
        ErrorCode::BadRequest if says("recover") => (Field::Recover, sentence(&error.message)),
        ErrorCode::Forbidden if !says("configuration") => {
            (Field::Whole, text().alerts.not_admin.to_owned())
        }
        _ => (Field::Whole, sentence(&error.message)),
    }
}
