//! The secret a client proves itself with.

use std::fmt;

use http::HeaderValue;

/// A token; it shows itself in no log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Takes a token as it stands in a file or variable: white space around it is no part of it.
    #[must_use]
    pub fn new(secret: &str) -> Self {
        Self(secret.trim().to_owned())
    }

    /// Whether there is nothing in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Value of the `Authorization` header, for who makes requests of their own; null where the text
    /// cannot stand in one.
    #[must_use]
    pub fn bearer(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_does_not_show_itself() {
        let token = Token::new("abcdefg\n");
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(!format!("{:?}", token.bearer()).contains("abcdefg"));
    }

    #[test]
    fn a_token_that_breaks_the_header_is_none() {
        assert!(Token::new("a\nb").bearer().is_none());
    }
}
