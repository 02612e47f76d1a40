//! The client commands of `tidings`, run against a server.

use std::process::{ExitStatus, Output, Stdio};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use crate::{DEADLINE, Server, binary};

/// A command of `tidings` that finds `server` and its token in the environment.
///
/// # Errors
///
/// If the program is not built, or there is no token file.
pub fn command(server: &Server, args: &[&str]) -> Result<Command> {
    command_at(&server.url(""), &server.token()?, args)
}

/// A command of `tidings` that finds this address and token in the environment.
///
/// # Errors
///
/// If the program is not built.
pub fn command_at(url: &str, token: &str, args: &[&str]) -> Result<Command> {
    let mut command = Command::new(binary("tidings")?);
    command
        .args(args)
        .env("TIDINGS_SERVER", url)
        .env("TIDINGS_TOKEN", token)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    Ok(command)
}

/// Runs a command to its end, with `input` as its standard input.
///
/// # Errors
///
/// If it does not end in time.
pub async fn run(server: &Server, args: &[&str], input: &[u8]) -> Result<Output> {
    feed(&mut command(server, args)?, input).await
}

/// Runs a command to its end, with `input` as its standard input.
///
/// # Errors
///
/// If it does not end in time.
pub async fn feed(command: &mut Command, input: &[u8]) -> Result<Output> {
    let mut child = command.stdin(Stdio::piped()).spawn()?;
    let mut stdin = child.stdin.take().context("standard input is piped")?;
    let input = input.to_owned();
    // A command that fails early leaves its input unread.
    tokio::spawn(async move { stdin.write_all(&input).await });
    Ok(tokio::time::timeout(DEADLINE, child.wait_with_output()).await.context("it to end")??)
}

/// A running `tidings tail`; killed when dropped.
#[derive(Debug)]
pub struct Tail {
    child: Child,
    /// Null once it was closed, and where it is no pipe of ours.
    stdout: Option<Lines<BufReader<ChildStdout>>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Tail {
    /// Starts it and waits until it is connected.
    ///
    /// # Errors
    ///
    /// If it does not connect in time.
    pub async fn start(server: &Server, args: &[&str]) -> Result<Self> {
        Self::start_into(server, args, Stdio::piped()).await
    }

    /// Starts it with that standard output and waits until it is connected.
    ///
    /// # Errors
    ///
    /// If it does not connect in time.
    pub async fn start_into(
        server: &Server,
        args: &[&str],
        output: impl Into<Stdio>,
    ) -> Result<Self> {
        let args = [&["tail"], args].concat();
        let mut child = command(server, &args)?.stdout(output).spawn()?;
        let stderr = child.stderr.take().context("standard error is piped")?;
        let mut tail = Self {
            stdout: child.stdout.take().map(|stdout| BufReader::new(stdout).lines()),
            child,
            stderr: BufReader::new(stderr).lines(),
        };
        tail.told("connected to").await?;
        Ok(tail)
    }

    /// The next line of standard output.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub async fn line(&mut self) -> Result<String> {
        let stdout = self.stdout.as_mut().context("standard output is closed")?;
        let line = tokio::time::timeout(DEADLINE, stdout.next_line()).await;
        line.context("a line in time")??.context("another line")
    }

    /// The next line as JSON.
    ///
    /// # Errors
    ///
    /// If none comes in time, or it is none.
    pub async fn json(&mut self) -> Result<Value> {
        let line = self.line().await?;
        serde_json::from_str(&line).with_context(|| line)
    }

    /// The next line of standard error that contains `text`.
    ///
    /// # Errors
    ///
    /// If none comes in time.
    pub async fn told(&mut self, text: &str) -> Result<String> {
        let find = async {
            while let Some(line) = self.stderr.next_line().await? {
                if line.contains(text) {
                    return Ok(line);
                }
            }
            anyhow::bail!("it ended")
        };
        tokio::time::timeout(DEADLINE, find).await.with_context(|| format!("{text:?} in time"))?
    }

    /// Bytes that wait in the pipe of its standard output.
    ///
    /// # Errors
    ///
    /// If the pipe is closed.
    pub fn unread(&mut self) -> Result<u64> {
        let stdout = self.stdout.as_mut().context("standard output is closed")?;
        Ok(rustix::io::ioctl_fionread(stdout.get_ref().get_ref())?)
    }

    /// Closes the pipe its standard output goes to.
    pub fn close_output(&mut self) {
        self.stdout = None;
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let pid = Pid::from_raw(i32::try_from(self.id()?)?).context("process ids are positive")?;
        Ok(kill_process(pid, signal)?)
    }

    /// Its process id.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn id(&self) -> Result<u32> {
        self.child.id().context("it has ended")
    }

    /// Waits for its end; what it said on standard error since.
    ///
    /// # Errors
    ///
    /// If it does not end in time.
    pub async fn end(mut self) -> Result<(ExitStatus, String)> {
        let status =
            tokio::time::timeout(DEADLINE, self.child.wait()).await.context("its end")??;
        let mut said = String::new();
        while let Some(line) = self.stderr.next_line().await? {
            said.push_str(&line);
            said.push('\n');
        }
        Ok((status, said))
    }
}
