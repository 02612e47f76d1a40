//! What a person chose for this browser.

use serde::{Deserialize, Serialize};
use tidings_protocol::notification::Level;

/// All that is remembered, but the theme, which must be known before the program runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
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
    /// Reads what was remembered; what cannot be read is as if nothing was.
    #[must_use]
    pub fn read(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }

    /// The text to remember.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
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
    }

    #[test]
    fn what_cannot_be_read_is_as_at_first() {
        for text in ["", "{}", "[]", r#"{"toasts":["loud"]}"#, r#"{"later":1}"#] {
            assert_eq!(Settings::read(text), Settings::default(), "{text}");
        }
    }
}
