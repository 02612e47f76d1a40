//! `cargo xtask fuzz`: input made up by libFuzzer, for everything that reads what arrives from outside.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::setup::{self, Part};
use crate::shell::Step;
use crate::{paths, say};

/// The targets, each a file in `fuzz/targets/`.
const TARGETS: [&str; 4] = ["frame", "cursor", "topic", "config"];

/// How many run side by side, unless it is said.
const AT_ONCE: usize = 2;

/// Whether libFuzzer comes with the compilers of this system.
pub const IS_POSSIBLE: bool = cfg!(unix);

/// Options of `cargo xtask fuzz`.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Only this target
    #[arg(value_parser = TARGETS)]
    target: Option<String>,
    /// For how long each
    #[arg(long, default_value = "60", value_name = "N")]
    seconds: u64,
}

/// `cargo xtask fuzz`.
///
/// # Errors
/// When set-up or the build fails, or an input breaks a target.
pub fn main(args: &Args) -> Result<ExitCode> {
    let targets: Vec<&str> =
        TARGETS.into_iter().filter(|t| args.target.as_ref().is_none_or(|own| own == t)).collect();
    run(&targets, Duration::from_secs(args.seconds), AT_ONCE)?;
    Ok(ExitCode::SUCCESS)
}

/// All targets, each for so long, some at a time.
///
/// # Errors
/// When set-up or the build fails, or an input breaks a target.
pub fn all(time: Duration) -> Result<()> {
    run(&TARGETS, time, AT_ONCE)
}

/// All targets side by side for so long.
///
/// # Errors
/// When set-up or the build fails, or an input breaks a target.
pub fn all_at_once(time: Duration) -> Result<()> {
    run(&TARGETS, time, TARGETS.len())
}

fn run(targets: &[&str], time: Duration, at_once: usize) -> Result<()> {
    if !IS_POSSIBLE {
        say::warning("nothing is fuzzed: this system has no libFuzzer");
        return Ok(());
    }
    let programs = build()?;
    let mut broken = Vec::new();
    for together in targets.chunks(at_once) {
        let running: Result<Vec<_>> =
            together.iter().map(|target| start(&programs, target, time)).collect();
        for mut running in running? {
            let target = running.target;
            let status =
                running.child.wait().with_context(|| format!("cannot wait for {target}"))?;
            if !status.success() {
                broken.push(target);
            }
        }
    }
    if !broken.is_empty() {
        for target in &broken {
            say::warning(&told(&log(target)));
        }
        bail!(
            "input was found that breaks: {}; mend it, and keep the input in fuzz/seeds/TARGET/",
            broken.join(", ")
        );
    }
    Ok(())
}

/// A target that runs. It ends with this, as it must where another cannot be started.
struct Running<'a> {
    target: &'a str,
    child: Child,
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        // Most have ended by now: nothing is left to kill then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Compiles the targets; the folder they are in.
fn build() -> Result<PathBuf> {
    setup::ensure(&[Part::Base, Part::Fuzz])?;
    let step = Step::new("cargo")
        .args(["fuzz", "build", "--sanitizer", "none", "--fuzz-dir"])
        .arg(paths::fuzz())
        .arg("--target-dir")
        .arg(output())
        .arg("--target")
        .arg(host()?)
        .dir(&paths::fuzz());
    // The flags of libFuzzer are not stable; a stable compiler has them all the same.
    step.env("RUSTC_BOOTSTRAP", "1").run()?;
    Ok(output().join(host()?).join("release"))
}

fn start<'a>(programs: &Path, target: &'a str, time: Duration) -> Result<Running<'a>> {
    let corpus = output().join("corpus").join(target);
    let found = output().join("artifacts");
    for folder in [&corpus, &found] {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    let log = log(target);
    let file = fs::File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    say::step(&format!("fuzz {target} for {} s, told in {}", time.as_secs(), log.display()));
    let child = Command::new(programs.join(format!("{target}{}", env::consts::EXE_SUFFIX)))
        .arg(format!("-max_total_time={}", time.as_secs()))
        .args(["-timeout=10", "-rss_limit_mb=1024", "-max_len=4096"])
        .arg(format!("-artifact_prefix={}/{target}-", found.display()))
        // What is found goes to the first folder; the second is only read.
        .arg(&corpus)
        .arg(paths::fuzz().join("seeds").join(target))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(file)
        .spawn()
        .with_context(|| format!("cannot start the target {target}"))?;
    Ok(Running { target, child })
}

/// The end of a log: what broke, and where its input lies.
fn told(log: &Path) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}

fn log(target: &str) -> PathBuf {
    output().join(format!("{target}.txt"))
}

/// Build, corpora and what is found.
fn output() -> PathBuf {
    paths::target().join("fuzz")
}

/// The system this compiler compiles for by itself.
fn host() -> Result<String> {
    let told = Step::new("rustc").arg("-vV").output().unwrap_or_default();
    let host = told.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not tell its host")?.to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::io::Read;
    use std::time::Instant;

    #[test]
    fn a_target_that_nobody_waits_for_is_ended() {
        let begun = Instant::now();
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::piped()).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        drop(Running { target: "sleep", child });
        // Open for as long as it runs.
        assert_eq!(output.read(&mut [0]).unwrap(), 0);
        assert!(begun.elapsed() < Duration::from_secs(30));
    }
}
