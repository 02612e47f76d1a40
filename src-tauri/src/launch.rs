//! How the app was started.

use serde::{Deserialize, Serialize};

use crate::link::SCHEME;

/// With this it starts in the tray.
pub(crate) const HIDDEN: &str = "--hidden";

/// Variables in which a desktop hands over the right to come to the front.
const TOKENS: [&str; 2] = ["XDG_ACTIVATION_TOKEN", "DESKTOP_STARTUP_ID"];

/// Most links of one start.
const MOST_LINKS: usize = 16;

/// What somebody who starts the app wants of it. A second start tells it to the first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Launch {
    /// Whether it is to be in the tray alone.
    pub(crate) is_hidden: bool,
    /// Links that lead to it.
    pub(crate) links: Vec<String>,
    /// With this the system lets the window come to the front, where it asks for it.
    pub(crate) token: Option<String>,
}

impl Launch {
    /// That of this process.
    pub(crate) fn from_env() -> Self {
        let words = std::env::args_os().skip(1).filter_map(|word| word.into_string().ok());
        let token = TOKENS.iter().find_map(|name| std::env::var(name).ok());
        Self { token, ..Self::read(words) }
    }

    /// By the words behind the program's name; others than its own it passes over, as systems add some.
    fn read(words: impl Iterator<Item = String>) -> Self {
        let mut launch = Self::default();
        for word in words {
            let is_link =
                word.get(..SCHEME.len()).is_some_and(|it| it.eq_ignore_ascii_case(SCHEME));
            if word == HIDDEN {
                launch.is_hidden = true;
            } else if is_link && launch.links.len() < MOST_LINKS {
                launch.links.push(word);
            }
        }
        launch
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_say_whether_it_is_hidden_and_where_links_lead() {
        let read = |words: &[&str]| Launch::read(words.iter().map(|word| (*word).to_owned()));
        assert_eq!(read(&["-psn_0_1", "tidings", "http://a"]), Launch::default());
        assert!(read(&["--hidden"]).is_hidden);
        assert_eq!(read(&["tidings://jobs", "Tidings:x"]).links, ["tidings://jobs", "Tidings:x"]);
        assert_eq!(read(&["tidings:a"; 40]).links.len(), MOST_LINKS);
    }
}
