//! A socket that nobody else may connect to.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tokio::net::{UnixListener, UnixStream};

/// Where a second start is heard.
#[derive(Debug)]
pub(super) struct Listener {
    socket: UnixListener,
    path: PathBuf,
}

impl Listener {
    /// To be called by whoever has the lock: a socket that lies there is left over.
    pub(super) fn bind(place: &Path) -> io::Result<Self> {
        let path = place.with_extension("socket");
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, Permissions::from_mode(0o600))?;
        Ok(Self { socket, path })
    }

    pub(super) async fn accept(&mut self) -> io::Result<UnixStream> {
        Ok(self.socket.accept().await?.0)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Whoever comes next finds none, or removes it.
        let _ = std::fs::remove_file(&self.path);
    }
}

pub(super) async fn connect(place: &Path) -> io::Result<UnixStream> {
    UnixStream::connect(place.with_extension("socket")).await
}
