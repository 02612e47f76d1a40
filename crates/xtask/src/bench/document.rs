//! The generated part of `docs/performance.md`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::paths;

const BEGIN: &str = "<!-- cargo xtask bench: what follows is written by it -->";
const END: &str = "<!-- cargo xtask bench: end -->";

/// Puts `text` between the marks.
///
/// # Errors
/// When the file or its marks are not there.
pub fn write(text: &str) -> Result<PathBuf> {
    let path = paths::root().join("docs/performance.md");
    let old = fs::read_to_string(&path).with_context(|| format!("no {}", path.display()))?;
    let new = replaced(&old, text)
        .with_context(|| format!("{} lacks the lines {BEGIN} and {END}", path.display()))?;
    fs::write(&path, new)?;
    Ok(path)
}

fn replaced(document: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_between_the_marks_is_replaced() {
        let document = format!("a\n{BEGIN}\nold\n{END}\nb\n");
        let new = replaced(&document, "new\n").unwrap();
        assert_eq!(new, format!("a\n{BEGIN}\n\nnew\n\n{END}\nb\n"));
        assert_eq!(replaced(&new, "new").as_deref(), Some(new.as_str()));
        assert_eq!(replaced("a\nb\n", "new"), None);
    }

    #[test]
    fn the_document_has_its_marks() {
        let text = fs::read_to_string(paths::root().join("docs/performance.md")).unwrap();
        assert!(replaced(&text, "").is_some());
    }
}
