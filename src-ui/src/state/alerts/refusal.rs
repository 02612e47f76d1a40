//! What a server says of a rule that it does not take.

use tidings_protocol::api::ErrorCode;

use super::draft::{Field, Problem};
use crate::state::request_error::RequestError;
use crate::text::text;

/// At which field the server's refusal of a rule stands.
#[must_use]
pub fn problem(error: &RequestError) -> Problem {
    let says = |word: &str| error.message().contains(word);
    match error.code() {
        ErrorCode::NameTaken => (Field::Name, text().alerts.name_taken.to_owned()),
        ErrorCode::NoSuchUser => (Field::Users, error.explain()),
        ErrorCode::BadRequest if says("metric") => (Field::Metric, error.explain()),
        ErrorCode::BadRequest if says("recover") => (Field::Recover, error.explain()),
        ErrorCode::Forbidden if !says("configuration") => {
            (Field::Whole, text().alerts.not_admin.to_owned())
        }
        _ => (Field::Whole, error.explain()),
    }
}
