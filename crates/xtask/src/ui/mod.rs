//! Builds the web UI with Trunk, when something it is made of has changed.
//!
//! - [`fingerprint`]: whether it has.
//! - [`sheets`]: puts the page's style sheets into one file.
//! - [`names`]: gives what the program and its script call each other by short names.
//! - [`scripts`]: puts the page's inline scripts into files, because its content security policy allows no others.

pub mod fingerprint;
pub mod names;
pub mod scripts;
pub mod sheets;

use std::fs::{self, File};
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::setup::wasm::{TARGET, Toolchain};
use crate::shell::Step;
use crate::{paths, say};

/// Builds the UI into `src-ui/dist` unless it is there and fresh.
///
/// # Errors
/// When there is no compiler for it, or it does not compile.
pub fn build() -> Result<()> {
    let toolchain = toolchain()?;
    let _alone = lock()?;
    let inputs = fingerprint::of_inputs(toolchain)?;
    if fingerprint::is_fresh(&inputs) {
        say::info("the UI is up to date");
        return Ok(());
    }
    // Trunk hands `--offline` to cargo too, so the sources must be here first.
    let env = toolchain.env_of_release();
    toolchain.cargo_with(&env).args(["fetch", "--quiet", "--target", TARGET]).run()?;
    trunk("build", &env).arg("--release").run()?;
    let page = paths::dist().join("index.html");
    let html =
        fs::read_to_string(&page).with_context(|| format!("Trunk left no {}", page.display()))?;
    let (html, scripts) = scripts::split(&names::shorten(&html)?);
    for script in scripts {
        fs::write(paths::dist().join(&script.name), script.text)
            .with_context(|| format!("cannot write {}", script.name))?;
    }
    let html = join_sheets(&html)?;
    fs::write(&page, html).with_context(|| format!("cannot write {}", page.display()))?;
    fingerprint::store(&inputs)
}

fn join_sheets(html: &str) -> Result<String> {
    let dist = paths::dist();
    let read = |name: &str| {
        fs::read_to_string(dist.join(name)).with_context(|| format!("cannot read {name}"))
    };
    let (html, name, sheets) = sheets::join(html, read)?;
    for old in &sheets.joined {
        fs::remove_file(dist.join(old)).with_context(|| format!("cannot remove {old}"))?;
    }
    fs::write(dist.join(&name), sheets.text).with_context(|| format!("cannot write {name}"))?;
    Ok(html)
}

/// Two of Trunk in one folder delete each other's files: the second waits, and finds the UI up to date.
fn lock() -> Result<File> {
    let path = paths::ui_target().join("lock");
    fs::create_dir_all(paths::ui_target())
        .with_context(|| format!("cannot make {}", path.display()))?;
    let file = File::create(&path).with_context(|| format!("cannot write {}", path.display()))?;
    if file.try_lock().is_err() {
        say::info("waiting for another build of the UI");
        file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    }
    Ok(file)
}

/// Serves the UI and builds it anew whenever a source changes. Ends with an error or Ctrl-C.
///
/// # Errors
/// When there is no compiler for it, or Trunk ends.
pub fn serve() -> Result<ExitCode> {
    let toolchain = toolchain()?;
    toolchain.cargo().args(["fetch", "--quiet", "--target", TARGET]).run()?;
    // Not into `dist`: that holds what the programs embed.
    let dist = paths::ui_target().join("dev");
    fs::create_dir_all(&dist).with_context(|| format!("cannot make {}", dist.display()))?;
    // In this process: whoever ends it has ended Trunk.
    trunk("serve", &toolchain.env()).arg("--dist").arg(dist).replace_this()
}

/// Compiles what [`serve`] will serve, for a caller whose patience with that is limited.
///
/// # Errors
/// When there is no compiler for it, or it does not compile.
pub fn warm() -> Result<()> {
    let bin = ["build", "--package", "tidings-ui", "--bin", "tidings-ui", "--target", TARGET];
    toolchain()?.cargo().args(bin).env("CARGO_TARGET_DIR", paths::ui_target()).run()
}

/// The compiler for the UI.
///
/// # Errors
/// When there is none.
pub fn toolchain() -> Result<Toolchain> {
    Toolchain::find()
        .with_context(|| format!("no compiler for {TARGET}; `cargo xtask setup` installs one"))
}

fn trunk(command: &str, env: &[(&str, String)]) -> Step {
    Step::new("trunk")
        .arg(command)
        // Every program it would download is on the path.
        .args(["--offline", "--skip-version-check"])
        .dir(&paths::ui())
        .env("CARGO_TARGET_DIR", paths::ui_target())
        .envs(env)
        // Trunk takes the value that everybody sets, 1, for a mistake.
        .without_env("NO_COLOR")
}
