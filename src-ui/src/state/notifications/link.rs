//! Where a notification may lead.

/// The link, if a page may lead there: by http or https, or to a path of the server it came from. The server refuses all
/// others; that is no reason to trust one.
#[must_use]
pub fn safe(link: &str) -> Option<&str> {
    let has_scheme = |scheme: &str| {
        link.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme))
            && link.len() > scheme.len()
    };
    // Browsers take `//` and `/\` for the beginning of another server's name, and leave tabs and line ends out.
    let is_path = link.starts_with('/') && !link[1..].starts_with(['/', '\\']);
    let is_clean = !link.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_clean && (is_path || has_scheme("http://") || has_scheme("https://"))).then_some(link)
}

/// Whether it leads to a part of the dashboard: of this very page, wherever that is shown, and to no other.
#[must_use]
pub fn is_here(link: &str) -> bool {
    link.starts_with("/#")
}

/// What to call it: the host's name, or the path.
#[must_use]
pub fn name(link: &str) -> &str {
    let rest = link.split_once("://").map_or(link, |(_, rest)| rest);
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    if link.starts_with('/') { link } else { host }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_web_or_to_a_path_of_the_server() {
        for link in ["https://ci.test/builds/7", "HTTP://a", "/jobs/7?x=1#log", "/"] {
            assert_eq!(safe(link), Some(link));
        }
        for link in [
            "javascript:alert(1)",
            "//evil.test",
            "/\\evil.test",
            "/\t/evil.test",
            "data:text/html,x",
            "https://",
            "https:evil",
            "ä://x",
            "",
        ] {
            assert_eq!(safe(link), None, "{link}");
        }
    }

    #[test]
    fn a_link_to_a_part_of_the_dashboard_stays_on_the_page() {
        assert!(is_here("/#alerts/7") && safe("/#alerts/7").is_some());
        for link in ["/", "/jobs/7#log", "https://a.test/#alerts/7", "#alerts/7"] {
            assert!(!is_here(link), "{link}");
        }
    }

    #[test]
    fn a_link_is_called_by_where_it_leads() {
        assert_eq!(name("https://ci.test/builds/7"), "ci.test");
        assert_eq!(name("https://ci.test@evil.test/"), "evil.test");
        assert_eq!(name("/jobs/7"), "/jobs/7");
    }
}
