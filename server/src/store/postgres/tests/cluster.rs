//! A real Postgres of the tests' own.
//!
//! Most tests share one, each with a database of its own: it is started by the first, and ended by `keep.sh` once no
//! test has used it for a while, which it sees by a file that each holds a lock on. What stops or kills its
//! Postgres has one to itself.

use std::fs::{self, File, Permissions};
use std::net::SocketAddr;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};
use tempfile::TempDir;

use crate::config::DatabaseUrl;

/// The superuser of every cluster, who has a password where it comes by TCP.
const USER: &str = "tidings";
pub(super) const PASSWORD: &str = "hunter2";

/// How long a Postgres may take to start or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// Who runs Postgres, which refuses to be root's.
const UNPRIVILEGED: [&str; 2] = ["postgres", "nobody"];

const KEEP: &str = include_str!("keep.sh");

/// A Postgres that runs.
pub(super) struct Cluster {
    folder: PathBuf,
    port: u16,
    /// Ends with the cluster, unless it is shared.
    own: Option<(Mutex<Child>, TempDir)>,
    /// Locked for as long as the shared one is used.
    _use: Option<File>,
}

/// A database of a test's own.
pub(super) struct Database {
    pub(super) cluster: Cluster,
    name: String,
}

impl Cluster {
    /// The one that tests share.
    #[expect(
        clippy::zombie_processes,
        reason = "the keeper outlives the test, for the sake of others"
    )]
    pub(super) async fn shared() -> Self {
        let uid = rustix::process::getuid().as_raw();
        let folder = std::env::temp_dir().join(format!("tidings-test-postgres-{uid}"));
        let used = loop {
            fs::create_dir_all(&folder).unwrap();
            assert_eq!(folder.metadata().unwrap().uid(), uid, "{folder:?} is somebody else's");
            let path = folder.join("users");
            let Ok(file) = File::create(&path) else { continue };
            file.lock_shared().unwrap();
            // Whoever ended the last one has removed the folder while we waited.
            let is_there =
                path.metadata().is_ok_and(|now| now.ino() == file.metadata().unwrap().ino());
            if is_there {
                break file;
            }
        };
        let starting = File::create(folder.join("starting")).unwrap();
        starting.lock().unwrap();
        let port = fs::read_to_string(folder.join("port")).ok().and_then(|port| port.parse().ok());
        let mut cluster = Self { folder, port: port.unwrap_or(0), own: None, _use: Some(used) };
        if port.is_none() || !cluster.answers().await {
            cluster.port = free_port();
            cluster.initialise();
            let mut keep = Command::new("sh");
            keep.args(["-c", KEEP, "keep"]).arg(&cluster.folder);
            keep.args(cluster.postgres("QUIT")).current_dir("/").process_group(0);
            keep.stdin(Stdio::null()).stdout(Stdio::null()).stderr(cluster.log()).spawn().unwrap();
            cluster.until_it_answers().await;
            fs::write(cluster.folder.join("port"), cluster.port.to_string()).unwrap();
        }
        cluster
    }

    /// One that may be killed.
    pub(super) async fn private() -> Self {
        let temp = tempfile::tempdir().unwrap();
        fs::set_permissions(temp.path(), Permissions::from_mode(0o711)).unwrap();
        let folder = temp.path().to_owned();
        let mut cluster = Self { folder, port: free_port(), own: None, _use: None };
        cluster.initialise();
        let child = cluster.spawn();
        cluster.own = Some((Mutex::new(child), temp));
        cluster.until_it_answers().await;
        cluster
    }

    /// Kills it as an unclean end of the system's would, but for what the system keeps; returns when the processes of its
    /// connections have noticed, too.
    pub(super) async fn kill(&self) {
        let pid = self.own().id();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        {
            let mut child = self.own();
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let runs = |pid: &str| {
            let state = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            state.contains("postgres") && !state.contains(") Z")
        };
        let began = Instant::now();
        while children.split_whitespace().any(runs) {
            assert!(began.elapsed() < PATIENCE, "{}", self.told());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Starts it again where it was.
    pub(super) async fn restart(&self) {
        let began = Instant::now();
        loop {
            *self.own() = self.spawn();
            while self.own().try_wait().unwrap().is_none() {
                if self.answers().await {
                    return;
                }
            }
            // What is left of the one before has yet to notice that it is gone.
            assert!(began.elapsed() < PATIENCE, "{}", self.told());
        }
    }

    fn own(&self) -> MutexGuard<'_, Child> {
        self.own.as_ref().unwrap().0.lock().unwrap()
    }

    fn initialise(&self) {
        let data = self.folder.join("data");
        // Left by one whose keeper was killed.
        let _ = fs::remove_dir_all(&data);
        fs::create_dir(&data).unwrap();
        fs::set_permissions(&self.folder, Permissions::from_mode(0o711)).unwrap();
        if let Some((_, uid, gid)) = other_user() {
            chown(&data, Some(uid), Some(gid)).unwrap();
        }
        let password = self.folder.join("password");
        fs::write(&password, PASSWORD).unwrap();
        let mut command = self.as_user("KILL");
        command.push(program("initdb").display().to_string());
        for option in ["--no-sync", "--encoding=UTF8", "--locale=C", "--auth-local=trust"] {
            command.push(option.to_owned());
        }
        command.push("--auth-host=scram-sha-256".to_owned());
        command.push(format!("--username={USER}"));
        command.push(format!("--pwfile={}", password.display()));
        command.push(format!("--pgdata={}", data.display()));
        let made = Command::new(&command[0]).args(&command[1..]).current_dir("/").output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    }

    fn spawn(&self) -> Child {
        let command = self.postgres("QUIT");
        Command::new(&command[0])
            .args(&command[1..])
            .current_dir("/")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(self.log())
            .spawn()
            .unwrap()
    }

    /// The command that runs it, and ends it with whoever runs that.
    fn postgres(&self, signal: &str) -> Vec<String> {
        let data = self.folder.join("data").display().to_string();
        let mut command = self.as_user(signal);
        command.extend([program("postgres").display().to_string(), "-D".to_owned(), data.clone()]);
        for setting in [
            "fsync=off".to_owned(),
            "shared_buffers=16MB".to_owned(),
            "listen_addresses=127.0.0.1".to_owned(),
            format!("port={}", self.port),
            format!("unix_socket_directories={data}"),
        ] {
            command.extend(["-c".to_owned(), setting]);
        }
        command
    }

    fn as_user(&self, signal: &str) -> Vec<String> {
        let mut command = vec!["setpriv".to_owned(), format!("--pdeathsig={signal}")];
        if let Some((name, _, gid)) = other_user() {
            command.extend([format!("--reuid={name}"), format!("--regid={gid}")]);
            command.push("--clear-groups".to_owned());
        }
        command
    }

    fn log(&self) -> File {
        File::options().append(true).create(true).open(self.folder.join("log")).unwrap()
    }

    fn told(&self) -> String {
        fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    async fn answers(&self) -> bool {
        tokio::time::sleep(Duration::from_millis(20)).await;
        self.admin("postgres").await.is_ok()
    }

    async fn until_it_answers(&self) {
        let began = Instant::now();
        while !self.answers().await {
            assert!(began.elapsed() < PATIENCE, "{}", self.told());
        }
    }

    async fn admin(&self, database: &str) -> Result<PgConnection, sqlx::Error> {
        let options = PgConnectOptions::new_without_pgpass();
        let options = options.socket(self.folder.join("data")).port(self.port);
        options.username(USER).database(database).connect().await
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        if let Some((child, _)) = &mut self.own {
            let child = child.get_mut().unwrap();
            if let Some(pid) =
                i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw)
            {
                // At once, but in order: what it shares with its children goes too.
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::QUIT);
            }
            let _ = child.wait();
        }
    }
}

