//! What a command tells people on standard error; standard output is for its answer.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

/// Says something in one line. Where nobody listens any more, the command goes on all the same.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr(), "tidings: {}", visible(&text.to_string()));
}

/// Text that does nothing to a terminal but stand on it: JSON may hold DEL and the controls from U+0080.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return text.into();
    }
    let escape = |c: char| match c {
        c if c.is_control() => format!("\\u{:04x}", u32::from(c)),
        c => c.to_string(),
    };
    text.chars().map(escape).collect::<String>().into()
}

/// Writes an answer to standard output. A pipe that was closed wants no more of it, and that is no failure.
///
/// # Errors
///
/// If it cannot be written for another reason.
pub(super) fn answer(text: impl Display) -> io::Result<()> {
    is_read(&text.to_string()).map(drop)
}

/// Writes a part of an answer to standard output at once, and says whether anybody wants more of it.
///
/// # Errors
///
/// If it cannot be written for another reason than a closed pipe.
pub(super) fn is_read(text: &str) -> io::Result<bool> {
    let mut stdout = io::stdout();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        written => written.map(|()| true),
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
    let _ = writeln!(io::stderr(), "tidings: {}", lines(&text));
}

/// A mistake in a file is shown in several lines. Those that follow are set in: a server's words, too, may hold line
/// ends, and must not pass for a note.
fn lines(text: &str) -> String {
    text.lines().map(visible).collect::<Vec<_>>().join("\n ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_neither_steers_the_terminal_nor_passes_for_two() {
        assert_eq!(lines("größer"), "größer");
        let steering = "a\u{1b}[2J\r\u{9b}31m\tb";
        assert_eq!(lines(steering), "a\\u001b[2J\\u000d\\u009b31m\\u0009b");
        assert_eq!(lines("wrong:\r\n  | x\ntidings: fine\n"), "wrong:\n   | x\n tidings: fine");
    }

    #[test]
    fn a_note_is_one_line() {
        assert_eq!(visible("version 1\n\u{1b}]0;x\u{7}"), "version 1\\u000a\\u001b]0;x\\u0007");
    }
}
