//! How far a job is, on standard error: one line that changes on a terminal, a line at times elsewhere.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use tidings_protocol::job::Percent;

use crate::cli::say::{self, visible};

/// Shortest time between two lines that stay.
const AT_MOST_EVERY: Duration = Duration::from_secs(1);
/// Widest line that changes in its place: one that wraps would leave its beginning behind.
const WIDTH: usize = 79;

/// Shows how far one job is.
#[derive(Debug)]
pub(super) struct Bar {
    is_terminal: bool,
    quiet: bool,
    shown: String,
    last: Option<Instant>,
}

impl Bar {
    pub(super) fn new(quiet: bool) -> Self {
        Self { is_terminal: io::stderr().is_terminal(), quiet, shown: String::new(), last: None }
    }

    /// Shows how far it is now.
    pub(super) fn show(&mut self, progress: Option<Percent>, message: &str, place: Option<u32>) {
        let text = line(progress, message, place);
        let says_nothing = progress.is_none() && message.is_empty() && place.is_none();
        if self.quiet || says_nothing || text == self.shown {
            return;
        }
        if self.is_terminal {
            let _ = write!(io::stderr(), "\r{text}\x1b[K");
        } else if self.last.is_none_or(|last| last.elapsed() >= AT_MOST_EVERY) {
            self.last = Some(Instant::now());
            say::note(&text);
        } else {
            return;
        }
        self.shown = text;
    }

    /// Makes room for what is no progress.
    pub(super) fn clear(&mut self) {
        if self.is_terminal && !self.shown.is_empty() {
            let _ = write!(io::stderr(), "\r\x1b[K");
            self.shown.clear();
        }
    }
}

fn line(progress: Option<Percent>, message: &str, place: Option<u32>) -> String {
    let before = match (place, progress) {
        (Some(place), _) => format!("waits, number {place}"),
        (None, Some(percent)) => format!("{percent:>6}"),
        (None, None) => "     ?".to_owned(),
    };
    let line = format!("{before}  {message}");
    visible(line.trim_end()).chars().take(WIDTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_what_is_known_and_no_more_than_fits() {
        let percent = Some(Percent::of_tenths(405));
        // Padding is the formatter's, which `Percent` leaves alone.
        assert_eq!(line(percent, "/usr/lib", None).trim_start(), "40.5%  /usr/lib");
        assert_eq!(line(None, "", None), "     ?");
        assert_eq!(line(None, "a\nb", Some(2)), "waits, number 2  a\\u000ab");
        assert_eq!(line(None, &"é".repeat(500), None).chars().count(), WIDTH);
    }
}
