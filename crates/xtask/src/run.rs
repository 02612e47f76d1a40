//! `cargo xtask run`: from a fresh clone to live values.

use std::env;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, Result};

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{build, paths, say, ui};

/// Options of `cargo xtask run`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The desktop app, display or not
    #[arg(long, conflicts_with = "headless")]
    desktop: bool,
    /// The server alone, for a browser
    #[arg(long)]
    headless: bool,
    /// Optimised: a longer build, a lighter program
    #[arg(long)]
    release: bool,
    /// Options of the program itself, after `--`
    #[arg(last = true)]
    rest: Vec<String>,
}

/// `cargo xtask run`.
///
/// # Errors
/// When set-up or a build fails, or the program cannot be started.
pub fn main(args: &Args, started: Instant) -> Result<ExitCode> {
    let desktop = args.desktop || (!args.headless && has_display());
    let parts: &[Part] =
        if desktop { &[Part::Base, Part::Ui, Part::Desktop] } else { &[Part::Base, Part::Ui] };
    setup::ensure(parts)?;
    ui::build()?;
    let (package, program) =
        if desktop { (build::DESKTOP, build::DESKTOP) } else { (build::SERVER, "tidings") };
    build::programs(&[package], args.release)?;
    say::info(&format!("done in {}; Ctrl-C ends it", say::duration(started.elapsed())));
    let file = paths::program(program, args.release);
    let step =
        Step::new(&file.to_string_lossy()).args((!desktop).then_some("serve")).args(&args.rest);
    step.replace_this().with_context(|| format!("cannot start {}", file.display()))
}

fn has_display() -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(any(windows, target_os = "macos")) || set("DISPLAY") || set("WAYLAND_DISPLAY")
}
