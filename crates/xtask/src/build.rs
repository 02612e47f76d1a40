//! `cargo xtask build`: the UI, the server and the desktop app.

use std::process::ExitCode;

use anyhow::Result;

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{paths, say, ui};

/// The server's package, whose program is `tidings`.
pub const SERVER: &str = "tidings-server";
/// The desktop app's package and program.
pub const DESKTOP: &str = "tidings-desktop";

/// Options of `cargo xtask build`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Optimised programs (the UI always is)
    #[arg(long)]
    release: bool,
    /// Only the UI
    #[arg(long, conflicts_with = "headless")]
    ui: bool,
    /// Only the UI and the server
    #[arg(long)]
    headless: bool,
}

/// `cargo xtask build`.
///
/// # Errors
/// When set-up or a build fails.
pub fn main(args: &Args) -> Result<ExitCode> {
    let mut parts = vec![Part::Base, Part::Ui];
    let mut packages = vec![];
    if !args.ui {
        packages.push(SERVER);
    }
    if !args.ui && !args.headless {
        parts.push(Part::Desktop);
        packages.push(DESKTOP);
    }
    setup::ensure(&parts)?;
    ui::build()?;
    programs(&packages, args.release)?;
    for package in packages {
        let name = if package == SERVER { "tidings" } else { package };
        say::info(&format!("built {}", paths::program(name, args.release).display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds programs of the workspace, which embed the UI as it is in `src-ui/dist`.
///
/// # Errors
/// When they do not compile.
pub fn programs(packages: &[&str], release: bool) -> Result<()> {
    if packages.is_empty() {
        return Ok(());
    }
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    Step::cargo().arg("build").args(packages).args(release.then_some("--release")).run()
}
