//! `cargo xtask bundle`: installers for this operating system, each with the desktop app and the server `tidings`.
//!
//! - `deb`: what Tauri's bundler leaves undone of a package for Debian.
//! - `release`: signatures for the app's updater, and what its endpoint answers.

mod deb;
mod release;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::build::{DESKTOP, SERVER};
use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{paths, say, ui};

/// Options of `cargo xtask bundle`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Kinds of installer, such as deb, rpm, appimage, dmg, nsis or msi; without any, the usual ones of this system
    kinds: Vec<String>,
    /// Takes the optimised programs as they were built last
    #[arg(long)]
    built: bool,
    /// Builds nothing, and writes FOLDER/latest.json, which apps ask for updates, of the signed installers there
    #[arg(long, value_name = "FOLDER", requires = "url", conflicts_with = "kinds")]
    manifest: Option<PathBuf>,
    /// Where people will get the files of that folder from
    #[arg(long, requires = "manifest")]
    url: Option<String>,
}

// The UI is built already when Tauri starts.
const BUILD: &str = r#"{"build":{"beforeBuildCommand":""}}"#;

/// `cargo xtask bundle`.
///
/// # Errors
/// When set-up or a build fails, or a package is not as it has to be.
pub fn main(args: &Args) -> Result<ExitCode> {
    if let (Some(folder), Some(url)) = (&args.manifest, &args.url) {
        release::write_manifest(folder, url, &version()?)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !args.built {
        build()?;
    }
    make(&args.kinds)?;
    Ok(ExitCode::SUCCESS)
}

/// Builds the two programs, optimised.
///
/// # Errors
/// When set-up or a build fails.
pub fn build() -> Result<()> {
    setup::ensure(&[Part::Base, Part::Ui, Part::Desktop, Part::Tauri])?;
    ui::build()?;
    // Both at once: what they share is compiled once.
    Step::new("tauri")
        .args(["build", "--no-bundle", "--config", BUILD, "--"])
        .args(["--package", SERVER, "--package", DESKTOP])
        .run()
}

/// Makes installers of the programs that are built, with signatures if there is a key to sign with, and returns the folder they are in.
///
/// # Errors
/// When a step fails, or a package is not as it has to be.
pub fn make(kinds: &[String]) -> Result<PathBuf> {
    setup::ensure(&[Part::Tauri])?;
    let kinds = if kinds.is_empty() { usual().to_owned() } else { kinds.join(",") };
    let made = paths::target().join("release/bundle");
    remove(&made)?;
    let config = parts()?;
    Step::new("tauri").args(["bundle", "--bundles", &kinds, "--config", &config]).run()?;
    let version = version()?;
    for package in files(&made, "deb")? {
        deb::finish(&package)?;
    }
    if release::has_key() {
        release::pack_apps(&made, &version)?;
    }
    let mut all = Vec::new();
    for ending in ["deb", "rpm", "AppImage", "exe", "msi", "dmg", "gz"] {
        all.extend(files(&made, ending)?);
    }
    if all.is_empty() {
        bail!("no installer was made");
    }
    if release::has_key() {
        release::sign(&all, &version)?;
    }
    for file in all {
        let bytes = file.metadata().map(|it| it.len()).unwrap_or_default();
        say::info(&format!("built {} ({bytes} bytes)", file.display()));
    }
    Ok(made)
}

/// Lays out what the packages have beside the desktop app, and returns where it is, as configuration of the bundler.
fn parts() -> Result<String> {
    let folder = parts_folder();
    remove(&folder)?;
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    // The bundler wants the name of the machine in the file's, and leaves it out of the package.
    let (server, ending) = (paths::program("tidings", true), std::env::consts::EXE_SUFFIX);
    let named = folder.join("tidings");
    copy(&server, &folder.join(format!("tidings-{}{ending}", target_triple()?)))?;
    let mut linux = json!({});
    if cfg!(target_os = "linux") {
        let (news, changelog) = (folder.join("CHANGELOG.md"), folder.join("changelog"));
        copy(&paths::root().join("CHANGELOG.md"), &news)?;
        let now = Step::new("date").arg("--rfc-email").answer()?;
        fs::write(&changelog, deb::changelog(&version()?, &now))?;
        Step::new("gzip").args(["-9", "--no-name"]).args([&news, &changelog]).run()?;
        let (news, changelog) = (news.with_extension("md.gz"), changelog.with_extension("gz"));
        let place = "/usr/share/doc/tidings";
        let of_all = format!("{place}/CHANGELOG.md.gz");
        linux = json!({
            "deb": { "files": { &of_all: news, format!("{place}/changelog.gz"): changelog } },
            "rpm": { "files": { &of_all: news } },
        });
    }
    Ok(json!({ "bundle": { "externalBin": [named], "linux": linux } }).to_string())
}

fn parts_folder() -> PathBuf {
    paths::target().join("bundle-parts")
}

fn usual() -> &'static str {
    if cfg!(windows) {
        "nsis,msi"
    } else if cfg!(target_os = "macos") {
        "app,dmg"
    } else {
        "deb,rpm"
    }
}

fn target_triple() -> Result<String> {
    let told = Step::new("rustc").arg("-vV").answer()?;
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what it compiles for")?.to_owned())
}

/// The version of the workspace.
fn version() -> Result<String> {
    let text = fs::read_to_string(paths::root().join("Cargo.toml"))?;
    let manifest: toml::Table = text.parse()?;
    let version = &manifest["workspace"]["package"]["version"];
    Ok(version.as_str().context("the workspace has no version")?.to_owned())
}

/// The files below a folder that are no further down than the bundler puts its own, by their ending.
fn files(folder: &Path, ending: &str) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for kind in fs::read_dir(folder).with_context(|| format!("no {}", folder.display()))? {
        let kind = kind?.path();
        if !kind.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&kind)? {
            let path = entry?.path();
            if path.is_file() && path.extension() == Some(OsStr::new(ending)) {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))?;
    Ok(())
}

fn remove(folder: &Path) -> Result<()> {
    if folder.exists() {
        fs::remove_dir_all(folder)
            .with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    Ok(())
}
