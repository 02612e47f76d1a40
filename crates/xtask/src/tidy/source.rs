//! A source file in words and paths, without its comments: as much of Rust and JavaScript as the rules need.

/// A piece of source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Token {
    /// A name or keyword; numbers too
    Word(String),
    /// The inside of a string
    Text(String),
    /// `::`
    Colons,
    /// Any other character
    Mark(char),
}

/// Which of the two languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// Rust
    Rust,
    /// JavaScript
    Script,
}

/// A path as the source names it, from the package's root where it begins with `crate`, `self` or `super`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// Its parts: `crate`, `hub`, `Event`.
    pub parts: Vec<String>,
    /// The line it stands on.
    pub line: usize,
}

/// The tokens of a source with their lines.
#[must_use]
pub fn tokens(text: &str, language: Language) -> Vec<(Token, usize)> {
    Lexer { rest: text, line: 1, language, found: Vec::new() }.run()
}

struct Lexer<'a> {
    rest: &'a str,
    line: usize,
    language: Language,
    found: Vec<(Token, usize)>,
}

impl<'a> Lexer<'a> {
    fn run(mut self) -> Vec<(Token, usize)> {
        while let Some(first) = self.rest.chars().next() {
            if self.rest.starts_with("//") {
                self.take_while(|c| c != '\n');
            } else if self.rest.starts_with("/*") {
                self.block_comment();
            } else if let Some(hashes) = self.raw_string() {
                self.take(self.rest.find('"').map_or(1, |at| at + 1));
                self.string(&format!("\"{}", "#".repeat(hashes)), false);
            } else if first == '"'
                || (self.language == Language::Script && matches!(first, '\'' | '`'))
            {
                self.take(1);
                self.string(&first.to_string(), true);
            } else if first == '\'' {
                self.character_or_lifetime();
            } else if first.is_alphanumeric() || first == '_' {
                let line = self.line;
                let word = self.take_while(|c| c.is_alphanumeric() || c == '_').to_owned();
                self.found.push((Token::Word(word), line));
            } else if self.rest.starts_with("::") {
                self.push(Token::Colons, 2);
            } else if first.is_whitespace() {
                self.take(first.len_utf8());
            } else {
                self.push(Token::Mark(first), first.len_utf8());
            }
        }
        self.found
    }

    fn push(&mut self, token: Token, length: usize) {
        self.found.push((token, self.line));
        self.take(length);
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length.min(self.rest.len()));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        self.take(self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len()))
    }

    fn block_comment(&mut self) {
        let mut depth = 0;
        loop {
            if self.rest.starts_with("/*") && (depth == 0 || self.language == Language::Rust) {
                depth += 1;
                self.take(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.take(2);
                if depth == 0 {
                    return;
                }
            } else if let Some(next) = self.rest.chars().next() {
                self.take(next.len_utf8());
            } else {
                return;
            }
        }
    }

    /// The number of `#` if a raw string begins here.
    fn raw_string(&self) -> Option<usize> {
        if self.language == Language::Script {
            return None;
        }
        let after = ["r", "br", "cr"].iter().find_map(|start| self.rest.strip_prefix(start))?;
        let hashes = after.find(|c| c != '#')?;
        after[hashes..].starts_with('"').then_some(hashes)
    }

    fn string(&mut self, end: &str, escapes: bool) {
        let line = self.line;
        let mut text = String::new();
        while !self.rest.is_empty() && !self.rest.starts_with(end) {
            let escaped = escapes && self.rest.starts_with('\\');
            let count = if escaped { 2 } else { 1 };
            let length = self.rest.chars().take(count).map(char::len_utf8).sum();
            text.push_str(self.take(length));
        }
        self.take(end.len());
        self.found.push((Token::Text(text), line));
    }

    fn character_or_lifetime(&mut self) {
        let mut next = self.rest.chars().skip(1);
        match (next.next(), next.next()) {
            (Some('\\'), _) => {
                self.take(1);
                self.string("'", true);
                self.found.pop();
            }
            (Some(inside), Some('\'')) => {
                self.take(2 + inside.len_utf8());
            }
            _ => {
                self.take(1);
                self.take_while(|c| c.is_alphanumeric() || c == '_');
            }
        }
    }
}

/// The paths a Rust source names: all that is imported, and all of two parts or more elsewhere. `module` is the
/// file's own path within its package.
#[must_use]
pub fn named(tokens: &[(Token, usize)], module: &[String]) -> Vec<Named> {
    let mut reader = Reader {
        tokens,
        at: 0,
        module: module.to_vec(),
        open: Vec::new(),
        depth: 0,
        found: Vec::new(),
    };
    while reader.at < tokens.len() {
        reader.step();
    }
    reader.found
}

struct Reader<'a> {
    tokens: &'a [(Token, usize)],
    at: usize,
    /// The path of the module this place is in.
    module: Vec<String>,
    /// The brace depths at which inline modules began.
    open: Vec<usize>,
    depth: usize,
    found: Vec<Named>,
}

