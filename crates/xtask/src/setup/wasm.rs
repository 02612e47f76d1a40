//! A compiler for `wasm32-unknown-unknown`, of which there may be two kinds.

use std::path::Path;
use std::time::Duration;

use anyhow::{Result, bail};

use super::system;
use crate::say;
use crate::shell::{Step, which};

/// The target the UI is built for.
pub const TARGET: &str = "wasm32-unknown-unknown";

const DEBIAN_SOURCES: &str = "/usr/lib/rustlib/src/rust/library/Cargo.lock";

/// Who compiles the UI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Toolchain {
    /// The same compiler as for the host: it has the target's standard library.
    Host,
    /// Debian's `rustc-web`, which builds the standard library from its sources.
    Debian,
}

impl Toolchain {
    /// The one this machine has.
    #[must_use]
    pub fn find() -> Option<Self> {
        let sysroot = Step::new("rustc").args(["--print", "sysroot"]).output()?;
        if Path::new(&sysroot).join("lib/rustlib").join(TARGET).join("lib").is_dir() {
            return Some(Self::Host);
        }
        let debian = Path::new(DEBIAN_SOURCES).is_file()
            && ["/usr/bin/rustc", "/usr/bin/cargo"].iter().all(|file| Path::new(file).is_file())
            && which("wasm-ld").is_some();
        debian.then_some(Self::Debian)
    }

    /// The variables that make cargo use it. Builds for the host must never see them.
    #[must_use]
    pub fn env(self) -> Vec<(&'static str, String)> {
        let vars: &[(&str, &str)] = match self {
            Self::Host => &[],
            Self::Debian => &[
                ("RUSTC", "/usr/bin/rustc"),
                ("CARGO", "/usr/bin/cargo"),
                ("RUSTC_BOOTSTRAP", "1"),
                ("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort"),
                ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld"),
            ],
        };
        vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    /// Its cargo.
    #[must_use]
    pub fn cargo(self) -> Step {
        match self {
            Self::Host => Step::cargo(),
            Self::Debian => Step::new("/usr/bin/cargo").envs(&self.env()),
        }
    }
}

/// Installs one: rustup's target, else Debian's compiler.
///
/// # Errors
/// When neither can be had here.
pub fn install() -> Result<()> {
    // Short: where rustup's server is out of reach this would otherwise try for minutes.
    let rustup = || {
        Step::new("rustup")
            .args(["target", "add", TARGET])
            .env("RUSTUP_MAX_RETRIES", "0")
            .succeeds_within(Duration::from_secs(60))
    };
    if which("rustup").is_some() && rustup() && Toolchain::find().is_some() {
        return Ok(());
    }
    if !system::is_debian_like() {
        bail!(
            "no compiler for {TARGET}: please run `rustup target add {TARGET}` (https://rustup.rs), then try again"
        );
    }
    say::info("rustup cannot provide the target here; Debian's rustc-web can");
    system::apt(&["rustc-web", "cargo-web", "rust-web-src", "lld"])?;
    if Toolchain::find().is_none() {
        bail!("the packages are installed, and still there is no compiler for {TARGET}");
    }
    Ok(())
}
