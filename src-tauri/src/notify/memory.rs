//! Where it is kept what was told: a file for each server and user.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::told::Mark;
use crate::file;

/// Content of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    server: String,
    user: String,
    #[serde(flatten)]
    mark: Mark,
}

/// The file of one user of one server.
#[derive(Debug)]
pub(super) struct Memory {
    path: PathBuf,
    server: String,
    user: String,
}

impl Memory {
    /// That of `user` of `server` in a folder.
    pub(super) fn new(folder: &Path, server: &str, user: &str) -> Self {
        let digest = Sha256::digest(format!("{server}\n{user}"));
        let name: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let path = folder.join(format!("{name}.json"));
        Self { path, server: server.to_owned(), user: user.to_owned() }
    }

    /// What was kept. A file that cannot be read is as none: nothing that is there by then is told.
    pub(super) fn read(&self) -> Option<Mark> {
        let content = match std::fs::read(&self.path) {
            Ok(content) => content,
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!("{} cannot be read: {error}", self.path.display());
                }
                return None;
            }
        };
        match serde_json::from_slice::<Kept>(&content) {
            Ok(kept) => (kept.server == self.server && kept.user == self.user).then_some(kept.mark),
            Err(error) => {
                tracing::warn!("{} is not what was written: {error}", self.path.display());
                None
            }
        }
    }

    /// Keeps a mark.
    pub(super) fn write(&self, mark: Mark) -> io::Result<()> {
        let (server, user) = (self.server.clone(), self.user.clone());
        file::replace(&self.path, &serde_json::to_vec(&Kept { server, user, mark })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_user_of_each_server_has_a_mark_that_is_read_as_it_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let memory = |server, user| Memory::new(folder.path(), server, user);
        let mark = Mark { version: 7, at: 9, quiet_since: Some(3) };
        memory("a", "u").write(mark).unwrap();
        assert_eq!(memory("a", "u").read(), Some(mark));
        assert_eq!(memory("b", "u").read(), None);
        assert_eq!(memory("a", "v").read(), None);
    }

    #[test]
    fn a_broken_file_is_as_none() {
        let folder = tempfile::tempdir().unwrap();
        let memory = Memory::new(folder.path(), "a", "u");
        std::fs::write(&memory.path, "{").unwrap();
        assert_eq!(memory.read(), None);
    }
}
