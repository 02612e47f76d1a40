//! Trunk starts the program by a script inside the page. The page's content security policy allows scripts from
//! files only, which is the stricter of the two ways and the same one in the browser and in the desktop window.

use std::hash::{DefaultHasher, Hash, Hasher};

/// A script that was inside the page.
#[derive(Debug, PartialEq, Eq)]
pub struct Script {
    /// The file it goes to, named by its content so that it may be cached for ever.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// The page with every inline script replaced by a reference to a file, and those files.
#[must_use]
pub fn split(html: &str) -> (String, Vec<Script>) {
    let mut page = String::with_capacity(html.len());
    let mut scripts = Vec::new();
    let mut rest = html;
    while let Some((before, tag, body, after)) = next_script(rest) {
        page.push_str(before);
        let external = tag.contains(" src=");
        let data = tag.contains("importmap") || tag.contains("json");
        if external || data || body.trim().is_empty() {
            page.push_str(tag);
            page.push_str(body);
        } else {
            let name = format!("start-{}.js", hash(body));
            page.push_str(&format!("{} src=\"./{name}\">", tag.trim_end_matches('>')));
            scripts.push(Script { name, text: body.to_owned() });
        }
        page.push_str("</script>");
        rest = after;
    }
    page.push_str(rest);
    (page, scripts)
}

/// Text before the tag, the opening tag, what is inside, text after the closing tag.
fn next_script(html: &str) -> Option<(&str, &str, &str, &str)> {
    let start = html.find("<script")?;
    let (before, from_tag) = html.split_at(start);
    let tag_end = from_tag.find('>')? + 1;
    let (tag, from_body) = from_tag.split_at(tag_end);
    let (body, after) = from_body.split_once("</script>")?;
    Some((before, tag, body, after))
}

fn hash(text: &str) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inline_script_becomes_a_file() {
        let (page, scripts) =
            split("<head><script type=\"module\">import x from './x.js';</script></head>");
        assert_eq!(scripts.len(), 1);
        assert_eq!(scripts[0].text, "import x from './x.js';");
        assert_eq!(
            page,
            format!("<head><script type=\"module\" src=\"./{}\"></script></head>", scripts[0].name)
        );
    }

    #[test]
    fn a_script_of_its_own_file_stays_as_it_is() {
        let html = "<script src=\"./a.js\" defer></script><p>text</p><script></script>";
        assert_eq!(split(html), (html.to_owned(), vec![]));
    }

    #[test]
    fn the_same_script_always_gets_the_same_name() {
        let name = |html| split(html).1.remove(0).name;
        assert_eq!(name("<script>a()</script>"), name("<b></b><script>a()</script>"));
        assert_ne!(name("<script>a()</script>"), name("<script>b()</script>"));
    }
}
