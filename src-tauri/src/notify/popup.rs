//! A notification of the system, and the words in it.

use tidings_protocol::notification::{Level, Notification};

/// Longest title, in characters; systems cut it sooner or later.
const TITLE: usize = 120;
/// Longest body, in characters.
const BODY: usize = 400;
/// Most lines of a body.
const LINES: usize = 6;

/// What one stands for: what comes later for the same takes its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    /// What the app itself has to say.
    Hint,
    /// The notification of that id.
    Item(String),
    /// A summary, by number.
    Summary(u64),
}

/// Longest name of a group or a slot, as Windows wants it.
#[cfg(any(windows, target_os = "macos", test))]
const NAME: usize = 64;

/// What systems that know notifications by names call those of a server.
#[cfg(any(windows, target_os = "macos", test))]
pub(super) fn group(server: &str) -> String {
    format!("tidings-{server}").chars().take(NAME).collect()
}

#[cfg(any(windows, target_os = "macos", test))]
impl Slot {
    /// What they call it within its group.
    pub(super) fn tag(&self) -> String {
        match self {
            Self::Hint => "hint".to_owned(),
            Self::Item(id) => format!("item-{id}").chars().take(NAME).collect(),
            Self::Summary(number) => format!("summary-{number}"),
        }
    }
}

/// A notification of the system, in plain text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Popup {
    /// Its place.
    pub(crate) slot: Slot,
    /// One line.
    pub(crate) title: String,
    /// May be empty.
    pub(crate) body: String,
    /// Id of what a click opens; null where it is the inbox.
    pub(crate) opens: Option<String>,
}

impl Popup {
    /// Of one notification.
    pub(super) fn single(row: &Notification) -> Self {
        let title = match row.level {
            Level::Error => format!("Error: {}", row.title),
            Level::Warning => format!("Warning: {}", row.title),
            Level::Info | Level::Success => row.title.clone(),
        };
        let body = if row.message.trim().is_empty() {
            row.source.as_deref().unwrap_or_default()
        } else {
            &row.message
        };
        Self {
            slot: Slot::Item(row.id.clone()),
            title: bounded(&title, TITLE, 1),
            body: bounded(body, BODY, LINES),
            opens: Some(row.id.clone()),
        }
    }

    /// The same, which says from which server it is.
    pub(super) fn from(mut self, server: Option<&str>) -> Self {
        if let Some(server) = server {
            self.title = bounded(&format!("{server}: {}", self.title), TITLE, 1);
        }
        self
    }

    /// Of what the app itself has to say.
    pub(super) fn hint(title: &str, body: &str) -> Self {
        Self { slot: Slot::Hint, title: title.to_owned(), body: body.to_owned(), opens: None }
    }

    /// Of many: `words` say which they are, `newest` are titles of some of them.
    pub(super) fn summary(number: u64, words: &str, newest: &[String]) -> Self {
        let titles: Vec<_> = newest.iter().map(|title| bounded(title, TITLE, 1)).collect();
        Self {
            slot: Slot::Summary(number),
            title: bounded(words, TITLE, 1),
            body: bounded(&titles.join("\n"), BODY, LINES),
            opens: None,
        }
    }
}

/// `count` with the noun, in the number it wants; with a plus where there are more.
pub(super) fn counted(count: usize, is_cut: bool, adjective: &str) -> String {
    let plus = if is_cut { "+" } else { "" };
    let noun = if count == 1 && !is_cut { "notification" } else { "notifications" };
    format!("{count}{plus} {adjective}{noun}")
}

/// At most so many characters and lines, without what turns the direction of text or cannot be seen.
fn bounded(text: &str, most: usize, lines: usize) -> String {
    let mut result = String::new();
    let (mut chars, mut breaks) = (0, 0);
    for c in text.trim().chars() {
        let is_break = c == '\n';
        let c = if is_break && lines > 1 {
            c
        } else if c.is_whitespace() {
            ' '
        } else {
            c
        };
        breaks += usize::from(is_break);
        if chars + 1 >= most || breaks >= lines && lines > 1 {
            result.push('…');
            break;
        }
        if c != '\n' && (c.is_control() || is_invisible(c)) {
            continue;
        }
        result.push(c);
        chars += 1;
    }
    result
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// The text for whoever reads it as markup.
#[cfg_attr(
    any(windows, target_os = "macos"),
    expect(dead_code, reason = "nothing reads markup here")
)]
pub(super) fn escaped(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => result.push_str("&amp;"),
            '<' => result.push_str("&lt;"),
            '>' => result.push_str("&gt;"),
            '"' => result.push_str("&quot;"),
            '\'' => result.push_str("&apos;"),
            c => result.push(c),
        }
    }
    result
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::notify) fn row(id: &str, version: u64) -> Notification {
        Notification {
            id: id.to_owned(),
            user_id: "u1".to_owned(),
            version,
            title: format!("Title {id}"),
            message: String::new(),
            level: Level::Info,
            link: None,
            source: None,
            dedupe_key: None,
            created_at: 1_000 + version,
            expires_at: None,
            read_at: None,
            update: false,
            news_version: None,
        }
    }

    #[test]
    fn one_tells_its_level_where_that_is_no_good_news_and_its_source_where_it_says_no_more() {
        let mut one = row("a", 1);
        one.source = Some("restic".to_owned());
        let popup = Popup::single(&one);
        assert_eq!((&*popup.title, &*popup.body), ("Title a", "restic"));
        one.level = Level::Error;
        one.message = "3 tests\r\nfailed".to_owned();
        let popup = Popup::single(&one);
        assert_eq!((&*popup.title, &*popup.body), ("Error: Title a", "3 tests \nfailed"));
        assert_eq!((popup.slot, popup.opens.as_deref()), (Slot::Item("a".into()), Some("a")));
    }

    #[test]
    fn no_two_of_several_servers_share_a_name() {
        let slots =
            [Slot::Hint, Slot::Item("hint".into()), Slot::Item("a".into()), Slot::Summary(1)];
        let names = ["first", "00f1", "00f2"]
            .into_iter()
            .flat_map(|server| slots.iter().map(move |slot| (group(server), slot.tag())));
        let names: std::collections::HashSet<_> = names.collect();
        assert_eq!(names.len(), 3 * slots.len());
        assert_eq!(Slot::Item("x".repeat(99)).tag().len(), NAME);
    }

    #[test]
    fn text_is_of_bounded_length_and_lines() {
        assert_eq!(bounded(&"ä".repeat(300), TITLE, 1).chars().count(), TITLE);
        assert!(bounded(&"ä".repeat(300), TITLE, 1).ends_with('…'));
        assert_eq!(bounded("a\nb\nc\nd", 400, 3), "a\nb\nc…");
        assert_eq!(bounded("one\ntwo\tthree", 400, 1), "one two three");
    }

    #[test]
    fn what_turns_or_hides_text_is_left_out() {
        assert_eq!(bounded("exe\u{202e}fdp\u{0}\u{1b}[31m\u{feff}", 400, 1), "exefdp[31m");
    }

    #[test]
    fn markup_is_text() {
        let text = r#"<b>a</b> <img src="x"> & '"#;
        assert_eq!(
            escaped(text),
            "&lt;b&gt;a&lt;/b&gt; &lt;img src=&quot;x&quot;&gt; &amp; &apos;"
        );
    }

    #[test]
    fn counts_are_in_the_number_they_want() {
        assert_eq!(counted(1, false, ""), "1 notification");
        assert_eq!(counted(2, false, "more "), "2 more notifications");
        assert_eq!(counted(200, true, ""), "200+ notifications");
    }
}
