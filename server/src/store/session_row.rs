//! A session as it is kept.

/// A browser that is signed in, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    /// SHA-256 of what the cookie holds, in hex.
    pub digest: String,
    /// Who is signed in.
    pub user_id: String,
    /// When it began, in ms since the epoch.
    pub created_at: u64,
    /// When it ends by itself, in ms since the epoch.
    pub expires_at: u64,
}
