//! Which notifications a reader wants to see.

use tidings_protocol::notification::{Level, Notification};

/// A choice of notifications; everything unless it says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only what is unread.
    pub unread: bool,
    /// Only this level.
    pub level: Option<Level>,
    /// Only what has all of these words in title, message or source.
    pub text: String,
}

impl Filter {
    /// Whether it lets everything through.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.unread && self.level.is_none() && self.text.trim().is_empty()
    }

    /// Whether it lets this one through; one that is read counts as unread while `keep` names it, so that it does not
    /// vanish under the reader's eyes.
    #[must_use]
    pub fn takes(&self, row: &Notification, is_unread: bool, keep: Option<&str>) -> bool {
        let kept = keep == Some(&*row.id);
        (!self.unread || is_unread || kept)
            && self.level.is_none_or(|level| level == row.level)
            && self.text.split_whitespace().all(|word| has(row, &word.to_lowercase()))
    }
}

fn has(row: &Notification, word: &str) -> bool {
    let source = row.source.as_deref().unwrap_or_default();
    [&*row.title, &*row.message, source].iter().any(|text| text.to_lowercase().contains(word))
}

#[cfg(test)]
mod tests {
    use super::super::inbox::tests::row;
    use super::*;

    fn words(text: &str) -> Filter {
        Filter { text: text.to_owned(), ..Filter::default() }
    }

    #[test]
    fn all_words_are_found_in_any_field_whatever_their_case() {
        let mut one = row("a", 1);
        one.title = "Backup of Städte".to_owned();
        one.source = Some("restic".to_owned());
        for (text, found) in
            [("", true), ("backup", true), ("STÄDTE restic", true), ("backup failed", false)]
        {
            assert_eq!(words(text).takes(&one, true, None), found, "{text}");
        }
        assert!(words("  ").is_open());
    }

    #[test]
    fn what_was_just_read_stays_while_it_is_looked_at() {
        let unread = Filter { unread: true, ..Filter::default() };
        let one = row("a", 1);
        assert!(unread.takes(&one, true, None));
        assert!(!unread.takes(&one, false, None));
        assert!(unread.takes(&one, false, Some("a")));
    }

    #[test]
    fn a_level_leaves_out_the_others() {
        let errors = Filter { level: Some(Level::Error), ..Filter::default() };
        let mut one = row("a", 1);
        assert!(!errors.takes(&one, true, None));
        one.level = Level::Error;
        assert!(errors.takes(&one, true, None));
    }
}
