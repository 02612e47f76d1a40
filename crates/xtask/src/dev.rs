//! `cargo xtask dev`: the desktop app, its UI built anew and reloaded on every change.

use std::process::ExitCode;

use anyhow::Result;

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::ui;

/// Options of `cargo xtask dev`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only serve the UI with hot reload, for a browser and a `tidings serve` beside it
    #[arg(long)]
    ui: bool,
}

// Trunk alone may see the variables of the UI's compiler, so Tauri starts it through this task.
const CONFIG: &str = r#"{"build":{"beforeDevCommand":"cargo xtask dev --ui"}}"#;

/// `cargo xtask dev`.
///
/// # Errors
/// When set-up fails, or what was started does.
pub fn main(args: &Args) -> Result<ExitCode> {
    if args.ui {
        setup::ensure(&[Part::Base, Part::Ui])?;
        return ui::serve();
    }
    setup::ensure(&[Part::Base, Part::Ui, Part::Desktop, Part::Tauri])?;
    // Tauri waits three minutes for the UI; the first time it takes longer than that.
    ui::warm()?;
    Step::new("tauri").args(["dev", "--config", CONFIG]).run()?;
    Ok(ExitCode::SUCCESS)
}
