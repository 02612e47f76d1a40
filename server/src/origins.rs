//! Pages of other origins that may use the API.

use url::Url;

/// Origins as browsers write them in `Origin`; none unless configured.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct AllowedOrigins(Vec<String>);

/// Text that is no origin, and what was meant if that can be told.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{origin}` in server.allowed_origins is no origin: write {expected}")]
pub struct InvalidOrigin {
    /// As it was written.
    origin: String,
    /// As it should be.
    expected: String,
}

impl AllowedOrigins {
    /// Takes origins that are written as a browser does, since nothing else ever matches.
    ///
    /// # Errors
    ///
    /// If one has a path, another scheme than http and https, or another spelling.
    pub(crate) fn parse(origins: &[String]) -> Result<Self, InvalidOrigin> {
        origins.iter().map(|origin| check(origin)).collect::<Result<_, _>>().map(Self)
    }

    /// Whether pages of `origin` may.
    #[must_use]
    pub(crate) fn allows(&self, origin: &[u8]) -> bool {
        self.0.iter().any(|known| known.as_bytes() == origin)
    }

    /// Whether there is none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

fn check(origin: &str) -> Result<String, InvalidOrigin> {
    let url = Url::parse(origin).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let canonical = url.map(|url| url.origin().ascii_serialization());
    if canonical.as_deref() == Some(origin) {
        return Ok(origin.to_owned());
    }
    let expected = canonical
        .map_or("https://name or http://name:port".to_owned(), |origin| format!("`{origin}`"));
    Err(InvalidOrigin { origin: origin.to_owned(), expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_a_browser_sends() {
        let origins = ["https://a.example", "http://localhost:3000", "http://[::1]:8080"];
        let allowed = AllowedOrigins::parse(&origins.map(str::to_owned)).unwrap();
        assert!(origins.iter().all(|origin| allowed.allows(origin.as_bytes())));
        for other in ["https://a.example:8443", "http://a.example", "null", "", "https://A.example"]
        {
            assert!(!allowed.allows(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn any_other_spelling_is_refused_with_the_right_one() {
        for (origin, expected) in [
            ("https://a.example/", "`https://a.example`"),
            ("https://A.example", "`https://a.example`"),
            ("https://a.example:443", "`https://a.example`"),
            ("https://me:secret@a.example", "`https://a.example`"),
            ("https://ä.example", "`https://xn--4ca.example`"),
            ("https://a.example/path?x", "`https://a.example`"),
            ("*", "https://name"),
            ("null", "https://name"),
            ("a.example", "https://name"),
            ("localhost:3000", "https://name"),
            ("ftp://a.example", "https://name"),
            ("", "https://name"),
        ] {
            let error = AllowedOrigins::parse(&[origin.to_owned()]).unwrap_err().to_string();
            assert!(error.contains(&format!("`{origin}`")), "{error}");
            assert!(error.contains(&format!("write {expected}")), "{error}");
        }
    }
}
