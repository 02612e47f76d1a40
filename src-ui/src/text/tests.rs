use super::*;

/// Words that are the same in both languages: names, keys, units, and what German has taken over.
const SAME: &[&str] = &[
    "Alerts.name",
    "Alerts.is_ok",
    "Inbox.filter",
    "Inbox.info",
    "Jobs.optional",
    "Panels.cpu",
    "Panels.load_five",
    "Panels.load_fifteen",
    "Processes.name",
    "Processes.pid",
    "Processes.cpu",
    "Processes.threads",
    "Processes.called",
    "Settings.system",
    "Settings.monday",
    "Settings.friday",
    "Settings.saturday",
    "Shell.kernel",
    "Servers.name_label",
    "Servers.token_label",
    "SignIn.token",
    "States.live",
    "Times.minutes",
    "Times.hours",
    "Times.minute",
    "Times.five_minutes",
];

fn holes(text: &str) -> Vec<&str> {
    let mut holes: Vec<_> = text.match_indices('{').map(|(at, _)| &text[at..at + 3]).collect();
    holes.sort_unstable();
    holes.dedup();
    holes
}

#[test]
fn every_text_says_something_and_nothing_is_left_around_it() {
    for (name, text) in EN.all().into_iter().chain(DE.all()) {
        assert!(!text.is_empty(), "{name} is empty");
        for form in text.split('|') {
            assert_eq!(form.trim(), form, "{name}");
        }
        assert!(!text.contains("  "), "{name}");
    }
}

#[test]
fn a_text_has_the_same_holes_in_each_language() {
    for ((name, english), (other, german)) in EN.all().into_iter().zip(DE.all()) {
        assert_eq!(name, other);
        assert_eq!(holes(english), holes(german), "{name}");
        let forms = |text: &str| text.split('|').count();
        assert!(forms(english) <= 2, "{name}");
        assert_eq!(forms(english), forms(german), "{name}");
        for hole in holes(english).iter().chain(&holes(german)) {
            assert!(hole.as_bytes()[1].is_ascii_digit() && hole.ends_with('}'), "{name}: {hole}");
        }
    }
}

#[test]
fn no_text_is_left_in_english() {
    for ((name, english), (_, german)) in EN.all().into_iter().zip(DE.all()) {
        let is_same = english == german;
        let has_words = english.split(|c: char| !c.is_alphabetic()).any(|word| word.len() > 1);
        let may_be_same = !has_words || SAME.contains(&name);
        assert!(may_be_same || !is_same, "{name}: {english}");
        assert!(is_same || !SAME.contains(&name), "{name} is another by now");
    }
}

#[test]
fn a_language_is_known_by_the_beginning_of_its_tag() {
    assert_eq!(Language::of("de-AT"), Some(Language::German));
    assert_eq!(Language::of("EN"), Some(Language::English));
    assert_eq!(Language::of("den"), None);
    assert_eq!(Language::of(""), None);
}
