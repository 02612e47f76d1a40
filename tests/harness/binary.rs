//! Where the programs under test lie.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};

/// Folder of the programs under test, where it is not the running test's own: proofs that measure
/// look at what `cargo xtask build --release` built.
const FOLDER_VARIABLE: &str = "TIDINGS_PROGRAMS";

/// The program `name` of this workspace, from the same target folder as the running test or from
/// `TIDINGS_PROGRAMS`.
///
/// # Errors
///
/// If it was not built; `cargo xtask test` builds it first.
pub fn binary(name: &str) -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    let own = test.parent().and_then(|deps| deps.parent()).context("a test lies in deps/")?;
    let folder = std::env::var_os(FOLDER_VARIABLE).map_or_else(|| own.to_owned(), PathBuf::from);
    let path = folder.join(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    ensure!(path.exists(), "{} is not built; run `cargo xtask test`", path.display());
    Ok(path)
}

/// The folder all build output lies in.
pub(crate) fn target_dir() -> Result<PathBuf> {
    let test = std::env::current_exe()?;
    Ok(test.ancestors().nth(3).context("a test lies in target/debug/deps")?.to_owned())
}
