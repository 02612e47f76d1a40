//! macOS: the keychain. Windows: the credential manager.

use keyring::{Entry, Error};

use super::StoreError;

/// What the entries are called there.
const SERVICE: &str = "dev.tidings.desktop";

pub(super) async fn read(id: &str) -> Result<Option<String>, StoreError> {
    with(id, |entry| match entry.get_password() {
        Ok(secret) => Ok(Some(secret)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    })
    .await
}

pub(super) async fn keep(id: &str, _name: &str, secret: &str) -> Result<(), StoreError> {
    let secret = secret.to_owned();
    with(id, move |entry| entry.set_password(&secret)).await
}

pub(super) async fn remove(id: &str) -> Result<(), StoreError> {
    with(id, |entry| match entry.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(error),
    })
    .await
}

/// The system may ask the person, and waits for an answer.
async fn with<T: Send + 'static>(
    id: &str,
    work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
) -> Result<T, StoreError> {
    let id = id.to_owned();
    let done = tokio::task::spawn_blocking(move || work(Entry::new(SERVICE, &id)?));
    match done.await {
        Ok(Ok(value)) => Ok(value),
        // What was read and is no text is a secret all the same.
        Ok(Err(Error::BadEncoding(_))) => Err(StoreError("what is kept is no text".to_owned())),
        Ok(Err(error)) => Err(StoreError(error.to_string())),
        Err(error) => Err(StoreError(error.to_string())),
    }
}
