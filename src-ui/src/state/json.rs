//! JSON as a tree that keeps the order of its keys, and its text with indents.

/// A JSON value.
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as text.
    Number(String),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// An object, in the publisher's order.
    Object(Vec<(String, Json)>),
}

impl Json {
    /// Reads JSON text; what is none becomes a string, so that it can be shown all the same.
    #[must_use]
    pub fn read(text: &str) -> Self {
        Self::parse(text).unwrap_or_else(|| Self::Text(text.to_owned()))
    }

    /// Reads JSON text; none if it is not.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut reader = Reader { text, at: 0 };
        reader.value(0).filter(|_| reader.peek().is_none())
    }

    /// The text with an indent of two, for the clipboard.
    #[must_use]
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write(&mut out, 0);
        out
    }

    /// How many values lie directly inside.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::List(items) => items.len(),
            Self::Object(members) => members.len(),
            _ => 0,
        }
    }

    /// Whether nothing lies inside.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn write(&self, out: &mut String, depth: usize) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
            Self::Number(value) => out.push_str(value),
            Self::Text(value) => out.push_str(&quoted(value)),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    line(out, i, depth + 1);
                    item.write(out, depth + 1);
                }
                close(out, items.is_empty(), depth, ']');
            }
            Self::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    line(out, i, depth + 1);
                    out.push_str(&quoted(key));
                    out.push_str(": ");
                    value.write(out, depth + 1);
                }
                close(out, members.is_empty(), depth, '}');
            }
        }
    }
}

/// A string as JSON writes it.
#[must_use]
pub fn quoted(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}

/// The members of an object, their values as they are written: whether those are JSON is not looked at.
#[must_use]
pub fn raw_members(text: &str) -> Option<Vec<(String, &str)>> {
    let mut reader = Reader { text, at: 0 };
    if reader.peek()? != b'{' {
        return None;
    }
    let members = reader.items(b'}', |reader| {
        let key = reader.string()?;
        reader.skip(b':')?;
        Some((key, reader.raw()?))
    });
    members.filter(|_| reader.peek().is_none())
}

/// The items of a list, as they are written: whether they are JSON is not looked at.
#[must_use]
pub fn raw_items(text: &str) -> Option<Vec<&str>> {
    let mut reader = Reader { text, at: 0 };
    if reader.peek()? != b'[' {
        return None;
    }
    reader.items(b']', Reader::raw).filter(|_| reader.peek().is_none())
}

fn line(out: &mut String, index: usize, depth: usize) {
    if index > 0 {
        out.push(',');
    }
    out.push('\n');
    out.extend(std::iter::repeat_n("  ", depth));
}

fn close(out: &mut String, empty: bool, depth: usize, bracket: char) {
    if !empty {
        out.push('\n');
        out.extend(std::iter::repeat_n("  ", depth));
    }
    out.push(bracket);
}

/// Reads JSON text. By hand, because a number must stay as its publisher wrote it: `1.50` is not `1.5`,
/// and an id beyond 2⁵³ has digits that a float would lose.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// Deeper nesting is shown as text.
const MAX_DEPTH: usize = 128;

impl<'a> Reader<'a> {
    fn value(&mut self, depth: usize) -> Option<Json> {
        if depth > MAX_DEPTH {
            return None;
        }
        Some(match self.peek()? {
            b'{' => Json::Object(self.items(b'}', |reader| {
                let key = reader.string()?;
                reader.skip(b':')?;
                Some((key, reader.value(depth + 1)?))
            })?),
            b'[' => Json::List(self.items(b']', |reader| reader.value(depth + 1))?),
            b'"' => Json::Text(self.string()?),
            _ => match self.word() {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                number if number.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                    Json::Number(number.to_owned())
                }
                _ => return None,
            },
        })
    }

    fn items<T>(
        &mut self,
        close: u8,
        mut item: impl FnMut(&mut Self) -> Option<T>,
    ) -> Option<Vec<T>> {
        self.at += 1;
        let mut items = Vec::new();
        if self.peek()? == close {
            self.at += 1;
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            let next = self.peek()?;
            self.at += 1;
            match next {
                b',' => {}
                end if end == close => return Some(items),
                _ => return None,
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        if self.peek()? != b'"' {
            return None;
        }
        serde_json::from_str(self.quoted()?).ok()
    }

    /// A string as it is written.
    fn quoted(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut end = 1;
        while *bytes.get(end)? != b'"' {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        self.at += end + 1;
        rest.get(..=end)
    }

    /// A value as it is written, however deep it is.
    fn raw(&mut self) -> Option<&'a str> {
        self.peek()?;
        let (rest, start) = (self.rest(), self.at);
        let mut depth = 0_u32;
        loop {
            match self.peek()? {
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' => {
                    depth = depth.checked_sub(1)?;
                    self.at += 1;
                }
                b',' | b':' if depth > 0 => self.at += 1,
                b'"' => {
                    self.quoted()?;
                }
                _ if self.word().is_empty() => return None,
                _ => {}
            }
            if depth == 0 {
                return rest.get(..self.at - start);
            }
        }
    }

    /// Up to whatever ends a number or a literal.
    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c: char| matches!(c, ',' | ']' | '}') || c.is_ascii_whitespace());
        let word = &rest[..end.unwrap_or(rest.len())];
        self.at += word.len();
        word
    }

    fn skip(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at += 1)?;
        self.peek().map(|_| ())
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_ascii_start().len();
        self.text.as_bytes().get(self.at).copied()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_the_publishers_order() {
        let json = Json::read(r#"{"z":1,"a":[true,null,-2.5,"x\n"],"e":{},"l":[]}"#);
        let pretty = "{\n  \"z\": 1,\n  \"a\": [\n    true,\n    null,\n    -2.5,\n    \"x\\n\"\n  ],\n  \"e\": {},\n  \"l\": []\n}";
        assert_eq!(json.pretty(), pretty);
    }

    #[test]
    fn text_that_is_no_json_is_shown_as_text() {
        for text in [
            "not json", "", "{", "[1,", "{\"a\"}", "1 2", "\"open", "[1 2]", "{\"a\":}", "\"\\",
            "é",
        ] {
            assert_eq!(Json::read(text), Json::Text(text.to_owned()));
        }
    }

    #[test]
    fn numbers_stay_as_they_were_written() {
        let text = "[1.50, -2e+10, 12345678901234567890123]";
        let Json::List(items) = Json::read(text) else { panic!("a list") };
        let digits = ["1.50", "-2e+10", "12345678901234567890123"];
        assert_eq!(items, digits.map(|number| Json::Number(number.to_owned())));
    }

    #[test]
    fn escapes_in_strings_are_undone() {
        let text = r#" { "a\"b" : "\u00e9\\" } "#;
        let Json::Object(members) = Json::read(text) else { panic!("an object") };
        assert_eq!(members, [("a\"b".to_owned(), Json::Text("é\\".to_owned()))]);
    }

    #[test]
    fn nesting_without_end_is_no_crash() {
        let deep = "[".repeat(100_000);
        assert!(matches!(Json::read(&deep), Json::Text(_)));
    }
}
