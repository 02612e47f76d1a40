//! The folder a server keeps its things in.

use std::fs::{DirBuilder, File, TryLockError};
use std::io;
use std::path::Path;

/// Name of the file that is locked while a server uses the folder.
const LOCK_FILE: &str = "lock";

/// A data folder in use by this server alone; two would overwrite each other's sessions.
#[derive(Debug)]
pub(crate) struct DataDir {
    _lock: File,
}

impl DataDir {
    /// Makes the folder where there is none, for its owner alone, and takes it.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path)?;
        let lock = File::create(path.join(LOCK_FILE))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => {
                Err(io::Error::new(io::ErrorKind::ResourceBusy, "another server uses it"))
            }
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_serves_one_server_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("data");
        let first = DataDir::open(&path).unwrap();
        assert_eq!(DataDir::open(&path).unwrap_err().kind(), io::ErrorKind::ResourceBusy);
        drop(first);
        DataDir::open(&path).unwrap();
    }
}
