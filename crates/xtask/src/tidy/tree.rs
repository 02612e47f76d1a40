//! The files that `tidy` looks at.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

/// Folders of no interest, wherever they are: made by programs, or other people's.
const SKIPPED: &[&str] = &[".git", "target", "node_modules", "dist", "gen", "playwright-report"];

/// Violates every rule, on purpose.
const FIXTURES: &str = "crates/xtask/tests/fixtures";

/// A text file.
#[derive(Debug)]
pub struct File {
    /// From the repository's root, with `/` between names.
    pub path: String,
    /// What is in it.
    pub text: String,
}

/// All text files of a repository.
#[derive(Debug, Default)]
pub struct Tree {
    /// Sorted by path.
    pub files: Vec<File>,
}

impl Tree {
    /// Reads a repository.
    ///
    /// # Errors
    /// When a file or folder cannot be read.
    pub fn load(root: &Path) -> Result<Self> {
        let mut tree = Self::default();
        tree.add_folder(root, "")?;
        tree.files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(tree)
    }

    fn add_folder(&mut self, folder: &Path, path: &str) -> Result<()> {
        for entry in
            fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?
        {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
            let kind = entry.file_type()?;
            // `.git` is a file in a working tree of its own.
            if SKIPPED.contains(&name.as_str()) {
                continue;
            }
            if kind.is_dir() && path != FIXTURES {
                self.add_folder(&entry.path(), &path)?;
            } else if kind.is_file() {
                let bytes =
                    fs::read(entry.path()).with_context(|| format!("cannot read {path}"))?;
                // What is not text is a picture or the like.
                if let Ok(text) = String::from_utf8(bytes) {
                    self.files.push(File { path, text });
                }
            }
        }
        Ok(())
    }

    /// A repository written down in one text: each file after a line `--- path`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut tree = Self::default();
        for line in text.lines() {
            if let Some(path) = line.strip_prefix("--- ") {
                tree.files.push(File { path: path.to_owned(), text: String::new() });
            } else if let Some(file) = tree.files.last_mut() {
                file.text.push_str(line);
                file.text.push('\n');
            }
        }
        tree
    }
}
