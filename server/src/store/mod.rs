//! What outlives the process. Everything else holds an `Arc<dyn Store>` and knows no database.
//!
//! - [`AlertStore`]: rules of alerts, and how they stand.
//! - [`JobStore`]: jobs, and which server has each.
//! - [`JournalStore`]: the hub's history.
//! - [`MetricStore`]: what each metric was in each minute.
//! - [`NotificationStore`]: notifications, what is unread, and what is to be announced.
//! - [`PeopleStore`]: users, tokens and sessions.
//! - [`SqliteStore`]: a file in the data folder, without any configuration.
//! - [`PostgresStore`]: a database of a Postgres server, found by its URL.
//! - [`StoreError`]: what can go wrong, whatever the backend.
//!
//! Rows and SQL are private to a backend. `suite.rs` holds one set of tests that each backend must pass.

mod alert;
mod error;
mod figures;
mod found;
mod inbox;
mod job;
mod journal;
mod metric;
mod notification;
mod number;
mod open;
mod people;
mod postgres;
mod session_row;
mod sqlite;
#[cfg(test)]
mod suite;
mod token;
mod user;

use futures_util::future::BoxFuture;
use sqlx::postgres::PgDatabaseError;

pub use alert::{AlertRuleRow, AlertStateRow, AlertStore, Saved, Speaks};
pub use error::StoreError;
pub use job::{JobBounds, JobLeft, JobQuery, JobRow, JobStore, LEAP, Renewed};
pub use journal::{
    JournalBoundary, JournalCut, JournalMeta, JournalRow, JournalStore, JournalTopic, PageLimits,
    Retain,
};
pub(crate) use metric::MINUTE_MS;
pub use metric::{Figure, MetricStore, MinuteFigures, MinuteRow};
pub use notification::{
    Change, Changed, InboxBounds, InboxChange, InboxPage, InboxQuery, InboxState, NotificationRow,
    NotificationStore, Posting,
};
pub(crate) use open::open;
pub use people::{MayKeep, People, PeopleChange, PeopleStore, Refused};
pub use postgres::{Claim, PostgresStore};
pub use session_row::SessionRow;
pub use sqlite::{FILE_NAME, SqliteStore};
pub use token::TokenRow;
pub use user::{PasswordHash, UserRow};

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        let postgres = |error: &E| {
            let error = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
            Some(postgres::meaning(error.code()))
        };
        match error {
            E::PoolClosed | E::WorkerCrashed => Self::Closed,
            E::PoolTimedOut => Self::Busy,
            // A file has no connection to lose.
            E::Io(error) => Self::Lost(error.into()),
            error @ (E::Tls(_) | E::Protocol(_)) => Self::Lost(error.into()),
            error => postgres(&error).unwrap_or(sqlite::meaning)(error),
        }
    }
}

/// Everything that is kept, in one database.
pub trait Store:
    AlertStore + JobStore + JournalStore + MetricStore + NotificationStore + PeopleStore
{
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
