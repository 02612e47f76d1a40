//! What can go wrong with a database, whichever it is.

use std::path::PathBuf;

/// Source of a [`StoreError`], for the log.
type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why something could not be stored or read back, and what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be made or reached.
    #[error("cannot use {path}")]
    Unusable {
        /// The database file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is something else.
    #[error("{0} is no database of Tidings; move it away, and the next start makes a new one")]
    NoDatabase(PathBuf),
    /// The file was written by a later release.
    #[error(
        "{0} was written by another, newer Tidings; start that, or move the file away to begin anew"
    )]
    Newer(PathBuf),
    /// There is no room.
    #[error("the disk is full; make room, and what is sent from then on is stored")]
    Full,
    /// Another program keeps the database from being written.
    #[error("another program has locked the database; end it, or wait until it is done")]
    Busy,
    /// The content does not hold together.
    #[error("the database is damaged; stop the server, restore a copy or move the file away")]
    Damaged(#[source] Cause),
    /// The database server cannot be used at the start.
    #[error("cannot use {database}")]
    Unopened {
        /// Name, user and address of the database; no password.
        database: String,
        /// What it says, or the system.
        source: Cause,
    },
    /// The database is not one that can be written to, or not one of ours.
    #[error("cannot use {database}: {reason}")]
    Unsuitable {
        /// Name, user and address of the database; no password.
        database: String,
        /// Why, and what to do about it.
        reason: &'static str,
    },
    /// Another server has the database.
    #[error("another server uses this database; end it, or give each server a database of its own")]
    Taken,
    /// The database server does not answer. Nothing was changed.
    #[error("the database does not answer; what is sent once it does is stored")]
    Unreachable(#[source] Cause),
    /// The database server went away before it had answered.
    #[error("the connection to the database was lost; what was being written may be there or not")]
    Lost(#[source] Cause),
    /// The database is not as this server left it.
    #[error(
        "another server has used the database, or it has lost what it had stored; start this server anew"
    )]
    Diverged,
    /// The store was closed.
    #[error("the server is shutting down; send it again once it is back")]
    Closed,
    /// Anything else.
    #[error("the database failed; its reason is in the server's log")]
    Database(#[source] Cause),
}

impl StoreError {
    /// Whether what is stored is there all the same, and may be read later.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self,
            Self::Busy
                | Self::Taken
                | Self::Unreachable(_)
                | Self::Lost(_)
                | Self::Diverged
                | Self::Closed
        )
    }
}

impl From<tokio::task::JoinError> for StoreError {
    /// A change that was to run to its end, and did not. One that panicked may have been committed before; any other ends
    /// with its runtime, and nobody is answered.
    fn from(ended: tokio::task::JoinError) -> Self {
        if ended.is_panic() { Self::Lost(ended.into()) } else { Self::Closed }
    }
}
