//! A compiler for `wasm32-unknown-unknown`, of which there may be two kinds.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Result, bail};

use super::system;
use crate::say;
use crate::shell::{Step, which};

/// The target the UI is built for.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// What is built of the standard library, where it is.
const STD: &str = "std,panic_abort";

/// For the page as it is shipped, which nobody debugs: a panic ends the program where it is, with a stack in the
/// browser's console and no text, and so none of the texts and formatters of the standard library are in the program.
const SMALL: [(&str, &str); 2] = [
    ("CARGO_UNSTABLE_BUILD_STD_FEATURES", "optimize_for_size"),
    (
        "CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS",
        "-Zunstable-options -Cpanic=immediate-abort -Zlocation-detail=none",
    ),
];

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
        if sysroot()?.join("lib/rustlib").join(TARGET).join("lib").is_dir() {
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
                ("CARGO_UNSTABLE_BUILD_STD", STD),
                ("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld"),
            ],
        };
        vars.iter().map(|(name, value)| (*name, (*value).to_owned())).collect()
    }

    /// Whether it has the sources of the standard library, which is built anew for a small page.
    #[must_use]
    pub fn has_sources(self) -> bool {
        self == Self::Debian
            || sysroot()
                .is_some_and(|root| root.join("lib/rustlib/src/rust/library/Cargo.lock").is_file())
    }

    /// [`Self::env`] for the page as it is shipped.
    #[must_use]
    pub fn env_of_release(self) -> Vec<(&'static str, String)> {
        let mut vars = self.env();
        if !self.has_sources() {
            return vars;
        }
        if self == Self::Host {
            let std = [("RUSTC_BOOTSTRAP", "1"), ("CARGO_UNSTABLE_BUILD_STD", STD)];
            vars.extend(std.map(|(name, value)| (name, value.to_owned())));
        }
        vars.extend(SMALL.map(|(name, value)| (name, value.to_owned())));
        vars
    }

    /// Its cargo.
    #[must_use]
    pub fn cargo(self) -> Step {
        self.cargo_with(&self.env())
    }

    /// Its cargo, by [`Self::env`] or [`Self::env_of_release`].
    #[must_use]
    pub fn cargo_with(self, env: &[(&'static str, String)]) -> Step {
        let cargo = match self {
            Self::Host => Step::cargo(),
            Self::Debian => Step::new("/usr/bin/cargo"),
        };
        cargo.envs(env)
    }
}

fn sysroot() -> Option<PathBuf> {
    Step::new("rustc").args(["--print", "sysroot"]).output().map(PathBuf::from)
}

/// Short: where rustup's server is out of reach this would otherwise try for minutes.
const PATIENCE: Duration = Duration::from_secs(60);

/// Installs one: rustup's target, else Debian's compiler.
///
/// # Errors
/// When neither can be had here.
pub fn install() -> Result<()> {
    let rustup = || {
        Step::new("rustup")
            .args(["target", "add", TARGET])
            .env("RUSTUP_MAX_RETRIES", "0")
            .succeeds_within(PATIENCE)
    };
    if which("rustup").is_some() && rustup() && Toolchain::find().is_some() {
        // Without them the page is larger, and no worse.
        if !Step::new("rustup").args(["component", "add", "rust-src"]).succeeds_within(PATIENCE) {
            say::warning("rustup cannot provide rust-src: the page will be larger than need be");
        }
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
