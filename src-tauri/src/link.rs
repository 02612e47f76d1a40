//! Links of the app, `tidings://…`, which any page and program may contain: they lead somewhere in the window, and do nothing
//! there.

use url::Url;

/// How they begin.
pub(crate) const SCHEME: &str = "tidings:";

/// Longest id of a job, in bytes.
const LONGEST_ID: usize = 200;

/// Where a link leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Link {
    /// To the inbox.
    Notifications,
    /// To a place of the page, which is what stands behind the `#` of its address.
    Place(String),
    /// To the window, whatever else it may have meant to a later version.
    Window,
}

impl Link {
    /// Reads one. What it does not know leads to the window.
    pub(crate) fn read(text: &str) -> Self {
        let Ok(url) = Url::parse(text) else { return Self::Window };
        let path = url.path().trim_matches('/');
        match url.host_str() {
            Some("notifications") if path.is_empty() => Self::Notifications,
            Some(panel @ ("jobs" | "alerts")) if path.is_empty() => Self::Place(panel.to_owned()),
            Some("jobs") if is_id(path) => Self::Place(format!("jobs/{path}")),
            _ => Self::Window,
        }
    }
}

fn is_id(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'~' | b'-' | b'_');
    text.len() <= LONGEST_ID && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_lead_to_the_inbox_and_to_jobs() {
        let places = [
            ("tidings://notifications", Link::Notifications),
            ("tidings://notifications/", Link::Notifications),
            ("tidings://jobs", Link::Place("jobs".into())),
            ("tidings://alerts/", Link::Place("alerts".into())),
            ("tidings://jobs/u-1~0af", Link::Place("jobs/u-1~0af".into())),
            ("TIDINGS://jobs/u~1/", Link::Place("jobs/u~1".into())),
        ];
        for (text, link) in places {
            assert_eq!(Link::read(text), link, "{text}");
        }
    }

    #[test]
    fn whatever_else_it_says_a_link_only_shows_the_window() {
        for text in [
            "",
            "tidings:",
            "tidings://",
            "tidings://server?url=http://evil.example&token=x",
            "tidings://jobs/a/b",
            "tidings://jobs/');alert(1)//",
            "tidings://jobs/%27",
            "tidings://jobs/ä",
            &format!("tidings://jobs/{}", "a".repeat(LONGEST_ID + 1)),
            "tidings://alerts/new",
        ] {
            assert_eq!(Link::read(text), Link::Window, "{text}");
        }
    }
}
