//! Where things lie: the repository, the build output, the tools.

use std::env;
use std::path::{Path, PathBuf};

/// The repository's root.
#[must_use]
pub fn root() -> PathBuf {
    // crates/xtask, two levels up. Cargo sets the variable for `cargo run`; the compiled-in path serves a binary
    // that was started by hand.
    let here = env::var_os("CARGO_MANIFEST_DIR")
        .filter(|dir| Path::new(dir).ends_with("crates/xtask"))
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.ancestors().nth(2).map_or_else(|| here.clone(), Path::to_path_buf)
}

/// Cargo's target directory.
#[must_use]
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |dir| root().join(dir))
}

/// The UI's sources.
#[must_use]
pub fn ui() -> PathBuf {
    root().join("src-ui")
}

/// The built UI, which the server and the desktop app embed.
#[must_use]
pub fn dist() -> PathBuf {
    ui().join("dist")
}

/// The UI's own target directory: another compiler may build it, and two compilers in one directory throw away
/// each other's work.
#[must_use]
pub fn ui_target() -> PathBuf {
    target().join("ui")
}

/// The fuzz targets: a workspace of their own.
#[must_use]
pub fn fuzz() -> PathBuf {
    root().join("fuzz")
}

/// The user's folder for tools that this repository installs: once for a machine, not once for a clone.
#[must_use]
pub fn tools() -> PathBuf {
    let var = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = || var("HOME").unwrap_or_else(env::temp_dir);
    let cache = if cfg!(windows) {
        var("LOCALAPPDATA").unwrap_or_else(env::temp_dir)
    } else if cfg!(target_os = "macos") {
        home().join("Library/Caches")
    } else {
        var("XDG_CACHE_HOME").unwrap_or_else(|| home().join(".cache"))
    };
    cache.join("tidings-tools")
}

/// Folders of the installed tools, which come before PATH for every step.
#[must_use]
pub fn tool_bins() -> [PathBuf; 2] {
    [tools().join("bin"), tools().join("npm/node_modules/.bin")]
}

/// A built program.
#[must_use]
pub fn program(name: &str, release: bool) -> PathBuf {
    let profile = if release { "release" } else { "debug" };
    target().join(profile).join(format!("{name}{}", env::consts::EXE_SUFFIX))
}
