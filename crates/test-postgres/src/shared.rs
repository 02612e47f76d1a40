//! The Postgres that tests share, each with a database of its own: it is started by the first, and ended by `keep.sh` once no
//! test has used it for a while, which that sees by a file that each holds a lock on.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};

use crate::Cluster;
use crate::cluster::{PATIENCE, free_port};

const KEEP: &str = include_str!("keep.sh");

/// Time between two attempts to find one that answers.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl Cluster {
    /// The one that tests share; for as long as it is held, nobody ends it.
    ///
    /// # Errors
    ///
    /// If it cannot be made, or does not answer in time.
    pub async fn shared() -> Result<Self> {
        let uid = rustix::process::getuid().as_raw();
        let folder = std::env::temp_dir().join(format!("tidings-postgres-for-tests-{uid}"));
        let began = Instant::now();
        loop {
            let told = match join(&folder, uid).await {
                Ok(Some(cluster)) => return Ok(cluster),
                Ok(None) => "it does not answer".to_owned(),
                Err(error) => format!("{error:#}"),
            };
            if began.elapsed() > PATIENCE {
                bail!("no Postgres to share in {folder:?}: {told}");
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

/// The one in `folder`, or a new one if nobody keeps one there; null if it does not answer, or not yet.
async fn join(folder: &Path, uid: u32) -> Result<Option<Cluster>> {
    let used = hold(folder, uid)?;
    let starting = File::create(folder.join("starting"))?;
    starting.lock()?;
    let mut cluster = Cluster { folder: folder.to_owned(), port: 0, own: None, _use: Some(used) };
    let keeper = File::create(folder.join("keeper"))?;
    let port = folder.join("port");
    match keeper.try_lock() {
        // Whether it answers or not: what somebody keeps is not to be taken away.
        Err(TryLockError::WouldBlock) => {}
        Err(error) => return Err(error.into()),
        Ok(()) => {
            cluster.port = free_port()?;
            cluster.initialise().await?;
            fs::write(&port, cluster.port.to_string())?;
            keep(&cluster)?;
            let began = Instant::now();
            keeper.unlock()?;
            // Before anybody else takes it for gone.
            while keeper.try_lock().is_ok() {
                keeper.unlock()?;
                ensure!(began.elapsed() < PATIENCE, "nobody keeps it: {}", cluster.told());
                tokio::time::sleep(LOOK_EVERY).await;
            }
        }
    }
    cluster.port = fs::read_to_string(&port)?.parse()?;
    Ok(cluster.answers().await.then_some(cluster))
}

/// Sees to it that nobody removes the folder.
fn hold(folder: &Path, uid: u32) -> Result<File> {
    let made = DirBuilder::new().recursive(true).mode(0o711).create(folder);
    // Not where it leads to: anybody may put a link there.
    let found = folder.symlink_metadata()?;
    ensure!(found.is_dir() && found.uid() == uid, "{folder:?} is somebody else's");
    made?;
    let path: PathBuf = folder.join("users");
    let file = File::create(&path)?;
    file.lock_shared()?;
    // Whoever ended the last one has removed the folder while we waited.
    let is_there = path.metadata().is_ok_and(|now| {
        file.metadata().is_ok_and(|ours| (ours.dev(), ours.ino()) == (now.dev(), now.ino()))
    });
    ensure!(is_there, "it has just ended");
    Ok(file)
}

/// Runs it, and sees to its end; both outlive this test, for the sake of others.
fn keep(cluster: &Cluster) -> Result<()> {
    let mut keep = Command::new("sh");
    keep.args(["-c", KEEP, "keep"]).arg(&cluster.folder).args(cluster.command("QUIT")?);
    keep.current_dir("/").process_group(0).stdin(Stdio::null()).stdout(Stdio::null());
    keep.stderr(cluster.log()?).spawn()?;
    Ok(())
}
