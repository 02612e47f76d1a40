//! Parts of Rust that a minimal installation lacks.

use anyhow::Result;

use super::Part;
use crate::shell::Step;

/// Each component, and the cargo command it brings.
const COMPONENTS: [(&str, &str); 2] = [("rustfmt", "fmt"), ("clippy", "clippy")];

/// The components these parts need and this machine lacks.
#[must_use]
pub fn missing(parts: &[Part]) -> Vec<&'static str> {
    if !parts.contains(&Part::Lint) {
        return Vec::new();
    }
    let is_missing = |command| Step::cargo().args([command, "--version"]).output().is_none();
    let missing = COMPONENTS.into_iter().filter(|(_, command)| is_missing(*command));
    missing.map(|(component, _)| component).collect()
}

/// Installs them.
///
/// # Errors
/// When rustup fails, or Rust was installed without it.
pub fn install(components: &[&str]) -> Result<()> {
    if components.is_empty() {
        return Ok(());
    }
    Step::new("rustup").args(["component", "add"]).args(components).run()
}