impl Database {
    /// A new one in the Postgres that tests share.
    pub(super) async fn new() -> Self {
        Self::of(Cluster::shared().await).await
    }

    /// A new one in this Postgres.
    pub(super) async fn of(cluster: Cluster) -> Self {
        let name = format!("test_{:016x}", rand::random::<u64>());
        let mut admin = cluster.admin("postgres").await.unwrap();
        let create = AssertSqlSafe(format!("CREATE DATABASE {name}"));
        sqlx::raw_sql(create).execute(&mut admin).await.unwrap();
        Self { cluster, name }
    }

    /// By its socket, without a password.
    pub(super) fn url(&self) -> DatabaseUrl {
        let (folder, port) = (self.cluster.folder.join("data"), self.cluster.port);
        let folder = folder.display();
        DatabaseUrl::from(format!(
            "postgres:///{}?user={USER}&host={folder}&port={port}",
            self.name
        ))
    }

    /// By TCP, with this password.
    pub(super) fn tcp_url(&self, password: &str) -> DatabaseUrl {
        self.tcp_url_at(self.tcp_address(), password)
    }

    /// As [`tcp_url`](Self::tcp_url), by way of another address.
    pub(super) fn tcp_url_at(&self, address: SocketAddr, password: &str) -> DatabaseUrl {
        DatabaseUrl::from(format!("postgres://{USER}:{password}@{address}/{}", self.name))
    }

    /// Where its server listens.
    pub(super) fn tcp_address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.cluster.port))
    }

    /// A connection beside the store.
    pub(super) async fn connect(&self) -> PgConnection {
        self.cluster.admin(&self.name).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if self.cluster.own.is_none() {
            let _ = Command::new(program("dropdb"))
                .args(["--force", "--if-exists", "--no-password", "--username", USER])
                .args(["--port", &self.cluster.port.to_string(), "--host"])
                .arg(self.cluster.folder.join("data"))
                .arg(&self.name)
                .output();
        }
    }
}

/// Where Debian puts it, which is on no path; else wherever it is found.
fn program(name: &str) -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut found: Vec<_> = versions.map(|version| version.path().join("bin").join(name)).collect();
    found.retain(|path| path.exists());
    found.sort();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&paths).map(|folder| folder.join(name));
    found
        .pop()
        .or_else(|| on_path.into_iter().find(|path| path.exists()))
        .unwrap_or_else(|| panic!("there is no {name}; `cargo xtask setup` installs Postgres"))
}

/// Whom Postgres runs as where we are root.
fn other_user() -> Option<(&'static str, u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &'static str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map_while(|number| number.parse().ok());
        Some((name, numbers.next()?, numbers.next()?))
    };
    Some(UNPRIVILEGED.into_iter().find_map(user).expect("a user who is not root"))
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
