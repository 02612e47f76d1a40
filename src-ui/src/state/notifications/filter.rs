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
            && has_words(
                &self.text,
                &[&row.title, &row.message, row.source.as_deref().unwrap_or_default()],
            )
    }
}

/// Whether each of the words stands in one of the texts, in great letters or small ones.
#[must_use]
pub fn has_words(words: &str, texts: &[&str]) -> bool {
    let has = |word: String| texts.iter().any(|text| folded(text).contains(&word));
    words.split_whitespace().all(|word| has(folded(word)))
}

/// The same in small letters, as far as what is searched for is concerned.
pub(in crate::state) fn folded(text: &str) -> String {
    text.chars().map(small).collect()
}

/// The small letter of Latin, Greek and Cyrillic ones. The standard library's tables know all the others too, and would
/// take as much of the page as the rest of the inbox's state.
fn small(letter: char) -> char {
    let code = u32::from(letter);
    let small = match letter {
        'A'..='Z' | 'À'..='Ö' | 'Ø'..='Þ' | 'Α'..='Ϋ' | 'А'..='Я' => code + 32,
        'Ѐ'..='Џ' => code + 80,
        // Pairs, the great one first: at even numbers here, at odd ones there.
        'Ā'..='ķ' | 'Ŋ'..='ŷ' => code | 1,
        'Ĺ'..='ň' | 'Ź'..='ž' => code + code % 2,
        _ => code,
    };
    char::from_u32(small).unwrap_or(letter)
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
    fn letters_of_latin_greek_and_cyrillic_are_found_in_either_case() {
        let great = "AZÀÖØÞĀĶĹŇŊŶŹŽΑΩЀЏАЯ";
        assert_eq!(folded(great), great.to_lowercase());
        let none = "az×÷ßÿ09_ж漢";
        assert_eq!(folded(none), none);
        assert_eq!(folded(&great.to_lowercase()), great.to_lowercase());
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
