//! Puts the page's style sheets into one file: that compresses better than twenty, and is one request.

use std::hash::{DefaultHasher, Hash, Hasher};

/// The page with one style sheet in the place of its first, the name of that one, and the names of those it had.
/// The name of the new one tells its content, so that it may be cached for ever.
///
/// # Errors
/// When one of them cannot be read.
pub fn join<E>(
    html: &str,
    mut read: impl FnMut(&str) -> Result<String, E>,
) -> Result<(String, String, Sheets), E> {
    let mut page = String::with_capacity(html.len());
    let mut sheets = Sheets::default();
    let (mut rest, mut place) = (html, None);
    while let Some((before, tag, after)) = next_link(rest) {
        page.push_str(before);
        match href(tag).filter(|_| tag.contains("stylesheet")) {
            Some(name) => {
                place.get_or_insert(page.len());
                sheets.text.push_str(&read(name)?);
                sheets.joined.push(name.to_owned());
            }
            None => page.push_str(tag),
        }
        rest = after;
    }
    page.push_str(rest);
    let mut hasher = DefaultHasher::new();
    sheets.text.hash(&mut hasher);
    let name = format!("page-{:016x}.css", hasher.finish());
    if let Some(place) = place {
        page.insert_str(place, &format!("<link rel=\"stylesheet\" href=\"./{name}\">"));
    }
    Ok((page, name, sheets))
}

/// What was joined.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Sheets {
    /// The files there were.
    pub joined: Vec<String>,
    /// Their text, in their order.
    pub text: String,
}

/// Text before the tag, the tag, text after it.
fn next_link(html: &str) -> Option<(&str, &str, &str)> {
    let (before, from_tag) = html.split_at(html.find("<link")?);
    let (tag, after) = from_tag.split_at(from_tag.find('>')? + 1);
    Some((before, tag, after))
}

/// The file in the page's folder that a tag names, in quotes or without.
fn href(tag: &str) -> Option<&str> {
    let value = tag.split_once("href=")?.1.trim_start_matches('"');
    let end = value.find(['"', ' ', '>']).unwrap_or(value.len());
    value[..end].strip_prefix("./")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(html: &str) -> (String, String, Sheets) {
        join(html, |name| Ok::<_, ()>(format!("[{name}]"))).unwrap()
    }

    #[test]
    fn one_sheet_takes_the_place_of_the_first() {
        let (page, name, sheets) = joined(
            "<link rel=icon href=./i.svg><link rel=\"stylesheet\" href=\"./a.css\"/><b></b><link rel=stylesheet href=./b.css>x",
        );
        assert_eq!(sheets.text, "[a.css][b.css]");
        assert_eq!(sheets.joined, ["a.css", "b.css"]);
        let link = format!("<link rel=\"stylesheet\" href=\"./{name}\">");
        assert_eq!(page, format!("<link rel=icon href=./i.svg>{link}<b></b>x"));
    }

    #[test]
    fn a_page_without_sheets_stays_as_it_is() {
        let html = "<link rel=\"modulepreload\" href=\"./a.js\"><p>text</p>";
        let (page, _, sheets) = joined(html);
        assert_eq!((page.as_str(), sheets), (html, Sheets::default()));
    }

    #[test]
    fn the_same_text_always_gets_the_same_name() {
        let name = |html| joined(html).1;
        let a = "<link rel=stylesheet href=./a.css>";
        let moved = format!("<p>{a}");
        assert_eq!(name(a), name(&moved));
        assert_ne!(name(a), name("<link rel=stylesheet href=./b.css>"));
    }
}
