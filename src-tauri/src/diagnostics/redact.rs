//! Takes out of a text what is nobody else's affair.

use std::path::Path;

use tidings_client::Token;

/// What stands in the place of a secret.
const HIDDEN: &str = "[hidden]";

/// Behind these comes a secret, whatever it looks like.
const MARKS: [&str; 6] = ["bearer ", "token=", "code=", "password=", "secret=", "authorization: "];

/// Takes secrets and the name of the user's folder out of a text.
pub(super) struct Redactor {
    secrets: Vec<String>,
    home: Option<String>,
}

impl Redactor {
    pub(super) fn new(tokens: &[Token], home: Option<&Path>) -> Self {
        let secret = |token: &Token| {
            let bearer = token.bearer()?;
            let secret = bearer.to_str().ok()?.strip_prefix("Bearer ")?.to_owned();
            (!secret.is_empty()).then_some(secret)
        };
        let secrets = tokens.iter().filter_map(secret).collect();
        let home = home.map(|home| home.display().to_string()).filter(|home| home.len() > 1);
        Self { secrets, home }
    }

    pub(super) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in &self.secrets {
            text = text.replace(secret, HIDDEN);
        }
        for mark in MARKS {
            text = hidden_behind(mark, &text);
        }
        // It has the user's name.
        match &self.home {
            Some(home) => text.replace(home, "~"),
            None => text,
        }
    }
}

/// The text with each word behind `mark`, in letters of any size, hidden.
fn hidden_behind(mark: &str, text: &str) -> String {
    // As long as the text itself, byte by byte.
    let lower = text.to_ascii_lowercase();
    let (mut result, mut from) = (String::new(), 0);
    while let Some(found) = lower[from..].find(mark) {
        let start = from + found + mark.len();
        let is_end = |c: char| c.is_whitespace() || matches!(c, '&' | '"' | '\'' | ',' | ')' | '>');
        let end = text[start..].find(is_end).map_or(text.len(), |length| start + length);
        result += &text[from..start];
        if end > start {
            result += HIDDEN;
        }
        from = end;
    }
    result + &text[from..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_token_nor_what_looks_like_one_stays() {
        let redactor = Redactor::new(&[Token::new("s3cr3t")], Some(Path::new("/people/jo")));
        let text = "GET http://a/?token=abc&x=1 Bearer tid_1 \"authorization: Basic q\"\n\
            ünïcode=zz Code=yy, it is s3cr3t in /people/jo/x/tidings.log";
        assert_eq!(
            redactor.redact(text),
            "GET http://a/?token=[hidden]&x=1 Bearer [hidden] \"authorization: [hidden] q\"\n\
            ünïcode=[hidden] Code=[hidden], it is [hidden] in ~/x/tidings.log"
        );
    }

    #[test]
    fn what_is_no_secret_stays() {
        let redactor = Redactor::new(&[Token::new("")], None);
        for text in ["", "a token that is refused", "token=", "token= a", "bearer"] {
            assert_eq!(redactor.redact(text), text);
        }
    }
}