impl Reader<'_> {
    fn token(&self, ahead: usize) -> Option<&Token> {
        self.tokens.get(self.at + ahead).map(|(token, _)| token)
    }

    fn word(&self, ahead: usize) -> Option<&str> {
        match self.token(ahead) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |(_, line)| *line)
    }

    fn step(&mut self) {
        match self.token(0) {
            Some(Token::Mark('{')) => self.depth += 1,
            Some(Token::Mark('}')) => {
                self.depth = self.depth.saturating_sub(1);
                if self.open.last() == Some(&self.depth) {
                    self.open.pop();
                    self.module.pop();
                }
            }
            Some(Token::Word(word))
                if word == "use" && self.token(1) != Some(&Token::Mark('<')) =>
            {
                self.at += 1;
                self.import(&[]);
                return;
            }
            Some(Token::Word(word)) if word == "extern" && self.word(1) == Some("crate") => {
                let parts = self.word(2).map(str::to_owned).into_iter().collect();
                self.add(parts, self.line());
                self.at += 2;
            }
            Some(Token::Word(word))
                if word == "mod" && self.token(2) == Some(&Token::Mark('{')) =>
            {
                let name = self.word(1).unwrap_or_default().to_owned();
                self.module.push(name);
                self.open.push(self.depth);
                self.at += 1;
            }
            Some(Token::Word(_)) => {
                let line = self.line();
                let parts = self.path();
                if parts.len() > 1 {
                    self.add(parts, line);
                }
                return;
            }
            _ => {}
        }
        self.at += 1;
    }

    /// Reads `a::b::c`.
    fn path(&mut self) -> Vec<String> {
        let mut parts = Vec::new();
        while let Some(word) = self.word(0) {
            parts.push(word.to_owned());
            self.at += 1;
            if self.token(0) != Some(&Token::Colons) || self.word(1).is_none() {
                break;
            }
            self.at += 1;
        }
        parts
    }

    /// Reads what follows `use`, or an entry of its braces.
    fn import(&mut self, before: &[String]) {
        if self.token(0) == Some(&Token::Colons) {
            self.at += 1;
        }
        let line = self.line();
        let mut parts = before.to_vec();
        parts.extend(self.path());
        if self.token(0) == Some(&Token::Colons) {
            self.at += 1;
        }
        if self.token(0) == Some(&Token::Mark('{')) {
            self.at += 1;
            while !matches!(self.token(0), None | Some(Token::Mark('}'))) {
                let start = self.at;
                self.import(&parts);
                if self.token(0) == Some(&Token::Mark(',')) || self.at == start {
                    self.at += 1;
                }
            }
            self.at += 1;
            return;
        }
        self.add(parts, line);
        // `as name` or `*`
        while !matches!(self.token(0), None | Some(Token::Mark(',' | '}' | ';' | '{'))) {
            self.at += 1;
        }
    }

    fn add(&mut self, mut parts: Vec<String>, line: usize) {
        // `{self}` names what stands before the braces.
        if parts.len() > 1 && parts.last().is_some_and(|part| part == "self") {
            parts.pop();
        }
        let mut module = self.module.clone();
        let parts = match parts.first().map(String::as_str) {
            None => return,
            Some("self") => [vec!["crate".to_owned()], module, parts.split_off(1)].concat(),
            Some("super") => {
                let ups = parts.iter().take_while(|part| *part == "super").count();
                module.truncate(module.len().saturating_sub(ups));
                [vec!["crate".to_owned()], module, parts.split_off(ups)].concat()
            }
            Some(_) => parts,
        };
        self.found.push(Named { parts, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, language: Language) -> Vec<String> {
        let word = |(token, _)| match token {
            Token::Word(word) => Some(word),
            _ => None,
        };
        tokens(text, language).into_iter().filter_map(word).collect()
    }

    fn paths(text: &str) -> Vec<String> {
        let module = ["hub".to_owned(), "bus".to_owned()];
        named(&tokens(text, Language::Rust), &module)
            .into_iter()
            .map(|named| format!("{} {}", named.line, named.parts.join("::")))
            .collect()
    }

    #[test]
    fn comments_and_strings_hold_no_words() {
        let text = r####"a /* b /* c */ d */ e // f
            "g \" h" r#"i " j"# 'k' '\'' b"l" m<'n> "####;
        assert_eq!(words(text, Language::Rust), ["a", "e", "b", "m"]);
        assert_eq!(words("x('y \\' z', `w`) // v", Language::Script), ["x"]);
    }

    #[test]
    fn imports_are_spelled_out() {
        assert_eq!(
            paths("use a::{b, c::{self, d as e}, f::*};\npub use ::g;"),
            ["1 a::b", "1 a::c", "1 a::c::d", "1 a::f", "2 g"]
        );
    }

    #[test]
    fn relative_paths_start_at_the_package() {
        assert_eq!(paths("use super::store::X;"), ["1 crate::hub::store::X"]);
        assert_eq!(paths("fn f() { super::super::store::x() }"), ["1 crate::store::x"]);
        assert_eq!(
            paths("mod tests {\nuse super::super::super::store;\n}\nuse self::y;"),
            ["2 crate::store", "4 crate::hub::bus::y"]
        );
    }

    #[test]
    fn paths_are_found_where_no_import_is() {
        assert_eq!(paths("let x = axum::Json(1);\nv.collect::<Vec<_>>()"), ["1 axum::Json"]);
    }
}
