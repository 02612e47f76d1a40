//! Processes that take all the time of the processors that they are given.

use std::process::Stdio;

use anyhow::Result;
use tokio::process::{Child, Command};

/// Two busy processes for each processor; they end when this is dropped.
#[derive(Debug)]
pub struct Busy(Vec<Child>);

impl Busy {
    /// Starts them.
    ///
    /// # Errors
    ///
    /// If there is no shell.
    pub fn start() -> Result<Self> {
        let count = 2 * std::thread::available_parallelism()?.get();
        let busy = (0..count).map(|_| {
            let child = Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .stdin(Stdio::null())
                .kill_on_drop(true)
                .spawn();
            Ok(child?)
        });
        Ok(Self(busy.collect::<Result<_>>()?))
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.len()
    }
}
