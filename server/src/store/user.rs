//! A user as it is kept.

use tidings_protocol::api::Role;

/// A user as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// Never changes.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// The name as it is compared.
    pub folded: String,
    /// What they may do.
    pub role: Role,
    /// What their password is checked by; null if they have none.
    pub password: Option<PasswordHash>,
    /// When they were added, in ms since the epoch.
    pub created_at: u64,
}

/// A password's Argon2 hash with salt and parameters, as a PHC string. Not shown: it can be guessed at.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// The string itself; take care where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for PasswordHash {
    fn from(phc: String) -> Self {
        Self(phc)
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}
