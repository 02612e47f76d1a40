//! `cargo xtask lint`: everything that can be said about the code without running it, the quick checks first.

use std::process::ExitCode;

use anyhow::Result;

use crate::setup::wasm::{TARGET, Toolchain};
use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{paths, say, tidy};

/// `cargo xtask lint`.
///
/// # Errors
/// When set-up fails or something is found.
pub fn main() -> Result<ExitCode> {
    setup::ensure(&[Part::Base, Part::Desktop, Part::Lint])?;
    Step::cargo().args(["fmt", "--all", "--check"]).run()?;
    Step::cargo().args(["fmt", "--check"]).dir(&paths::fuzz()).run()?;
    tidy::main()?;
    Step::cargo().args(["machete"]).run()?;
    // Not `advisories`: their database may be out of reach, and a new one must not fail an old commit. The release
    // workflow checks them.
    Step::cargo()
        .args(["deny", "--log-level", "error", "check", "bans", "licenses", "sources"])
        .run()?;
    Step::cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()?;
    if Toolchain::find() == Some(Toolchain::Host) {
        let ui = [
            "clippy",
            "--package",
            "tidings-ui",
            "--all-targets",
            "--target",
            TARGET,
            "--",
            "-D",
            "warnings",
        ];
        Step::cargo().args(ui).run()?;
    } else {
        say::info(
            "clippy saw the UI as a host program only: this compiler lacks the standard library for wasm32",
        );
    }
    Step::cargo()
        .args(["doc", "--workspace", "--no-deps"])
        .env("RUSTDOCFLAGS", "-Dwarnings")
        .run()?;
    Ok(ExitCode::SUCCESS)
}
