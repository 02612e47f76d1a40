//! Tells whether `src-ui/dist` is what the sources give.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::paths;
use crate::setup::wasm::Toolchain;

/// Raise this when the way of building changes, so that what was built the old way is not taken for fresh.
const RECIPE: u32 = 3;

/// All that goes into the UI.
const INPUTS: &[&str] = &[
    "src-ui",
    "crates/protocol",
    "crates/feed",
    "crates/view",
    "icons",
    "Cargo.toml",
    "Cargo.lock",
];

const SKIPPED: &[&str] = &["dist", "node_modules", "target", "tests"];

/// The fingerprint of everything that goes into the UI.
///
/// # Errors
/// When a source cannot be read.
pub fn of_inputs(toolchain: Toolchain) -> Result<String> {
    let root = paths::root();
    let mut files = Vec::new();
    for input in INPUTS {
        collect(&root.join(input), &mut files)?;
    }
    // Stands for the whole of node_modules.
    files.push(paths::ui().join("node_modules/.package-lock.json"));
    files.sort();
    let mut hasher = DefaultHasher::new();
    (RECIPE, format!("{toolchain:?}"), toolchain.has_sources()).hash(&mut hasher);
    for file in files.iter().filter(|file| file.is_file()) {
        file.strip_prefix(&root).unwrap_or(file).hash(&mut hasher);
        read(file)?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// Whether `dist` was built from these inputs, and by this task: its page is hashed too, because a plain
/// `trunk build` leaves one whose scripts a browser refuses.
#[must_use]
pub fn is_fresh(inputs: &str) -> bool {
    let stored = fs::read_to_string(stored_at()).unwrap_or_default();
    of_dist().is_ok_and(|dist| stored == format!("{inputs} {dist}"))
}

/// Remembers that `dist` was built from these inputs.
///
/// # Errors
/// When the note cannot be written.
pub fn store(inputs: &str) -> Result<()> {
    let note = format!("{inputs} {}", of_dist()?);
    fs::write(stored_at(), note).with_context(|| format!("cannot write {}", stored_at().display()))
}

fn stored_at() -> PathBuf {
    paths::ui_target().join("dist.fingerprint")
}

fn of_dist() -> Result<String> {
    let mut files = Vec::new();
    collect(&paths::dist(), &mut files)?;
    files.sort();
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    read(&paths::dist().join("index.html"))?.hash(&mut hasher);
    Ok(format!("{:016x}", hasher.finish()))
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))? {
        let entry = entry?;
        if !SKIPPED.iter().any(|name| entry.file_name() == *name) {
            collect(&entry.path(), files)?;
        }
    }
    Ok(())
}

fn read(file: &Path) -> Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}
