//! `cargo xtask bundle`: installers for this operating system.

use std::process::ExitCode;

use anyhow::Result;

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{paths, say, ui};

/// Options of `cargo xtask bundle`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Kinds of installer, such as deb, rpm, appimage, dmg or nsis; without any, the usual ones of this system
    kinds: Vec<String>,
}

// The UI is built already when Tauri starts.
const CONFIG: &str = r#"{"build":{"beforeBuildCommand":""},"bundle":{"active":true}}"#;

/// `cargo xtask bundle`.
///
/// # Errors
/// When set-up or a build fails.
pub fn main(args: &Args) -> Result<ExitCode> {
    setup::ensure(&[Part::Base, Part::Ui, Part::Desktop, Part::Tauri])?;
    ui::build()?;
    let kinds = if args.kinds.is_empty() { usual().to_owned() } else { args.kinds.join(",") };
    Step::new("tauri").args(["build", "--config", CONFIG, "--bundles", &kinds]).run()?;
    say::info(&format!(
        "the installers are in {}",
        paths::target().join("release/bundle").display()
    ));
    Ok(ExitCode::SUCCESS)
}

fn usual() -> &'static str {
    if cfg!(windows) {
        "nsis"
    } else if cfg!(target_os = "macos") {
        "app,dmg"
    } else {
        "deb,rpm"
    }
}
