//! What is in a file, as a SHA-256.

use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::manifest::Digest;
use super::progress::{Progress, Stopped};
use crate::jobs::tree::{Folder, What};

/// How much is read at once, in bytes; between two pieces it looks whether it is to end.
const PIECE: usize = 1 << 20;

/// Reads files.
pub(super) struct Digester {
    piece: Vec<u8>,
}

/// Why a file has no digest.
#[derive(Debug)]
pub(super) enum Undigested {
    /// Nobody wants it any more.
    Stopped,
    /// It cannot be read.
    Unread(io::Error),
}

impl From<io::Error> for Undigested {
    fn from(error: io::Error) -> Self {
        Self::Unread(error)
    }
}

impl From<Stopped> for Undigested {
    fn from(Stopped: Stopped) -> Self {
        Self::Stopped
    }
}

impl Digester {
    /// Has room for a piece of a file.
    pub(super) fn new() -> Self {
        Self { piece: vec![0; PIECE] }
    }

    /// Reads a file of this folder.
    ///
    /// # Errors
    ///
    /// It is not there, is no regular file, cannot be read, or changes meanwhile.
    pub(super) fn digest(
        &mut self,
        folder: &Folder,
        name: &OsStr,
        progress: &mut Progress<'_>,
    ) -> Result<Digest, Undigested> {
        let what = folder.meta_of(name)?.what;
        if let Some(why) = unfit(what) {
            return Err(io::Error::other(why).into());
        }
        let mut file = folder.open_file(name)?;
        let before = file.metadata()?;
        // It was another a moment ago.
        if !before.is_file() {
            return Err(changed().into());
        }
        let mut hash = Sha256::new();
        loop {
            let read = match file.read(&mut self.piece) {
                Ok(0) => break,
                Ok(read) => read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error.into()),
            };
            hash.update(&self.piece[..read]);
            progress.read(read as u64)?;
        }
        if !same(&before, &file)? {
            return Err(changed().into());
        }
        Ok(hash.finalize().into())
    }
}

/// Why what is no regular file is not read.
fn unfit(what: What) -> Option<&'static str> {
    match what {
        What::File => None,
        What::Link => Some("it is a symbolic link, which is not followed"),
        What::Folder => Some("it is a folder"),
        What::Other => Some("it is no regular file"),
    }
}

fn changed() -> io::Error {
    io::Error::other("it changed while it was read")
}

fn same(before: &Metadata, file: &File) -> io::Result<bool> {
    let after = file.metadata()?;
    Ok(before.len() == after.len() && before.modified().ok() == after.modified().ok())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn a_file_that_grows_or_changes_meanwhile_is_not_the_same() {
        let mut file = tempfile::tempfile().unwrap();
        let before = file.metadata().unwrap();
        assert!(same(&before, &file).unwrap());
        file.write_all(b"more").unwrap();
        assert!(!same(&before, &file).unwrap());
        let before = file.metadata().unwrap();
        file.set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        assert!(!same(&before, &file).unwrap());
    }
}
