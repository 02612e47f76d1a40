//! A token as it is kept.

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
