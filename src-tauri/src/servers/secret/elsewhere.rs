//! macOS: the keychain. Windows: the credential manager.

use keyring::{Entry, Error};

use super::{Asks, PATIENCE, PERSON_PATIENCE, StoreError};

/// What the entries are called there.
const SERVICE: &str = "dev.tidings.desktop";

/// By what a person finds an entry there.
pub(super) fn called(id: &str, _name: &str) -> String {
    if cfg!(windows) { format!("{id}.{SERVICE}") } else { format!("{SERVICE}, {id}") }
}

pub(super) async fn read(id: &str, asks: Asks) -> Result<Option<String>, StoreError> {
    with(id, asks, |entry| match entry.get_password() {
        Ok(secret) => Ok(Some(secret)),
        Err(Error::NoEntry) => Ok(None),
        Err(error) => Err(error),
    })
    .await
}

pub(super) async fn keep(
    id: &str,
    _name: &str,
    secret: &str,
    asks: Asks,
) -> Result<(), StoreError> {
    let secret = secret.to_owned();
    with(id, asks, move |entry| entry.set_password(&secret)).await
}

pub(super) async fn remove(id: &str, asks: Asks) -> Result<(), StoreError> {
    with(id, asks, |entry| match entry.delete_credential() {
        Ok(()) | Err(Error::NoEntry) => Ok(()),
        Err(error) => Err(error),
    })
    .await
}

/// The system may ask the person, and waits for an answer, which the app does not where it does this by itself.
async fn with<T: Send + 'static>(
    id: &str,
    asks: Asks,
    work: impl FnOnce(Entry) -> Result<T, Error> + Send + 'static,
) -> Result<T, StoreError> {
    let id = id.to_owned();
    let done = tokio::task::spawn_blocking(move || work(Entry::new(SERVICE, &id)?));
    let patience = match asks {
        Asks::Nobody => PATIENCE,
        Asks::Person => PERSON_PATIENCE,
    };
    match tokio::time::timeout(patience, done).await {
        Err(_) if asks == Asks::Person => Err(StoreError::Locked),
        Err(_) => Err(StoreError::Other(format!("no answer within {patience:?}"))),
        Ok(Ok(Ok(value))) => Ok(value),
        // What was read and is no text is a secret all the same.
        Ok(Ok(Err(Error::BadEncoding(_)))) => {
            Err(StoreError::Other("what is kept is no text".to_owned()))
        }
        Ok(Ok(Err(error))) => Err(StoreError::Other(error.to_string())),
        Ok(Err(error)) => Err(StoreError::Other(error.to_string())),
    }
}
