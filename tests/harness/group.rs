//! Processes that end together.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use anyhow::Result;
use rustix::process::{Pid, Signal, kill_process_group};

/// A shell and all that it starts, in a group of their own. They end when this is dropped.
#[derive(Debug)]
pub struct Group(Child);

impl Group {
    /// Has a shell do this.
    ///
    /// # Errors
    ///
    /// If there is none.
    pub fn start(script: &str) -> Result<Self> {
        let mut command = Command::new("sh");
        command.args(["-c", script]).process_group(0).stdin(Stdio::null());
        Ok(Self(command.spawn()?))
    }

    /// Id of the shell.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = i32::try_from(self.pid()).ok().and_then(Pid::from_raw) {
            // It fails only where nobody is left.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let _ = self.0.wait();
    }
}
