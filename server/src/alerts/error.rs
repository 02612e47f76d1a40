//! What can be wrong with a change of the rules.

use tidings_protocol::alert::MAX_RULES;

use crate::store::StoreError;

/// Why a rule was not found, made, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum AlertError {
    /// There is no rule of this id.
    #[error("there is no alert with this id")]
    NoSuch,
    /// It cannot be changed by a request.
    #[error("this alert stands in the configuration of the server; change it there")]
    Configured,
    /// It is no rule.
    #[error("{0}")]
    Invalid(String),
    /// It is for somebody there is not.
    #[error("there is no user {0:?}")]
    NoSuchUser(String),
    /// Another has its name.
    #[error("there is another alert of this name")]
    NameTaken,
    /// There are as many as there may be.
    #[error("there are {MAX_RULES} alerts, which is the most; remove one that is not used")]
    TooMany,
    /// There is nowhere to keep rules.
    #[error(
        "this server keeps nothing on disk and has no alerts but those of its configuration; `tidings \
         serve` has them"
    )]
    NoStore,
    /// It cannot be written down.
    #[error("the alert cannot be kept")]
    Unwritable(#[source] serde_json::Error),
    /// A newer server wrote it.
    #[error("another, newer Tidings wrote this alert; change it there")]
    Unreadable(#[source] serde_json::Error),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
