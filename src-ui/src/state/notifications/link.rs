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

/// The place on this page that a link leads to, from its `#` on; none if it leads away.
#[must_use]
pub fn here(link: &str) -> Option<&str> {
    link.strip_prefix('/').filter(|rest| rest.starts_with('#') && safe(link).is_some())
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
    fn a_link_may_lead_to_a_place_on_this_page() {
        assert_eq!(here("/#alerts/a1"), Some("#alerts/a1"));
        for link in ["/", "/jobs#log", "https://ci.test/#alerts", "#alerts", "/#a b"] {
            assert_eq!(here(link), None, "{link}");
        }
    }

    #[test]
    fn a_link_is_called_by_where_it_leads() {
        assert_eq!(name("https://ci.test/builds/7"), "ci.test");
        assert_eq!(name("https://ci.test@evil.test/"), "evil.test");
        assert_eq!(name("/jobs/7"), "/jobs/7");
    }
}
