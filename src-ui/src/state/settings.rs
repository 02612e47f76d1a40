//! What a person chose for this browser.

use tidings_protocol::notification::Level;

use super::chart::Span;
use super::layout::Layout;
use crate::text::Language;

/// Name of the levels whose notifications become toasts.
const TOASTS: &str = "toasts";

/// Name of how far back charts reach.
const SPAN: &str = "charts";

/// Name of the panels in their order.
const PANELS: &str = "panels";

/// Name of the language.
const LANGUAGE: &str = "language";

/// All that is remembered, but the theme, which must be known before the program runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Levels whose notifications become toasts; all of them at first.
    pub toasts: Vec<Level>,
    /// How far back charts reach.
    pub span: Span,
    /// Which panels are shown, and in which order.
    pub layout: Layout,
    /// The language; the system's where there is none.
    pub language: Option<Language>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            toasts: Level::ALL.to_vec(),
            span: Span::default(),
            layout: Layout::default(),
            language: None,
        }
    }
}

impl Settings {
    /// Reads what was remembered, a setting a line, its name first; what cannot be read is as if it was not there. No
    /// JSON: to read and write that of one more type takes three kilobytes of program.
    #[must_use]
    pub fn read(text: &str) -> Self {
        let words = |name: &str| {
            text.lines().find_map(|line| line.strip_prefix(name)).map(str::split_whitespace)
        };
        let toasts = words(TOASTS).and_then(|words| words.map(|word| word.parse().ok()).collect());
        let span = words(SPAN).and_then(|mut words| Span::of(words.next()?));
        Self {
            toasts: toasts.unwrap_or_else(|| Level::ALL.to_vec()),
            span: span.unwrap_or_default(),
            layout: words(PANELS).map(Layout::read).unwrap_or_default(),
            language: words(LANGUAGE).and_then(|mut words| Language::of(words.next()?)),
        }
    }

    /// The text to remember.
    #[must_use]
    pub fn write(&self) -> String {
        let words: Vec<_> = self.toasts.iter().map(|level| level.as_str()).collect();
        let (toasts, span, layout) = (words.join(" "), self.span.name(), self.layout.write());
        let language = self.language.map_or("", Language::code);
        format!("{TOASTS} {toasts}\n{SPAN} {span}\n{PANELS}{layout}\n{LANGUAGE} {language}\n")
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
        Self { toasts: Level::ALL.into_iter().filter(has).collect(), ..self.clone() }
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
        let layout = Layout::read("+jobs -cpu".split(' '));
        let none = Settings {
            toasts: Vec::new(),
            span: Span::Week,
            layout,
            language: Some(Language::German),
        };
        assert_eq!(Settings::read(&none.write()), none);
        assert_eq!(Settings::read("later 1\ntoasts warning error\n").toasts.len(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_as_at_first() {
        for text in
            ["", "{}", "toasts loud\n", "later 1\n", "charts 2y\n", "charts\n", "language x\n"]
        {
            assert_eq!(Settings::read(text), Settings::default(), "{text}");
        }
    }
}
