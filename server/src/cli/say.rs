//! What a command tells people on standard error; standard output is for its answer.

use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Says something in one line. Where nobody listens any more, the command goes on all the same.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "tidings: {text}");
}

/// Writes an answer to standard output. A pipe that was closed wants no more of it, and that is no failure.
///
/// # Errors
///
/// If it cannot be written for another reason.
pub(super) fn answer(text: impl Display) -> io::Result<()> {
    match io::stdout().write_all(text.to_string().as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
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
