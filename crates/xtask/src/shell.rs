//! Runs the steps of a task: each is shown before it runs, and its failure names it.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::{paths, say};

/// One program with its arguments.
#[derive(Debug)]
pub struct Step {
    command: Command,
    shown: String,
}

impl Step {
    /// A program found on the tools' folders and PATH, run in the repository's root.
    #[must_use]
    pub fn new(program: &str) -> Self {
        // npm and its programs are batch files on Windows, which must be named in full.
        let batch = cfg!(windows) && matches!(program, "npm" | "tauri");
        let name =
            if batch { OsString::from(format!("{program}.cmd")) } else { OsString::from(program) };
        let mut step = Self { command: Command::new(name), shown: program.to_owned() };
        step.command.current_dir(paths::root()).env("PATH", search_path());
        // Set by the `cargo run` around this task. Build scripts that watch them (ring's does) would run again
        // whenever a build goes through here after one that did not.
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
                step.command.env_remove(&name);
            }
        }
        step
    }

    /// The cargo that runs this task.
    #[must_use]
    pub fn cargo() -> Self {
        let mut step = Self::new("cargo");
        if let Some(cargo) = env::var_os("CARGO") {
            let mut command = Command::new(cargo);
            copy_settings(&step.command, &mut command);
            step.command = command;
        }
        step
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.shown.push(' ');
        self.shown.push_str(&quoted(&arg.as_ref().to_string_lossy()));
        self.command.arg(arg);
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(self, args: impl IntoIterator<Item = A>) -> Self {
        args.into_iter().fold(self, Self::arg)
    }

    /// Sets a variable, shown before the program's name.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.shown = format!("{name}={} {}", quoted(&value.as_ref().to_string_lossy()), self.shown);
        self.command.env(name, value);
        self
    }

    /// Sets variables.
    #[must_use]
    pub fn envs(self, vars: &[(&str, String)]) -> Self {
        vars.iter().rev().fold(self, |step, (name, value)| step.env(name, value))
    }

    /// Takes a variable away.
    #[must_use]
    pub fn without_env(mut self, name: &str) -> Self {
        self.command.env_remove(name);
        self
    }

    /// Runs in another folder.
    #[must_use]
    pub fn dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Shows the step, runs it, and fails if it does.
    ///
    /// # Errors
    /// When it cannot be started or does not exit with 0.
    pub fn run(mut self) -> Result<()> {
        say::step(&self.shown);
        let status =
            self.command.status().with_context(|| format!("cannot start `{}`", self.shown))?;
        if !status.success() {
            bail!("`{}` failed ({status})", self.shown);
        }
        Ok(())
    }

    /// What the program prints, or `None` when it cannot be run or fails.
    #[must_use]
    pub fn output(mut self) -> Option<String> {
        let output = self.command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// What the program prints; its errors go to the terminal.
    ///
    /// # Errors
    /// When it cannot be run or fails.
    pub fn answer(mut self) -> Result<String> {
        let quiet = self.command.stdin(Stdio::null()).stderr(Stdio::inherit());
        let output = quiet.output().with_context(|| format!("cannot start `{}`", self.shown))?;
        if !output.status.success() {
            bail!("`{}` failed ({})", self.shown, output.status);
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }

    /// Shows the step and runs it silently; whether it succeeded before the limit.
    #[must_use]
    pub fn succeeds_within(mut self, limit: Duration) -> bool {
        say::step(&self.shown);
        let quiet = self.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        quiet.spawn().is_ok_and(|child| wait(child, limit))
    }

    /// Shows the step and becomes it: signals, the terminal and the exit code are its own from here on.
    ///
    /// # Errors
    /// When it cannot be started.
    #[cfg(unix)]
    pub fn replace_this(mut self) -> Result<ExitCode> {
        use std::os::unix::process::CommandExt;
        say::step(&self.shown);
        Err(self.command.exec().into())
    }

    /// Shows the step, runs it, and hands on its exit code. Ctrl-C reaches both processes; this one waits.
    ///
    /// # Errors
    /// When it cannot be started.
    #[cfg(not(unix))]
    pub fn replace_this(mut self) -> Result<ExitCode> {
        say::step(&self.shown);
        ctrlc::set_handler(|| ())?;
        let status = self.command.status()?;
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        Ok(ExitCode::from(code))
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no runtime whose thread this could block")]
fn wait(mut child: Child, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return status.success(),
            Ok(None) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(50)),
            Ok(None) | Err(_) => {
                // It may have ended in between: nothing is left to kill then.
                let _ = child.kill();
                let _ = child.wait();
                return false;
            }
        }
    }
}

/// PATH with the tools' folders in front.
#[must_use]
pub fn search_path() -> OsString {
    let path = env::var_os("PATH").unwrap_or_default();
    let all = paths::tool_bins().into_iter().chain(env::split_paths(&path));
    env::join_paths(all).unwrap_or(path)
}

/// Where a program is found.
#[must_use]
pub fn which(program: &str) -> Option<PathBuf> {
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd"] } else { &[""] };
    env::split_paths(&search_path())
        .flat_map(|dir| endings.iter().map(move |ending| dir.join(format!("{program}{ending}"))))
        .find(|file| is_program(file))
}

#[cfg(unix)]
fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(file: &Path) -> bool {
    file.is_file()
}

fn copy_settings(from: &Command, to: &mut Command) {
    if let Some(dir) = from.get_current_dir() {
        to.current_dir(dir);
    }
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}

fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@+^~".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_shown_as_it_could_be_typed() {
        let step = Step::new("echo").arg("it's").args(["a b", "--x=1"]).env("LANG", "C");
        assert_eq!(step.shown, r"LANG=C echo 'it'\''s' 'a b' --x=1");
    }

    #[test]
    fn a_failing_step_is_named() {
        let error = Step::new("cargo").arg("no-such-command").run().unwrap_err();
        assert!(error.to_string().contains("cargo no-such-command"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_step_over_its_limit_is_ended() {
        let started = Instant::now();
        assert!(!Step::new("sleep").arg("30").succeeds_within(Duration::from_millis(100)));
        assert!(started.elapsed() < Duration::from_secs(10));
    }
}
