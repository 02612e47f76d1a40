//! Where the tokens of remote servers lie: in the system's store of secrets, or in a file for nobody else to read.

#[cfg(any(windows, target_os = "macos"))]
#[path = "secret/elsewhere.rs"]
mod platform;
#[cfg(not(any(windows, target_os = "macos")))]
#[path = "secret/freedesktop.rs"]
mod platform;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::file;

/// Longest the system's store may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Longest a person may take to open it.
const PERSON_PATIENCE: Duration = Duration::from_secs(120);

/// Whom the system's store may ask to be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asks {
    /// Nobody: the app does it by itself.
    Nobody,
    /// Whoever sits there and has just asked for what the token is for.
    Person,
}

/// Where a token lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Place {
    /// In the system's store.
    Store,
    /// In the app's file.
    File,
}

/// Why the system's store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(super) enum StoreError {
    /// Nobody was to be asked to open it, or nobody did.
    #[error("it is locked")]
    Locked,
    /// Its words, never a secret.
    #[error("{0}")]
    Other(String),
}

/// Why a token cannot be had, kept or removed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SecretError {
    /// The system's store does not give or take it.
    #[error("the system's store of secrets does not do it: {0}")]
    Store(#[from] StoreError),
    /// The file cannot be read or written.
    #[error("{0}")]
    File(#[from] io::Error),
    /// It is not where it was kept.
    #[error("the token is gone from where it was kept")]
    Gone,
}

impl SecretError {
    /// Whether it is only that nobody opened the store.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self, Self::Store(StoreError::Locked))
    }
}

/// The tokens, by ids.
#[derive(Debug)]
pub(super) struct Secrets {
    /// Held by whoever changes it.
    file: Mutex<PathBuf>,
    /// Whether the system's store is asked at all.
    has_store: bool,
}

impl Secrets {
    /// With this file for what the system's store does not take.
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file: Mutex::new(file), has_store: true }
    }

    /// As [`new`](Self::new), on a system that has no store.
    #[cfg(test)]
    pub(super) fn without_store(file: PathBuf) -> Self {
        Self { file: Mutex::new(file), has_store: false }
    }

    /// The token of that id, from where it was kept.
    pub(super) async fn read(
        &self,
        id: &str,
        place: Place,
        asks: Asks,
    ) -> Result<String, SecretError> {
        let secret = match place {
            Place::Store => platform::read(id, asks).await?,
            Place::File => {
                let file = self.file.lock().await;
                file::read_private::<BTreeMap<String, String>>(&file)?.remove(id)
            }
        };
        secret.ok_or(SecretError::Gone)
    }

    /// Keeps one by an id that no other has, and says where it lies. The file takes what the store does not; but not what a person
    /// who was asked could still have in the store.
    pub(super) async fn keep(
        &self,
        id: &str,
        name: &str,
        secret: &str,
        asks: Asks,
    ) -> Result<Place, SecretError> {
        if self.has_store {
            match platform::keep(id, name, secret, asks).await {
                Ok(()) => return Ok(Place::Store),
                Err(StoreError::Locked) if asks == Asks::Person => {
                    return Err(StoreError::Locked.into());
                }
                Err(error) => tracing::warn!("a token is kept in a file: {error}"),
            }
        }
        let (id, secret) = (id.to_owned(), secret.to_owned());
        self.change_file(|secrets| secrets.insert(id, secret.clone()) != Some(secret)).await?;
        Ok(Place::File)
    }

    /// Removes it from where it was kept.
    pub(super) async fn remove(
        &self,
        id: &str,
        place: Place,
        asks: Asks,
    ) -> Result<(), SecretError> {
        match place {
            Place::Store => Ok(platform::remove(id, asks).await?),
            Place::File => Ok(self.change_file(|secrets| secrets.remove(id).is_some()).await?),
        }
    }

    /// By what a person finds it there.
    pub(super) async fn called(&self, id: &str, name: &str, place: Place) -> String {
        match place {
            Place::Store => platform::called(id, name),
            Place::File => self.file.lock().await.display().to_string(),
        }
    }

    /// Changes what is in the file; one that has nothing left goes.
    async fn change_file(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> bool,
    ) -> io::Result<()> {
        let file = self.file.lock().await;
        let mut secrets: BTreeMap<String, String> = file::read_private(&file)?;
        if !change(&mut secrets) {
            return Ok(());
        }
        if secrets.is_empty() {
            return std::fs::remove_file(&*file);
        }
        file::replace_private(&file, &serde_json::to_vec(&secrets)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn without_a_store_a_token_lies_in_a_file_that_goes_with_the_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("below").join("tokens.json");
        let secrets = Secrets::without_store(path.clone());
        assert_eq!(secrets.keep("a", "Hub", "one", Asks::Nobody).await.unwrap(), Place::File);
        assert_eq!(secrets.keep("b", "Lab", "two", Asks::Nobody).await.unwrap(), Place::File);
        assert_eq!(secrets.keep("a", "Hub", "three", Asks::Nobody).await.unwrap(), Place::File);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        assert_eq!(secrets.read("a", Place::File, Asks::Nobody).await.unwrap(), "three");
        secrets.remove("a", Place::File, Asks::Nobody).await.unwrap();
        assert!(matches!(
            secrets.read("a", Place::File, Asks::Nobody).await,
            Err(SecretError::Gone)
        ));
        assert_eq!(secrets.read("b", Place::File, Asks::Nobody).await.unwrap(), "two");
        secrets.remove("b", Place::File, Asks::Nobody).await.unwrap();
        assert_eq!(std::fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }

    #[test]
    fn nothing_of_it_shows_a_token() {
        let error = SecretError::from(StoreError::Locked);
        assert!(error.is_locked());
        assert_eq!(error.to_string(), "the system's store of secrets does not do it: it is locked");
    }
}
