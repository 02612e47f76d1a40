//! What tokens need of a database.

use futures_util::future::BoxFuture;

use super::StoreError;

/// A token as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// Never changes.
    pub id: String,
    /// What people call it.
    pub name: String,
    /// The user it acts for.
    pub user_id: String,
    /// SHA-256 of the secret, in hex.
    pub digest: String,
    /// What it may do; without white space.
    pub scopes: Vec<String>,
    /// When it was made, in ms since the epoch.
    pub created_at: u64,
    /// When it expires, in ms since the epoch; null if never.
    pub expires_at: Option<u64>,
}

/// The tokens.
pub trait TokenStore {
    /// The tokens that are neither revoked nor expired at `now`, the oldest first.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn tokens(&self, now: u64) -> BoxFuture<'_, Result<Vec<TokenRow>, StoreError>>;

    /// Adds a token, and forgets those that were revoked or expired before `forget`. Returns once that is on
    /// the disk.
    ///
    /// # Errors
    ///
    /// If the database fails, or there is one with the same id or digest; nothing changes then.
    fn add_token<'a>(
        &'a self,
        token: &'a TokenRow,
        forget: u64,
    ) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Revokes a token as of `at`, and says whether there was one to revoke. Returns once that is on the disk.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn revoke_token<'a>(&'a self, id: &'a str, at: u64) -> BoxFuture<'a, Result<bool, StoreError>>;
}
