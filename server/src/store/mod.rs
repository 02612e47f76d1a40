//! What outlives the process. Everything else holds an `Arc<dyn Store>` and knows no database.
//!
//! - [`JournalStore`]: the hub's history.
//! - [`TokenStore`]: tokens, by their digests.
//! - [`SqliteStore`]: the one backend so far, a file in the data folder.
//! - [`StoreError`]: what can go wrong, whatever the backend.
//!
//! Rows and SQL are private to a backend. `suite.rs` holds one set of tests that each backend must pass.

mod error;
mod journal;
mod sqlite;
#[cfg(test)]
mod suite;
mod token;

use futures_util::future::BoxFuture;

pub use error::StoreError;
pub use journal::{
    JournalBoundary, JournalCut, JournalMeta, JournalRow, JournalStore, JournalTopic, PageLimits,
    Retain,
};
pub use sqlite::{FILE_NAME, SqliteStore};
pub use token::{TokenRow, TokenStore};

/// Everything that is kept, in one database.
pub trait Store: JournalStore + TokenStore + std::fmt::Debug + Send + Sync + 'static {
    /// Answers if the database does.
    ///
    /// # Errors
    ///
    /// If it does not.
    fn check(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Writes about as much as a large event is, and takes it away again: whether there is room.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    fn probe(&self) -> BoxFuture<'_, Result<(), StoreError>>;

    /// Ends all work and lets go of the database; what comes later fails with [`StoreError::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}
