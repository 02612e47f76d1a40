//! A process that ends with its owner.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// How long a server may take to start, and to end.
const LIMIT: Duration = Duration::from_secs(15);

/// A server under measurement; it is ended when this is dropped.
///
/// Ctrl-C reaches it as it reaches this task; should the task end in any other way, the kernel ends it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    /// What it says on standard error.
    log: PathBuf,
}

impl Process {
    /// Starts a program with as many descriptors as the system allows. Its log goes into `folder`.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(program: &str, args: &[String], folder: &Path) -> Result<Self> {
        const RAISED: &str = r#"ulimit -n "$(ulimit -H -n)" && exec "$@""#;
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "sh", "-c", RAISED, "sh", program]).args(args);
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TIDINGS_") {
                command.env_remove(name);
            }
        }
        let log = folder.join("stderr.log");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(File::create(&log)?);
        let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        Ok(Self { child, log })
    }

    /// Its id; what it starts are its children.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it answers at this address.
    ///
    /// # Errors
    /// When it ends instead, or takes too long.
    pub fn wait_for(&mut self, address: SocketAddr) -> Result<()> {
        let end = Instant::now() + LIMIT;
        while answer(address).is_err() {
            if let Some(status) = self.child.try_wait()? {
                bail!("it ended at once ({status}): {}", self.last_words());
            }
            if Instant::now() > end {
                let limit = LIMIT.as_secs();
                bail!("no answer on {address} within {limit} s: {}", self.last_words());
            }
            pause();
        }
        Ok(())
    }

    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(10).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let pid = self.id().to_string();
        // It may have ended by itself.
        let _ = Command::new("kill").args(["-TERM", &pid]).stderr(Stdio::null()).status();
        let end = Instant::now() + LIMIT;
        while matches!(self.child.try_wait(), Ok(None)) && Instant::now() < end {
            pause();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "there is no runtime whose thread this could block")]
fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// Any answer will do, a refusal too.
fn answer(address: SocketAddr) -> std::io::Result<()> {
    let mut socket = TcpStream::connect_timeout(&address, LIMIT)?;
    socket.set_read_timeout(Some(LIMIT))?;
    socket.write_all(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
    socket.read(&mut [0; 1024]).map(drop)
}

/// An address of this machine that nobody listens on.
///
/// # Errors
/// When there is none.
pub fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_ends_with_its_owner_and_has_every_descriptor() {
        let args = ["-c".to_owned(), "test $(ulimit -n) = $(ulimit -H -n) && sleep 60".to_owned()];
        let folder = super::super::Folder::new().unwrap();
        let mut process = Process::start("sh", &args, folder.path()).unwrap();
        assert!(matches!(process.child.try_wait(), Ok(None)));
        let proc = format!("/proc/{}", process.id());
        drop(process);
        assert!(!std::path::Path::new(&proc).exists());
    }

    #[test]
    fn a_server_that_ends_at_once_is_told_with_its_last_words() {
        let args = ["-c".to_owned(), "echo no such thing >&2; exit 3".to_owned()];
        let folder = super::super::Folder::new().unwrap();
        let mut process = Process::start("sh", &args, folder.path()).unwrap();
        let error = process.wait_for(free_address().unwrap()).unwrap_err().to_string();
        assert!(error.contains("ended at once") && error.contains("no such thing"), "{error}");
    }
}
