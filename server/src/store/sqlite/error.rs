//! What SQLite's errors mean.

use std::path::Path;

use sqlx::migrate::MigrateError;

use super::StoreError;

// Primary result codes. Source: https://www.sqlite.org/rescode.html
const ERROR: u32 = 1;
const BUSY: u32 = 5;
const LOCKED: u32 = 6;
const CORRUPT: u32 = 11;
const FULL: u32 = 13;
const CANNOT_OPEN: u32 = 14;
const NO_DATABASE: u32 = 26;

/// An error of SQLite's own.
pub(in crate::store) fn meaning(error: sqlx::Error) -> StoreError {
    match primary_code(&error) {
        Some(BUSY | LOCKED) => StoreError::Busy,
        Some(FULL) => StoreError::Full,
        Some(CORRUPT | NO_DATABASE) => StoreError::Damaged(error.into()),
        _ => StoreError::Database(error.into()),
    }
}

/// An error on opening `path`.
pub(super) fn of_open(error: sqlx::Error, path: &Path) -> StoreError {
    match primary_code(&error) {
        Some(NO_DATABASE) => StoreError::NoDatabase(path.to_owned()),
        Some(CANNOT_OPEN) => {
            StoreError::Unusable { path: path.to_owned(), source: std::io::Error::other(error) }
        }
        _ => error.into(),
    }
}

/// An error on bringing the tables of `path` up to date.
pub(super) fn of_migration(error: MigrateError, path: &Path) -> StoreError {
    match error {
        MigrateError::VersionMissing(_) | MigrateError::VersionMismatch(_) => {
            StoreError::Newer(path.to_owned())
        }
        MigrateError::Execute(error) => of_open(error, path),
        // Tables of the same names: a database, but of something else.
        MigrateError::ExecuteMigration(error, _) if primary_code(&error) == Some(ERROR) => {
            StoreError::NoDatabase(path.to_owned())
        }
        MigrateError::ExecuteMigration(error, _) => of_open(error, path),
        error => StoreError::Database(error.into()),
    }
}

fn primary_code(error: &sqlx::Error) -> Option<u32> {
    let code: u32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}
