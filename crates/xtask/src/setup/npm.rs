//! Programs from npm, and the UI's own packages.

use std::fs;

use anyhow::{Context, Result};

use super::Part;
use crate::paths;
use crate::shell::Step;

struct Tool {
    package: &'static str,
    /// The version to install.
    version: &'static str,
    /// The major version that serves as well, if it is there already.
    major: &'static str,
    parts: &'static [Part],
}

const TOOLS: &[Tool] = &[
    // wasm-opt. Debian's own is too old to read what the compiler writes.
    Tool { package: "binaryen", version: "132.0.0", major: "132", parts: &[Part::Ui] },
    Tool { package: "@tauri-apps/cli", version: "2.12.5", major: "2", parts: &[Part::Tauri] },
    // A server to measure ours by; no program, but it lives in the same folder.
    Tool { package: "better-sse", version: "0.16.1", major: "0.16", parts: &[Part::BetterSse] },
];

/// The programs these parts need and the tools' folder lacks, as npm names them.
#[must_use]
pub fn missing(parts: &[Part]) -> Vec<String> {
    let wanted = TOOLS.iter().filter(|tool| tool.parts.iter().any(|part| parts.contains(part)));
    wanted
        .filter(|tool| !tool.is_there())
        .map(|tool| format!("{}@{}", tool.package, tool.version))
        .collect()
}

impl Tool {
    fn is_there(&self) -> bool {
        let manifest =
            paths::tools().join("npm/node_modules").join(self.package).join("package.json");
        let Ok(text) = fs::read_to_string(manifest) else { return false };
        text.contains(&format!("\"version\": \"{}.", self.major))
    }
}

/// Installs programs.
///
/// # Errors
/// When npm fails.
pub fn install(packages: &[String]) -> Result<()> {
    let folder = paths::tools().join("npm");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    npm("install").arg("--prefix").arg(&folder).args(packages).run()
}

/// Whether `src-ui/node_modules` is not what `src-ui/package-lock.json` says.
#[must_use]
pub fn ui_packages_are_missing() -> bool {
    let ui = paths::ui();
    let changed = |file: &str| ui.join(file).metadata().and_then(|meta| meta.modified()).ok();
    let wanted = changed("package-lock.json").or_else(|| changed("package.json"));
    wanted.is_some() && changed("node_modules/.package-lock.json") < wanted
}

/// Installs the UI's packages.
///
/// # Errors
/// When npm fails.
pub fn install_ui_packages() -> Result<()> {
    let locked = paths::ui().join("package-lock.json").is_file();
    npm(if locked { "ci" } else { "install" }).dir(&paths::ui()).run()
}

fn npm(command: &str) -> Step {
    Step::new("npm").arg(command).args(["--no-audit", "--no-fund", "--loglevel=error"])
}
