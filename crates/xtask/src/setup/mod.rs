//! Installs what a task needs and this machine lacks; quick when nothing is missing.
//!
//! - [`system`]: the packages of the operating system, by apt on Debian and Ubuntu, by advice elsewhere.
//! - [`packages`]: their names.
//! - [`wasm`]: a compiler for `wasm32-unknown-unknown`.
//! - [`components`]: rustfmt and clippy, which a minimal Rust lacks.
//! - [`cargo_tools`]: programs built by `cargo install` into a folder of the user's.
//! - [`npm`]: programs from npm into the same folder, and the UI's own packages.

pub mod cargo_tools;
pub mod components;
pub mod npm;
pub mod packages;
pub mod system;
pub mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::ValueEnum;

use crate::say;

/// What can be asked for separately.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Compile Rust and C: what every task needs
    Base,
    /// Build the web UI
    Ui,
    /// Build the desktop app
    Desktop,
    /// Hot reload and installers: the Tauri command line
    Tauri,
    /// `cargo xtask lint`
    Lint,
    /// `cargo xtask test`
    Test,
    /// `cargo xtask fuzz`, which `test` runs as well
    Fuzz,
    /// `cargo xtask prove bundle`
    Package,
    /// Redraw the icons
    Icons,
    /// `cargo xtask bench` beside nchan
    Nchan,
    /// `cargo xtask bench` beside better-sse
    BetterSse,
}

/// Options of `cargo xtask setup`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only these parts; without any, all that building, checking and testing need
    #[arg(value_enum)]
    parts: Vec<Part>,
}

/// `cargo xtask setup`.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub fn main(args: &Args) -> Result<ExitCode> {
    let all =
        [Part::Base, Part::Ui, Part::Desktop, Part::Tauri, Part::Lint, Part::Test, Part::Fuzz];
    let parts = if args.parts.is_empty() { &all[..] } else { &args.parts };
    if ensure(parts)? {
        say::info("everything is installed");
    } else {
        say::info("everything was installed already");
    }
    Ok(ExitCode::SUCCESS)
}

/// Installs what these parts lack. Answers whether anything was missing.
///
/// # Errors
/// When something is missing and cannot be installed from here.
pub fn ensure(parts: &[Part]) -> Result<bool> {
    let packages = system::missing(parts);
    let components = components::missing(parts);
    let no_wasm = parts.contains(&Part::Ui) && wasm::Toolchain::find().is_none();
    let npm_tools = npm::missing(parts);
    let tools = cargo_tools::missing(parts)?;
    let ui_packages = parts.contains(&Part::Ui) && npm::ui_packages_are_missing();

    if !packages.is_empty() {
        say::info("This machine lacks some packages of the operating system:");
        packages.iter().for_each(|package| say::info(&format!("  {}", package.what)));
        system::install(&packages)?;
    }
    let mut wants = Vec::new();
    if no_wasm {
        wants.push("a compiler for wasm32-unknown-unknown (by rustup, else by apt)".to_owned());
    }
    wants.extend(components.iter().map(|name| format!("{name} (by rustup)")));
    wants.extend(npm_tools.iter().map(|tool| format!("{tool} (by npm)")));
    wants.extend(
        tools.iter().map(|tool| format!("{} {} (by cargo install)", tool.package, tool.version)),
    );
    if !wants.is_empty() {
        say::info(&format!("To be installed; tools go to {}:", crate::paths::tools().display()));
        wants.iter().for_each(|want| say::info(&format!("  {want}")));
        if !system::is_root() && !say::agreed("Install them?") {
            bail!("nothing was installed; `cargo xtask setup` asks again");
        }
    }
    if no_wasm {
        wasm::install()?;
    }
    components::install(&components)?;
    if !npm_tools.is_empty() {
        npm::install(&npm_tools)?;
    }
    if ui_packages {
        npm::install_ui_packages()?;
    }
    if !tools.is_empty() {
        cargo_tools::install(&tools)?;
    }
    Ok(!packages.is_empty() || !wants.is_empty() || ui_packages)
}
