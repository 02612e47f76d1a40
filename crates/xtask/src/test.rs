//! `cargo xtask test`: every test there is.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Result, bail};

use crate::setup::wasm::TARGET;
use crate::setup::{self, Part};
use crate::shell::{Step, which};
use crate::{fuzz, paths, say, size, ui};

/// Options of `cargo xtask test`.
#[derive(clap::Args, Debug, Default)]
pub struct Args {
    /// Only native tests whose names contain this
    filter: Option<String>,
}

/// `cargo xtask test`.
///
/// # Errors
/// When set-up or a build fails, or a test does.
pub fn main(args: &Args) -> Result<ExitCode> {
    prepare()?;
    let mut failures = Vec::new();
    if args.filter.is_none() {
        // One that fails does not hide what the others have to say.
        let parts: [fn() -> Result<()>; 4] = [size::check, documentation, browser, fuzzed];
        for error in parts.iter().filter_map(|part| part().err()) {
            say::warning(&format!("{error:#}"));
            failures.push(format!("{error:#}"));
        }
    }
    // Last, so that its summary is what one sees at the end.
    let native = nextest().args(&args.filter).run();
    failures.extend(native.err().map(|error| format!("{error:#}")));
    if !failures.is_empty() {
        bail!("{}", failures.join("; "));
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds whatever the tests start, and the tests.
///
/// # Errors
/// When set-up or a build fails.
pub fn prepare() -> Result<()> {
    setup::ensure(&[Part::Base, Part::Ui, Part::Desktop, Part::Test])?;
    ui::build()?;
    // All in one call: cargo then chooses one set of features for each dependency, and compiles it once.
    Step::cargo().args(["build", "--workspace", "--bins", "--tests"]).run()
}

/// The native test runner; it starts the programs of [`prepare`] for the stories in `tests/`.
#[must_use]
pub fn nextest() -> Step {
    Step::cargo().args(["nextest", "run", "--workspace"])
}

/// The examples in the documentation.
fn documentation() -> Result<()> {
    Step::cargo().args(["test", "--doc", "--workspace", "--quiet"]).run()
}

/// The fuzz targets, for a minute each.
fn fuzzed() -> Result<()> {
    fuzz::all(Duration::from_secs(60))
}

/// The UI's tests that need a browser.
fn browser() -> Result<()> {
    let toolchain = ui::toolchain()?;
    // Serves event streams to the tests, and does not wait for ever for a browser that never answers.
    let runner = paths::ui().join("tests/runner.mjs");
    // As a list: cargo splits the variable for it at spaces, and the path may have some.
    let runner = format!("target.{TARGET}.runner=['node', '{}']", runner.display());
    toolchain
        .cargo()
        .args(["test", "--tests", "--package", "tidings-ui", "--target", TARGET])
        .args(["--config", &runner])
        .env("CHROMEDRIVER", which("chromedriver").unwrap_or_default())
        .env("CARGO_TARGET_DIR", paths::ui_target())
        .run()
}
