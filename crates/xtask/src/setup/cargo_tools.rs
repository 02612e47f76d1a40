//! Programs built by `cargo install`: one table, one folder of the user's.

use std::fs;

use anyhow::{Context, Result};

use super::Part;
use crate::shell::{Step, which};
use crate::{paths, say};

type Version = (u32, u32, u32);

/// A program and the version of it that is installed where there is none.
#[derive(Debug)]
pub struct Tool {
    /// Its package.
    pub package: &'static str,
    /// The version to install.
    pub version: String,
    program: &'static str,
    /// What serves as well if PATH has it: from the first to below the second.
    fits: (Version, Version),
    /// By the lock file of its authors; without it where that pins what this compiler cannot build.
    locked: bool,
}

/// The programs these parts need and this machine lacks.
///
/// # Errors
/// When Cargo.lock cannot be read.
pub fn missing(parts: &[Part]) -> Result<Vec<Tool>> {
    let mut tools = Vec::new();
    let mut add = |part, package, program, version: &str, fits, locked| {
        if parts.contains(&part) {
            tools.push(Tool { package, version: version.to_owned(), program, fits, locked });
        }
    };
    // 0.22 needs a newer compiler than this workspace does.
    add(Part::Ui, "trunk", "trunk", "0.21.14", ((0, 21, 14), (0, 23, 0)), true);
    if let Some(version) = locked_version("wasm-bindgen")? {
        let (major, minor, patch) = parse(&version).unwrap_or_default();
        let exactly = ((major, minor, patch), (major, minor, patch + 1));
        add(Part::Ui, "wasm-bindgen-cli", "wasm-bindgen", &version, exactly, false);
    }
    add(Part::Lint, "cargo-deny", "cargo-deny", "0.20.2", ((0, 18, 0), (0, 21, 0)), true);
    add(Part::Lint, "cargo-machete", "cargo-machete", "0.9.2", ((0, 9, 0), (0, 10, 0)), true);
    add(Part::Test, "cargo-nextest", "cargo-nextest", "0.9.143", ((0, 9, 100), (0, 10, 0)), true);
    if crate::fuzz::IS_POSSIBLE {
        add(Part::Fuzz, "cargo-fuzz", "cargo-fuzz", "0.13.1", ((0, 13, 0), (0, 14, 0)), true);
    }
    if !cfg!(target_os = "macos") {
        // There is no WebDriver for the web view of macOS.
        add(Part::Test, "tauri-driver", "tauri-driver", "2.1.0", ((2, 0, 0), (3, 0, 0)), true);
    }
    let ours = installed();
    tools.retain(|tool| !tool.is_there(&ours));
    Ok(tools)
}

/// Installs programs into [`paths::tools`].
///
/// # Errors
/// When one of them cannot be built.
pub fn install(tools: &[Tool]) -> Result<()> {
    let root = paths::tools();
    // One target directory, so that what several of them depend on is built once. It is of no use afterwards.
    let target = root.join("target");
    for tool in tools {
        // Unoptimised: these programs wait for others most of the time, and so build in a third of the time.
        Step::cargo()
            .args(["install", "--quiet", "--debug"])
            .args(tool.locked.then_some("--locked"))
            .arg(format!("{}@{}", tool.package, tool.version))
            .arg("--root")
            .arg(&root)
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", &target)
            .run()?;
    }
    if target.exists() {
        fs::remove_dir_all(&target)
            .with_context(|| format!("cannot remove {}", target.display()))?;
    }
    Ok(())
}

impl Tool {
    fn is_there(&self, ours: &str) -> bool {
        let Some(program) = which(self.program) else { return false };
        let version = if program.starts_with(paths::tools()) {
            recorded(ours, self.package)
        } else if self.program == "tauri-driver" {
            return true; // It cannot tell its version.
        } else {
            Step::new(self.program).arg("--version").output().as_deref().and_then(first_version)
        };
        version.is_some_and(|version| self.fits.0 <= version && version < self.fits.1)
    }
}

/// What cargo recorded of the tools' folder.
fn installed() -> String {
    fs::read_to_string(paths::tools().join(".crates.toml")).unwrap_or_default()
}

fn recorded(ours: &str, package: &str) -> Option<Version> {
    let line = ours.lines().find(|line| line.starts_with(&format!("\"{package} ")))?;
    first_version(line)
}

/// The version of a package in the workspace's Cargo.lock.
fn locked_version(package: &str) -> Result<Option<String>> {
    let lock =
        fs::read_to_string(paths::root().join("Cargo.lock")).context("cannot read Cargo.lock")?;
    let found = version_in(&lock, package);
    if found.is_none() {
        say::warning(&format!("Cargo.lock has no {package}"));
    }
    Ok(found)
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let line = lock.lines().skip_while(|line| *line != name).nth(1)?;
    Some(line.strip_prefix("version = \"")?.trim_end_matches('"').to_owned())
}

fn first_version(text: &str) -> Option<Version> {
    text.split(|c: char| c.is_whitespace() || c == '"').find_map(parse)
}

fn parse(word: &str) -> Option<Version> {
    let mut numbers = word.split(['.', '-', '+']);
    let mut next = || numbers.next()?.parse().ok();
    Some((next()?, next()?, next()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        assert_eq!(first_version("trunk 0.21.14"), Some((0, 21, 14)));
        assert_eq!(
            first_version("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)"),
            Some((0, 9, 143))
        );
        assert_eq!(first_version("0.9.2"), Some((0, 9, 2)));
        assert_eq!(first_version("usage: x"), None);
    }

    #[test]
    fn versions_are_read_from_a_lock_file() {
        let lock = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "wasm"), None);
    }

    #[test]
    fn cargos_record_tells_what_is_installed() {
        let record =
            "[v1]\n\"cargo-deny 0.20.2 (registry+https://example.org)\" = [\"cargo-deny\"]\n";
        assert_eq!(recorded(record, "cargo-deny"), Some((0, 20, 2)));
        assert_eq!(recorded(record, "cargo"), None);
    }
}
