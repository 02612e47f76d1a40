//! Where an answer sends a request instead, and what may go there.

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use url::Url;

/// Redirects followed in one attempt.
pub(crate) const MAX_REDIRECTS: usize = 5;

/// The next address of a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    pub(crate) to: Url,
    /// Whether the token may go there.
    pub(crate) is_trusted: bool,
}

/// Why a redirect is not followed.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Forbidden {
    #[error("it redirects to no address")]
    Nowhere,
    #[error("it redirects to {0}, which is not followed: the way there is not encrypted")]
    Downgrade(Url),
}

/// The hop that an answer from `at` asks for; null of an answer that is no redirect.
pub(crate) fn hop(
    at: &Url,
    status: StatusCode,
    headers: &HeaderMap,
) -> Option<Result<Hop, Forbidden>> {
    matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308).then(|| {
        let location =
            headers.get(LOCATION).and_then(|value| std::str::from_utf8(value.as_bytes()).ok());
        let to = location.and_then(|location| at.join(location).ok());
        let mut to =
            to.filter(|to| matches!(to.scheme(), "http" | "https")).ok_or(Forbidden::Nowhere)?;
        if at.scheme() == "https" && to.scheme() != "https" {
            return Err(Forbidden::Downgrade(to));
        }
        to.set_fragment(None);
        // Otherwise the server would choose whom this client claims to be.
        let _ = (to.set_username(""), to.set_password(None));
        let is_trusted = at.origin() == to.origin() || is_upgrade(at, &to);
        Ok(Hop { to, is_trusted })
    })
}

/// The one other origin that is the same server for sure: its own port for https.
fn is_upgrade(at: &Url, to: &Url) -> bool {
    let end = |url: &Url| (url.scheme().to_owned(), url.port_or_known_default());
    at.host() == to.host()
        && end(at) == ("http".to_owned(), Some(80))
        && end(to) == ("https".to_owned(), Some(443))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(at: &str, status: u16, location: &str) -> Option<Result<Hop, Forbidden>> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        hop(&at.parse().unwrap(), StatusCode::from_u16(status).unwrap(), &headers)
    }

    #[test]
    fn the_token_goes_to_the_same_server_only() {
        for (at, location, to, is_trusted) in [
            ("http://a.example/x", "/y?z=1", "http://a.example/y?z=1", true),
            ("http://a.example/x/", "y#z", "http://a.example/x/y", true),
            ("http://a.example", "https://a.example/", "https://a.example/", true),
            ("http://a.example:80", "//a.example:80/y", "http://a.example/y", true),
            ("https://a.example", "https://A.EXAMPLE/y", "https://a.example/y", true),
            ("https://a.example", "https://me:pw@a.example/y", "https://a.example/y", true),
            ("https://a.example", "https://b.example/", "https://b.example/", false),
            ("https://a.example", "https://www.a.example/", "https://www.a.example/", false),
            (
                "https://a.example",
                "https://a.example.b.example/",
                "https://a.example.b.example/",
                false,
            ),
            ("https://a.example", "https://a.example@b.example/", "https://b.example/", false),
            ("https://a.example", "https://a.example:8443/", "https://a.example:8443/", false),
            ("http://a.example:8080", "http://a.example/", "http://a.example/", false),
            ("http://a.example:8080", "https://a.example/", "https://a.example/", false),
        ] {
            let expected = Hop { to: to.parse().unwrap(), is_trusted };
            assert_eq!(answer(at, 307, location), Some(Ok(expected)), "{at} to {location}");
        }
    }

    #[test]
    fn every_kind_of_redirect_counts_and_nothing_else() {
        for status in [301, 302, 303, 307, 308] {
            assert!(matches!(answer("http://a.example", status, "/y"), Some(Ok(_))), "{status}");
        }
        for status in [200, 201, 300, 304, 305, 306, 404] {
            assert_eq!(answer("http://a.example", status, "/y"), None, "{status}");
        }
    }

    #[test]
    fn no_redirect_leaves_encryption_or_http() {
        let plain = "http://a.example/".parse().unwrap();
        let downgrade = answer("https://a.example", 301, "http://a.example/");
        assert_eq!(downgrade, Some(Err(Forbidden::Downgrade(plain))));
        for location in
            ["file:///etc/passwd", "data:text/event-stream,x", "ftp://a.example", "http://"]
        {
            assert_eq!(answer("http://a.example", 301, location), Some(Err(Forbidden::Nowhere)));
        }
        let at = "http://a.example".parse().unwrap();
        assert_eq!(hop(&at, StatusCode::FOUND, &HeaderMap::new()), Some(Err(Forbidden::Nowhere)));
    }
}
