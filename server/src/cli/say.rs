//! What a command tells people on standard error; standard output is for its answer.

use std::error::Error;
use std::fmt::Display;

/// Says something in one line.
#[expect(clippy::print_stderr, reason = "the one place where a command speaks to people")]
pub(super) fn note(text: impl Display) {
    eprintln!("tidings: {text}");
}

/// Tells a failure with all its causes.
pub(super) fn failure(error: &dyn Error) {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    note(text);
}
