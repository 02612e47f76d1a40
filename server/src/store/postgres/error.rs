//! What Postgres' errors mean.

use std::io;
use std::time::Duration;

use sqlx::migrate::MigrateError;

use crate::store::StoreError;

/// What an error of this SQLSTATE is. Source: https://www.postgresql.org/docs/current/errcodes-appendix.html
pub(in crate::store) fn meaning(code: &str) -> fn(sqlx::Error) -> StoreError {
    match code {
        // A lock that was not to be had in time, a deadlock, a serialization failure, a statement that took too long.
        "55P03" | "40P01" | "40001" | "57014" => |_| StoreError::Busy,
        "53100" => |_| StoreError::Full,
        "XX001" | "XX002" => |error| StoreError::Damaged(error.into()),
        // Shut down, crashed beside us, or not yet started.
        "57P01" | "57P02" | "57P03" | "57P04" | "57P05" => |error| StoreError::Lost(error.into()),
        code if code.starts_with("08") => |error| StoreError::Lost(error.into()),
        // It has become a replica, or we were sent to one; another connection may find the primary.
        "25006" => |error| StoreError::Unreachable(error.into()),
        _ => |error| StoreError::Database(error.into()),
    }
}

/// Gives `work` so much time; past it, nobody knows how far it came.
pub(super) async fn within<T>(
    limit: Duration,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let timed_out = |_| StoreError::Lost(io::Error::from(io::ErrorKind::TimedOut).into());
    tokio::time::timeout(limit, work).await.map_err(timed_out)?
}

/// An error before anything was asked for.
pub(super) fn of_connecting(error: StoreError) -> StoreError {
    match error {
        StoreError::Lost(cause) | StoreError::Database(cause) => StoreError::Unreachable(cause),
        error => error,
    }
}

/// An error on opening `database`.
pub(super) fn of_open(error: StoreError, database: &str) -> StoreError {
    match error {
        StoreError::Unreachable(source)
        | StoreError::Lost(source)
        | StoreError::Database(source) => {
            StoreError::Unopened { database: database.to_owned(), source }
        }
        error => error,
    }
}

/// An error on bringing the tables of `database` up to date.
pub(super) fn of_migration(error: MigrateError, database: &str) -> StoreError {
    let unsuitable = |reason| StoreError::Unsuitable { database: database.to_owned(), reason };
    let is_there = |error: &sqlx::Error| {
        // A table, or another relation, of the same name.
        error.as_database_error().is_some_and(|error| error.code().as_deref() == Some("42P07"))
    };
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => unsuitable(
            "its tables are of another, newer Tidings or of something else; start that, or name another database",
        ),
        MigrateError::ExecuteMigration(error, _) if is_there(&error) => {
            unsuitable("it has tables of something else; name a database of its own")
        }
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => {
            of_open(error.into(), database)
        }
        error => StoreError::Database(error.into()),
    }
}

impl StoreError {
    /// Whether the connection it came from is of no more use.
    pub(super) fn ends_connection(&self) -> bool {
        matches!(self, Self::Lost(_) | Self::Unreachable(_) | Self::Damaged(_))
    }
}
