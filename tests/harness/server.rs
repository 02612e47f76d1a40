//! A server of a test's own.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

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
    /// Variables of its environment, besides those of the test.
    pub env: Vec<(String, String)>,
    /// Where it listens; without it on a free port of the loopback address.
    pub listen: Option<SocketAddr>,
}

impl ServerOptions {
    /// With a configuration file of this content.
    #[must_use]
    pub fn with_config(config: impl Into<String>) -> Self {
        Self { config: config.into(), ..Self::default() }
    }

    /// With these arguments, too.
    #[must_use]
    pub fn with_args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.args.extend(args.map(str::to_owned));
        self
    }

    /// With this variable in its environment, too.
    #[must_use]
    pub fn with_env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.push((name.to_owned(), value.into()));
        self
    }
}

/// A running `tidings serve`; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    address: SocketAddr,
    scheme: &'static str,
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
        let listen = options.listen.unwrap_or(SocketAddr::from(([127, 0, 0, 1], 0)));
        let Started { child, address, scheme, code } =
            spawn(folder.path(), listen, &options).await?;
        Ok(Self { child, address, scheme, code, folder, options })
    }

    /// Starts it anew at the same address with the same data, after [`stop`](Self::stop).
    ///
    /// # Errors
    ///
    /// If it does not come up in time.
    pub async fn start_again(&mut self) -> Result<()> {
        let Started { child, address, scheme, code } =
            spawn(self.folder.path(), self.address, &self.options).await?;
        (self.child, self.address, self.scheme, self.code) = (child, address, scheme, code);
        Ok(())
    }

    /// Starts it anew as [`start_again`](Self::start_again) does, after a kill: what the one before held may not be free at once.
    ///
    /// # Errors
    ///
    /// If it does not come up in time.
    pub async fn start_again_after_kill(&mut self) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.start_again().await {
                Err(error) if begun.elapsed() > DEADLINE => return Err(error),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Kills it, with no chance to write anything, and waits until it is gone.
    ///
    /// # Errors
    ///
    /// If it has ended already.
    pub async fn kill(&mut self) -> Result<()> {
        self.signal(Signal::KILL)?;
        self.ended().await.map(drop)
    }

    /// Waits until it ends.
    ///
    /// # Errors
    ///
    /// If it does not in time.
    pub async fn ended(&mut self) -> Result<ExitStatus> {
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        Ok(ended.context("the server to end")??)
    }

    /// Waits for its end, for as long as it takes: beside something that it should not end before.
    ///
    /// # Errors
    ///
    /// If that cannot be known.
    pub async fn gone(&mut self) -> Result<ExitStatus> {
        Ok(self.child.wait().await?)
    }

    /// Asks it to end and waits for it.
    ///
    /// # Errors
    ///
    /// If it does not end in time.
    pub async fn stop(&mut self) -> Result<ExitStatus> {
        self.signal(Signal::TERM)?;
        self.ended().await
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
        format!("{}://{}{path}", self.scheme, self.address)
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

    /// A new token with these scopes.
    ///
    /// # Errors
    ///
    /// If the server makes none.
    pub async fn scoped_token(&self, scopes: &[&str]) -> Result<String> {
        let body = serde_json::json!({ "name": "test", "scopes": scopes });
        let request = http()?.post(self.url("/api/tokens")).bearer_auth(self.token()?);
        let answer = request.json(&body).send().await?.error_for_status()?;
        let answer: serde_json::Value = answer.json().await?;
        Ok(answer["token"].as_str().context("a token")?.to_owned())
    }

    /// A request to a path, with the owner's token.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn get(&self, path: &str) -> Result<reqwest::RequestBuilder> {
        Ok(http()?.get(self.url(path)).bearer_auth(self.token()?))
    }

    /// A request that changes something, with the owner's token.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn post(&self, path: &str) -> Result<reqwest::RequestBuilder> {
        Ok(http()?.post(self.url(path)).bearer_auth(self.token()?))
    }

    /// A publish to what follows `/api/publish/`, with the owner's token.
    ///
    /// # Errors
    ///
    /// If there is no token file.
    pub fn publish(&self, topic: &str) -> Result<reqwest::RequestBuilder> {
        self.post(&format!("/api/publish/{topic}"))
    }

    /// Waits until the process has no more descriptors open than `before`.
    ///
    /// # Errors
    ///
    /// If it still has after `deadline`.
    pub async fn closes_down_to(&self, before: usize, deadline: Duration) -> Result<()> {
        crate::until("the server's descriptors are back where they were", deadline, || async {
            let now = self.open_files()?;
            anyhow::ensure!(now <= before, "{now} open, {before} before");
            Ok(Some(()))
        })
        .await
    }

    /// How many descriptors the process has open while nobody is connected, once that is so.
    ///
    /// # Errors
    ///
    /// If somebody stays connected.
    pub async fn open_files_at_rest(&self) -> Result<usize> {
        crate::until("the harness's own connections are closed", DEADLINE, || async {
            Ok((established(self.address)? == 0).then_some(()))
        })
        .await?;
        // The server sees the end of the last one a moment later than the client.
        let mut least = self.open_files()?;
        let end = tokio::time::Instant::now() + Duration::from_millis(200);
        while tokio::time::Instant::now() < end {
            tokio::time::sleep(Duration::from_millis(10)).await;
            least = least.min(self.open_files()?);
        }
        Ok(least)
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

/// A server that is up.
struct Started {
    child: Child,
    address: SocketAddr,
    scheme: &'static str,
    code: String,
}

async fn spawn(folder: &Path, listen: SocketAddr, options: &ServerOptions) -> Result<Started> {
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
        .envs(options.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let stdout = child.stdout.take().context("standard output is piped")?;
    let link = tokio::time::timeout(DEADLINE, sign_in_link(stdout, listen)).await;
    let (scheme, address, code) = link.context("the server to print its link")??;
    wait_until_ready(scheme, address).await?;
    Ok(Started { child, address, scheme, code })
}

/// Finds `http://ADDRESS/#code=CODE` in what the server prints. Behind a proxy the link has the proxy's name, and
/// the server listens where it was told to.
async fn sign_in_link(
    stdout: tokio::process::ChildStdout,
    listen: SocketAddr,
) -> Result<(&'static str, SocketAddr, String)> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        let Some((before, rest)) = line.split_once("://") else { continue };
        let Some((address, code)) = rest.split_once("/#code=") else { continue };
        let code = code.trim().to_owned();
        let found = match address.parse() {
            Ok(address) if before.ends_with("https") => ("https", address, code),
            Ok(address) => ("http", address, code),
            Err(_) => ("http", listen, code),
        };
        // Read on, so that the server can go on printing.
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        return Ok(found);
    }
    bail!("the server ended before it was ready; see its log above")
}

async fn wait_until_ready(scheme: &str, address: SocketAddr) -> Result<()> {
    let client = http()?;
    crate::until("the server answers", Duration::from_secs(10), || {
        let request = client.get(format!("{scheme}://{address}/healthz"));
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

/// An address of this machine that nobody listens on, with a port that the system gives to no outgoing
/// connection: a server may leave it and come back to it.
///
/// # Errors
///
/// If there is none.
pub fn free_address() -> Result<SocketAddr> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // Each test is a process of its own: they begin at different places, and no address is given twice.
    let first = std::process::id().wrapping_mul(31);
    for _ in 0..10_000 {
        let n = first.wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let address = SocketAddr::from(([127, 0, 0, 1], u16::try_from(20_000 + n % 10_000)?));
        if std::net::TcpListener::bind(address).is_ok() {
            return Ok(address);
        }
    }
    bail!("no port is free")
}
