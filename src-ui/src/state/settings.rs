//! What a person chose for this browser.

use tidings_protocol::notification::Level;

/// Name of the levels whose notifications become toasts.
const TOASTS: &str = "toasts";

/// All that is remembered, but the theme, which must be known before the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Levels whose notifications become toasts; all of them at first.
    pub toasts: Vec<Level>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { toasts: Level::ALL.to_vec() }
    }
}

impl Settings {
    /// Reads what was remembered, a setting a line, its name first; what cannot be read is as if it was not there. No
    /// JSON: to read and write that of one more type takes three kilobytes of program.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let words =
            text.lines().find_map(|line| line.strip_prefix(TOASTS)).map(str::split_whitespace);
        let toasts = words.and_then(|words| words.map(|word| word.parse().ok()).collect());
        toasts.map_or_else(Self::default, |toasts| Self { toasts })
    }

    /// The text to remember.
    #[must_use]
    pub fn write(&self) -> String {
        let words: Vec<_> = self.toasts.iter().map(|level| level.as_str()).collect();
        format!("{TOASTS} {}\n", words.join(" "))
    }

    /// Whether notifications of `level` become toasts.
    #[must_use]
    pub fn toasts(&self, level: Level) -> bool {
        self.toasts.contains(&level)
    }

    /// The same with toasts of `level` the other way.
    #[must_use]
    pub fn with_toasts_toggled(&self, level: Level) -> Self {
        let has = |other: &Level| self.toasts(*other) != (*other == level);
        Self { toasts: Level::ALL.into_iter().filter(has).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let quiet = Settings::default().with_toasts_toggled(Level::Info);
        assert!(!quiet.toasts(Level::Info) && quiet.toasts(Level::Error));
        assert_eq!(Settings::read(&quiet.write()), quiet);
        assert_eq!(quiet.with_toasts_toggled(Level::Info), Settings::default());
        let none = Settings { toasts: Vec::new() };
        assert_eq!(Settings::read(&none.write()), none);
        assert_eq!(Settings::read("later 1\ntoasts warning error\n").toasts.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_as_at_first() {
        for text in ["", "{}", "toasts loud\n", "later 1\n"] {
            assert_eq!(Settings::read(text), Settings::default(), "{text}");
        }
    }
}
