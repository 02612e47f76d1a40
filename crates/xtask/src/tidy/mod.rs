//! `cargo xtask tidy`: the rules of the house that a compiler does not know.
//!
//! - [`rules`]: the table of rules. A new one is a row there and a fixture in `tests/fixtures/`.
//! - [`mod@check`]: what the kinds of rows mean.
//! - [`source`]: a source file in words and paths, without its comments.
//! - [`tree`]: the files that are looked at.

pub mod check;
pub mod rules;
pub mod source;
pub mod tree;

use std::fmt;
use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::{paths, say};
use tree::Tree;

/// A place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Violation {
    /// The file, from the repository's root.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The rule's name.
    pub rule: &'static str,
    /// What is wrong and why it matters.
    pub message: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}: {}", self.file, self.line, self.rule, self.message)
    }
}

/// `cargo xtask tidy`.
///
/// # Errors
/// When a rule is broken, or a file cannot be read.
pub fn main() -> Result<ExitCode> {
    let tree = Tree::load(&paths::root())?;
    let violations = check(&tree);
    for violation in &violations {
        say::info(&violation.to_string());
    }
    if !violations.is_empty() {
        bail!("tidy found {} broken rules", violations.len());
    }
    say::info(&format!("tidy: {} rules hold in {} files", rules::RULES.len(), tree.files.len()));
    Ok(ExitCode::SUCCESS)
}

/// All places where the rules are broken, sorted.
#[must_use]
pub fn check(tree: &Tree) -> Vec<Violation> {
    let mut violations: Vec<_> =
        rules::RULES.iter().flat_map(|rule| check::violations(rule, tree)).collect();
    violations.sort();
    violations.dedup();
    violations
}
