//! The list of remote servers, in a file. Their tokens lie elsewhere.

use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use url::Url;

use super::secret::Place;
use crate::file;

/// Most servers of a list.
pub(super) const MOST: usize = 32;

/// What this release writes, and the newest that it reads.
const VERSION: u32 = 1;

/// A remote server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) id: String,
    /// What its user calls it.
    pub(super) name: String,
    /// Where it is.
    pub(super) url: Url,
    /// Fingerprint of the one key that will do, where somebody has compared it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) key: Option<String>,
    /// Where its token lies.
    pub(super) token: Place,
    /// By this the token is found there; by the server's, where it never had another. A token that is kept later has an id of its own,
    /// so that the one before it is what this file goes by until it goes by the other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) token_id: Option<String>,
}

impl Entry {
    /// By this its token is found.
    pub(super) fn token_id(&self) -> &str {
        self.token_id.as_deref().unwrap_or(&self.id)
    }
}

/// Content of the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    version: u32,
    /// Which one was looked at last; null of this computer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) chosen: Option<String>,
    #[serde(default)]
    pub(super) servers: Vec<Entry>,
}

impl Default for Kept {
    fn default() -> Self {
        Self { version: VERSION, chosen: None, servers: Vec::new() }
    }
}

/// The list and its file.
#[derive(Debug)]
pub(super) struct List {
    path: PathBuf,
    kept: Mutex<Kept>,
    /// Why the file is not to be written: it holds what this release cannot read.
    unreadable: Option<String>,
}

impl List {
    /// What the file holds. One that cannot be read is left as it is, and the list cannot be changed.
    pub(super) fn read(path: PathBuf) -> Self {
        let read = file::read_private::<Kept>(&path).and_then(|kept| {
            if kept.version == VERSION {
                Ok(kept)
            } else {
                let newer = format!("{} is of a newer release", path.display());
                Err(io::Error::other(newer))
            }
        });
        let (mut kept, unreadable) = match read {
            Ok(kept) => (kept, None),
            Err(error) => {
                tracing::warn!("the list of servers is not used: {error}");
                (Kept::default(), Some(error.to_string()))
            }
        };
        kept.servers.truncate(MOST);
        Self { path, kept: Mutex::new(kept), unreadable }
    }

    pub(super) fn get(&self) -> Kept {
        self.lock().clone()
    }

    /// The server of that id.
    pub(super) fn entry(&self, id: &str) -> Option<Entry> {
        self.lock().servers.iter().find(|entry| entry.id == id).cloned()
    }

    /// Changes it, at once and for the next start.
    ///
    /// # Errors
    ///
    /// If it cannot be kept; nothing changes then.
    pub(super) fn change(&self, change: impl FnOnce(&mut Kept)) -> io::Result<()> {
        if let Some(why) = &self.unreadable {
            return Err(io::Error::other(why.clone()));
        }
        let mut kept = self.lock();
        let mut changed = kept.clone();
        change(&mut changed);
        if changed != *kept {
            file::replace_private(&self.path, &serde_json::to_vec_pretty(&changed)?)?;
            *kept = changed;
        }
        Ok(())
    }

    /// Nobody panics while holding it, and if somebody did, the list is still whole.
    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str) -> Entry {
        let url = format!("https://{id}.example/").parse().unwrap();
        Entry {
            id: id.to_owned(),
            name: id.to_uppercase(),
            url,
            key: None,
            token: Place::Store,
            token_id: None,
        }
    }

    #[test]
    fn what_was_added_and_chosen_is_there_after_a_restart_for_nobody_else_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.json");
        let list = List::read(path.clone());
        assert_eq!(list.get(), Kept::default());
        list.change(|kept| {
            kept.servers.push(entry("hub"));
            kept.chosen = Some("hub".to_owned());
        })
        .unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let again = List::read(path);
        assert_eq!(again.get(), list.get());
        assert_eq!(again.entry("hub"), Some(entry("hub")));
        assert_eq!(again.entry("lab"), None);
    }

    #[test]
    fn a_token_is_found_by_its_servers_id_until_it_has_another() {
        let before = r#"{"id":"a","name":"A","url":"https://a.example/","token":"file"}"#;
        let before: Entry = serde_json::from_str(before).unwrap();
        assert_eq!(before.token_id(), "a");
        assert_eq!(Entry { token_id: Some("b".to_owned()), ..before }.token_id(), "b");
    }

    #[test]
    fn a_list_that_cannot_be_read_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("servers.json");
        for text in ["{", r#"{"version":2,"servers":[],"more":1}"#] {
            std::fs::write(&path, text).unwrap();
            let list = List::read(path.clone());
            assert_eq!(list.get(), Kept::default());
            assert!(list.change(|kept| kept.servers.push(entry("hub"))).is_err());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
