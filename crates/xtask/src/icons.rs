//! `cargo xtask icons`: the icon set out of the drawings in `icons/`.

use std::fs;
use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::paths;
use crate::setup::{self, Part};
use crate::shell::Step;

/// What is drawn from which drawing, how many pixels wide.
const PNGS: &[(&str, &str, u32)] = &[
    ("icon.svg", "512x512.png", 512),
    ("icon.svg", "256x256.png", 256),
    ("icon.svg", "128x128@2x.png", 256),
    ("icon.svg", "128x128.png", 128),
    ("icon.svg", "64x64.png", 64),
    ("icon.svg", "32x32.png", 32),
    ("tray.svg", "tray.png", 64),
    ("tray-template.svg", "tray-template.png", 44),
];

/// `cargo xtask icons`.
///
/// # Errors
/// When a program it needs is missing or fails.
pub fn main() -> Result<ExitCode> {
    setup::ensure(&[Part::Icons, Part::Tauri])?;
    let icons = paths::root().join("icons");
    for (from, to, width) in PNGS {
        let width = width.to_string();
        Step::new("rsvg-convert")
            .args(["--width", &width, "--output", to, from])
            .dir(&icons)
            .run()?;
    }
    // Tauri's program knows the two containers; of the files it makes only these are used.
    let all = paths::target().join("icons");
    Step::new("tauri").args(["icon", "icons/icon.svg", "--output"]).arg(&all).run()?;
    for file in ["icon.ico", "icon.icns"] {
        fs::copy(all.join(file), icons.join(file))
            .with_context(|| format!("no {file} was made"))?;
    }
    Ok(ExitCode::SUCCESS)
}
