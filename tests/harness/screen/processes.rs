//! Programs a screen needs, each ended with all it started.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process_group};

/// A program that leads a process group.
#[derive(Debug)]
pub(crate) struct Process(Child);

impl Process {
    pub(super) fn start(
        program: &str,
        arguments: &[String],
        variables: &[(&str, &str)],
    ) -> Result<Self> {
        let child = Command::new(program)
            .args(arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .process_group(0)
            .spawn();
        let advice = || format!("cannot start {program}; `cargo xtask setup` installs it");
        Ok(Self(child.with_context(advice)?))
    }

    /// Its process id.
    pub(super) fn id(&self) -> Option<i32> {
        i32::try_from(self.0.id()).ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.0.id()).ok().and_then(Pid::from_raw) {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::TERM);
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// An X display that no screen shows; it picks a free number and says which. Its pixels are in `folder`, if there is one.
pub(crate) fn start_display(
    (width, height): (u32, u32),
    folder: Option<&Path>,
) -> Result<(Process, String)> {
    let mut child = Command::new("Xvfb")
        .args(["-displayfd", "1", "-nolisten", "tcp", "-screen", "0"])
        .arg(format!("{width}x{height}x24"))
        .args(folder.map(|_| "-fbdir"))
        .args(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("cannot start Xvfb; `cargo xtask setup` installs it")?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let process = Process(child);
    let mut number = String::new();
    BufReader::new(stdout).read_line(&mut number)?;
    Ok((process, format!(":{}", number.trim())))
}
