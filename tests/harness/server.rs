//! A server of a test's own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::{DEADLINE, binary, http};

/// What a server is started with besides its port and folder.
#[derive(Clone, Debug, Default)]
pub struct ServerOptions {
    /// Content of its configuration file.
    pub config: String,
    /// Further arguments.
    pub args: Vec<String>,
}

/// A running `tidings serve`; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    /// The link's one-time code.
    code: String,
    folder: TempDir,
    options: ServerOptions,
}

impl Server {
    /// Starts one with nothing configured.
    ///
    /// # Errors
    ///
    /// If it does not come up in time.
    pub async fn start() -> Result<Self> {
        Self::start_with(ServerOptions::default()).await
    }

    /// Starts one with options.
    ///
    /// # Errors
    ///
    /// If it does not come up in time.
    pub async fn start_with(options: ServerOptions) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let any_port = SocketAddr::from(([127, 0, 0, 1], 0));
        let (child, address, code) = spawn(folder.path(), any_port, &options).await?;
        Ok(Self { child, address, code, folder, options })
    }

    /// Starts it anew at the same address with the same data, after [`stop`](Self::stop).
    ///
    /// # Errors
    ///
    /// If it does not come up in time.
    pub async fn start_again(&mut self) -> Result<()> {
        let (child, address, code) = spawn(self.folder.path(), self.address, &self.options).await?;
        (self.child, self.address, self.code) = (child, address, code);
        Ok(())
    }

    /// Asks it to end and waits for it.
    ///
    /// # Errors
    ///
    /// If it does not end in time.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        Ok(tokio::time::timeout(DEADLINE, self.child.wait())
            .await
            .context("the server to end")??)
    }

    /// Kills it, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// If it has ended already.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill_process(self.pid()?, signal)?)
    }

    /// Its process id.
    ///
    /// # Errors
    ///
    /// If it has ended.
    pub fn pid(&self) -> Result<Pid> {
        let id = self.child.id().context("the server has ended")?;
        Pid::from_raw(i32::try_from(id)?).context("process ids are positive")
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The link that signs a browser in, once.
    #[must_use]
    pub fn sign_in_link(&self) -> String {
        self.url(&format!("/#code={}", self.code))
    }

    /// The link's code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Its data folder.
    #[must_use]
    pub fn data_dir(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The owner's token.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn token(&self) -> Result<String> {
        Ok(std::fs::read_to_string(self.data_dir().join("owner-token"))?.trim().to_owned())
    }

    /// A request to a path, with the owner's token.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn get(&self, path: &str) -> Result<reqwest::RequestBuilder> {
        Ok(http()?.get(self.url(path)).bearer_auth(self.token()?))
    }

    /// A publish to what follows `/api/publish/`, with the owner's token.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn publish(&self, topic: &str) -> Result<reqwest::RequestBuilder> {
        Ok(http()?.post(self.url(&format!("/api/publish/{topic}"))).bearer_auth(self.token()?))
    }

    /// How many files and sockets the process has open.
    ///
    /// # Errors
    ///
    /// If the process has ended.
    pub fn open_files(&self) -> Result<usize> {
        let pid = self.pid()?.as_raw_nonzero();
        Ok(std::fs::read_dir(format!("/proc/{pid}/fd"))?.count())
    }
}

async fn spawn(
    folder: &Path,
    listen: SocketAddr,
    options: &ServerOptions,
) -> Result<(Child, SocketAddr, String)> {
    let config = folder.join("tidings.toml");
    std::fs::write(&config, &options.config)?;
    let mut child = Command::new(binary("tidings")?)
        .arg("serve")
        .args(["--listen", &listen.to_string()])
        .arg("--data-dir")
        .arg(folder.join("data"))
        .arg("--config")
        .arg(&config)
        .args(&options.args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let link = tokio::time::timeout(DEADLINE, sign_in_link(stdout)).await;
    let (address, code) = link.context("the server to print its link")??;
    wait_until_ready(address).await?;
    Ok((child, address, code))
}

/// Finds `http://ADDRESS/#code=CODE` in what the server prints.
async fn sign_in_link(stdout: tokio::process::ChildStdout) -> Result<(SocketAddr, String)> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        let Some((_, rest)) = line.split_once("http://") else { continue };
        let Some((address, code)) = rest.split_once("/#code=") else { continue };
        let found = (address.parse()?, code.trim().to_owned());
        // Read on, so that the server can go on printing.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        return Ok(found);
    }
    bail!("the server ended before it was ready; see its log above")
}

async fn wait_until_ready(address: SocketAddr) -> Result<()> {
    let client = http()?;
    crate::until("the server answers", Duration::from_secs(10), || {
        let request = client.get(format!("http://{address}/healthz"));
        async move { Ok(request.send().await?.status().is_success().then_some(())) }
    })
    .await
}

/// How many connections to `address` the system knows as established, seen from the clients' side.
///
/// # Errors
///
/// If the system's table cannot be read.
pub fn established(address: SocketAddr) -> Result<usize> {
    let port = format!(":{:04X}", address.port());
    let table = std::fs::read_to_string("/proc/net/tcp")?;
    let to_address = |line: &&str| {
        let mut columns = line.split_whitespace();
        let remote = columns.nth(2);
        remote.is_some_and(|remote| remote.ends_with(&port)) && columns.next() == Some("01")
    };
    Ok(table.lines().filter(to_address).count())
}
