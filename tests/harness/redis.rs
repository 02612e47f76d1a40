//! A real Redis of a test's own.

use std::net::SocketAddr;
use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::{DEADLINE, free_address, until};

/// A running Redis that keeps what it is told; killed when dropped.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
    args: Vec<String>,
}

impl Redis {
    /// Starts one.
    ///
    /// # Errors
    ///
    /// If there is none on this machine, or it does not come up in time.
    pub async fn start() -> Result<Self> {
        Self::start_with(&[]).await
    }

    /// Starts one with further arguments.
    ///
    /// # Errors
    ///
    /// If there is none on this machine, or it does not come up in time.
    pub async fn start_with(args: &[&str]) -> Result<Self> {
        let (folder, address) = (tempfile::tempdir()?, free_address()?);
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        let child = spawn(&folder, address, &args)?;
        let redis = Self { child, address, folder, args };
        redis.until_it_answers().await?;
        Ok(redis)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://{}/0", self.address)
    }

    /// Kills it, with no chance to write anything.
    ///
    /// # Errors
    ///
    /// If it has ended already.
    pub async fn kill(&mut self) -> Result<()> {
        self.child.kill().await.context("Redis to end")
    }

    /// Starts it anew with what it has kept, after [`kill`](Self::kill), and returns once it answers.
    ///
    /// # Errors
    ///
    /// If it does not come up in time.
    pub async fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.folder, self.address, &self.args)?;
        self.until_it_answers().await
    }

    /// Sends it a signal: one that is stopped keeps its connections, and says nothing.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let id = i32::try_from(self.child.id().context("Redis has ended")?)?;
        Ok(kill_process(Pid::from_raw(id).context("process ids are positive")?, signal)?)
    }

    /// What `redis-cli` answers to this command.
    ///
    /// # Errors
    ///
    /// If it fails.
    pub async fn cli(&self, args: &[&str]) -> Result<String> {
        let port = self.address.port().to_string();
        let mut command = Command::new("redis-cli");
        let done = command.args(["-e", "-p", &port]).args(args).kill_on_drop(true).output();
        let done = tokio::time::timeout(DEADLINE, done).await.context("redis-cli to end")??;
        ensure!(done.status.success(), "{args:?}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(String::from_utf8(done.stdout)?.trim().to_owned())
    }

    /// What `redis-cli` answers to this command in the database with this number.
    ///
    /// # Errors
    ///
    /// If it fails.
    pub async fn cli_in(&self, database: &str, args: &[&str]) -> Result<String> {
        self.cli(&[&["-n", database], args].concat()).await
    }

    async fn until_it_answers(&self) -> Result<()> {
        until("Redis answers", DEADLINE, || async {
            Ok((self.cli(&["PING"]).await? == "PONG").then_some(()))
        })
        .await
    }
}

fn spawn(folder: &TempDir, address: SocketAddr, args: &[String]) -> Result<Child> {
    Command::new("redis-server")
        .args(["--bind", "127.0.0.1", "--port", &address.port().to_string()])
        .args(["--save", "", "--appendonly", "yes", "--dir"])
        .arg(folder.path())
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start redis-server; `cargo xtask setup` installs it")
}
