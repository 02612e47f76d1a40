//! A Postgres that runs.

use std::fs::{self, File, Permissions};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::PASSWORD;
use crate::programs::{as_user, other_user, program, run};

/// The superuser of every cluster, who has a password where it comes by TCP.
pub(crate) const USER: &str = "tidings";

/// How long a Postgres may take to start or to end.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Time between two looks at one that starts.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A Postgres that runs; ended when dropped, unless it is shared.
#[derive(Debug)]
pub struct Cluster {
    pub(crate) folder: PathBuf,
    pub(crate) port: u16,
    /// Ends with the cluster, unless it is shared.
    pub(crate) own: Option<(Mutex<Child>, TempDir)>,
    /// Locked for as long as the shared one is used.
    pub(crate) _use: Option<File>,
}

impl Cluster {
    /// One that may be killed.
    ///
    /// # Errors
    ///
    /// If it cannot be made, or does not answer in time.
    pub async fn private() -> Result<Self> {
        let temp = tempfile::tempdir()?;
        fs::set_permissions(temp.path(), Permissions::from_mode(0o711))?;
        let folder = temp.path().to_owned();
        let mut cluster = Self { folder, port: free_port()?, own: None, _use: None };
        cluster.initialise().await?;
        let child = cluster.spawn()?;
        cluster.own = Some((Mutex::new(child), temp));
        cluster.until_it_answers().await?;
        Ok(cluster)
    }

    /// Kills it as an unclean end of the system's would, but for what the system keeps; returns when the processes of its
    /// connections have noticed, too. Not for one that is shared.
    ///
    /// # Errors
    ///
    /// If it does not end, or is shared.
    pub async fn kill(&self) -> Result<()> {
        let children = {
            let mut child = self.child()?;
            let pid = child.id();
            let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
            child.kill()?;
            child.wait()?;
            children
        };
        let runs = |pid: &str| {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            state.contains("postgres") && !state.contains(") Z")
        };
        let began = Instant::now();
        while children.split_whitespace().any(runs) {
            ensure!(began.elapsed() < PATIENCE, "{}", self.told());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Starts it again where it was; returns when it answers. Not for one that is shared.
    ///
    /// # Errors
    ///
    /// If it does not answer in time, or is shared.
    pub async fn restart(&self) -> Result<()> {
        let began = Instant::now();
        loop {
            *self.child()? = self.spawn()?;
            while self.child()?.try_wait()?.is_none() {
                if self.answers().await {
                    return Ok(());
                }
                ensure!(began.elapsed() < PATIENCE, "{}", self.told());
                tokio::time::sleep(LOOK_EVERY).await;
            }
            // What is left of the one before has yet to notice that it is gone.
            ensure!(began.elapsed() < PATIENCE, "{}", self.told());
        }
    }

    /// Its data, and its socket.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Runs a query as the superuser, in the database `postgres`.
    ///
    /// # Errors
    ///
    /// If it does not answer, or the query fails.
    pub async fn query(&self, query: &str) -> Result<String> {
        let data = self.data().display().to_string();
        let port = self.port.to_string();
        let args = ["-XAtqw", "-h", &data, "-p", &port, "-U", USER, "-d", "postgres", "-c", query];
        run(program("psql")?, &args.map(str::to_owned)).await
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn is_shared(&self) -> bool {
        self.own.is_none()
    }

    fn child(&self) -> Result<MutexGuard<'_, Child>> {
        let (child, _) = self.own.as_ref().context("others use it, too")?;
        Ok(child.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes its data anew.
    pub(crate) async fn initialise(&self) -> Result<()> {
        let data = self.data();
        if data.exists() {
            // Left by one whose keeper was killed.
            fs::remove_dir_all(&data)?;
        }
        fs::create_dir(&data)?;
        fs::set_permissions(&self.folder, Permissions::from_mode(0o711))?;
        if let Some((_, uid, gid)) = other_user()? {
            chown(&data, Some(uid), Some(gid))?;
        }
        let password = self.folder.join("password");
        fs::write(&password, PASSWORD)?;
        let mut command = as_user("KILL")?;
        command.push(program("initdb")?.display().to_string());
        for option in ["--no-sync", "--encoding=UTF8", "--locale=C", "--auth-local=trust"] {
            command.push(option.to_owned());
        }
        command.push("--auth-host=scram-sha-256".to_owned());
        command.push(format!("--username={USER}"));
        command.push(format!("--pwfile={}", password.display()));
        command.push(format!("--pgdata={}", data.display()));
        run(&command[0], &command[1..]).await.map(drop)
    }

    fn spawn(&self) -> Result<Child> {
        let command = self.command("QUIT")?;
        let mut postgres = Command::new(&command[0]);
        postgres.args(&command[1..]).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
        Ok(postgres.stderr(self.log()?).spawn()?)
    }

    /// The command that runs it, and ends it by this signal with whoever runs that.
    pub(crate) fn command(&self, signal: &str) -> Result<Vec<String>> {
        let data = self.data().display().to_string();
        let mut command = as_user(signal)?;
        command.extend([program("postgres")?.display().to_string(), "-D".to_owned(), data.clone()]);
        for setting in [
            "fsync=off".to_owned(),
            "shared_buffers=16MB".to_owned(),
            // Each test has some, and there may be as many tests as processors.
            "max_connections=500".to_owned(),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            format!("unix_socket_directories={data}"),
        ] {
            command.extend(["-c".to_owned(), setting]);
        }
        Ok(command)
    }

    pub(crate) fn log(&self) -> Result<File> {
        Ok(File::options().append(true).create(true).open(self.log_path())?)
    }

    fn log_path(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// What it has said.
    pub(crate) fn told(&self) -> String {
        fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    pub(crate) async fn answers(&self) -> bool {
        Path::new(&self.data()).exists() && self.query("SELECT 1").await.is_ok()
    }

    async fn until_it_answers(&self) -> Result<()> {
        let began = Instant::now();
        while !self.answers().await {
            if began.elapsed() > PATIENCE {
                bail!("Postgres does not answer: {}", self.told());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some((child, _)) = &mut self.own else { return };
        let child = child.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(pid) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
            // At once, but in order: what it shares with its children goes too.
            let _ = kill_process(pid, Signal::QUIT);
        }
        let _ = child.wait();
    }
}

/// A port that nobody listens on just now, and that the system gives to no outgoing connection: a cluster may leave it and come back
/// to it. The harness of the stories gives out those below.
pub(crate) fn free_port() -> Result<u16> {
    // Each test is a process of its own: they begin at different places.
    let first = std::process::id().wrapping_mul(31);
    let ports = (0..2_000).map(|n| 30_000 + first.wrapping_add(n) % 2_000);
    let mut ports = ports.filter_map(|port| u16::try_from(port).ok());
    ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok()).context("a free port")
}
