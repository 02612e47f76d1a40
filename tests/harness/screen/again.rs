//! Another start of the desktop app that a screen shows.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use tokio::process::{Child, Command};

use super::Screen;
use crate::binary;

/// An app that hands over has nothing to load.
const DEADLINE: Duration = Duration::from_secs(20);

impl Screen {
    /// Starts the app once more, in the same environment, and returns how that start ended.
    ///
    /// # Errors
    ///
    /// If it does not end in time.
    pub async fn start_again(&self, arguments: &[&str]) -> Result<ExitStatus> {
        let mut child = self.start(arguments)?;
        let ended = tokio::time::timeout(DEADLINE, child.wait()).await;
        Ok(ended.context("the second start goes on")??)
    }

    /// Starts the app in the same environment; it ends when the child is dropped. No driver sees its window.
    ///
    /// # Errors
    ///
    /// If it cannot be started.
    pub fn start(&self, arguments: &[&str]) -> Result<Child> {
        let child = Command::new(binary("tidings-desktop")?)
            .args(arguments)
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn();
        Ok(child?)
    }
}
