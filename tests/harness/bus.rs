//! A session bus of a test's own.

use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// The bus; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Bus {
    _daemon: Child,
    address: String,
}

impl Bus {
    pub(crate) async fn start() -> Result<Self> {
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start dbus-daemon; `cargo xtask setup` installs it")?;
        let stdout = daemon.stdout.take().context("standard output is piped")?;
        let address = BufReader::new(stdout).lines().next_line().await?.context("an address")?;
        Ok(Self { _daemon: daemon, address })
    }

    /// For `DBUS_SESSION_BUS_ADDRESS`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}
