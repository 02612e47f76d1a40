//! Users: who they are, what they are called, and what they may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::users::MAX_NAME_CHARS;

/// What a user may do; each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Reads and publishes.
    Publisher,
    /// Everything, administration included.
    Admin,
}

impl Role {
    /// As JSON and command lines write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Publisher => "publisher",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Text that is no role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidRole;

impl fmt::Display for InvalidRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a role is viewer, publisher or admin")
    }
}

impl std::error::Error for InvalidRole {}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let all = [Self::Viewer, Self::Publisher, Self::Admin];
        all.into_iter().find(|role| role.as_str() == text).ok_or(InvalidRole)
    }
}

/// A user as others see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// Never changes, and is never another's.
    pub id: String,
    /// What people call them.
    pub name: String,
    /// What they may do.
    pub role: Role,
}

/// A user after a change; answer of `PATCH` [`path::USER`](super::path::USER).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserAfter {
    /// What became of the user.
    #[serde(flatten)]
    pub user: User,
    /// How many of the user's tokens were revoked, since the new role may not have them. None by a server that is
    /// older.
    #[serde(default)]
    pub revoked_tokens: usize,
}

/// Name of a user: 1 to [`MAX_NAME_CHARS`] characters that can be seen, and spaces between them; no `/`. Two names
/// that differ in case alone are [the same](Self::folded).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserName(String);

/// Text that is no name of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvalidName {
    /// Nothing but white space.
    Empty,
    /// More than [`MAX_NAME_CHARS`] characters.
    TooLong,
    /// A character that cannot be seen, or `/`.
    Character(char),
}

impl UserName {
    /// The name as it is shown.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form by which names are compared.
    #[must_use]
    pub fn folded(&self) -> String {
        Self::fold(&self.0)
    }

    /// The form by which any text is compared with names.
    #[must_use]
    pub fn fold(text: &str) -> String {
        // Up and down again: some letters that are one without case have two small forms.
        text.trim().to_uppercase().to_lowercase()
    }
}

impl FromStr for UserName {
    type Err = InvalidName;

    /// Reads a name, without white space around it.
    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let text = text.trim();
        if text.is_empty() {
            return Err(InvalidName::Empty);
        }
        if let Some(c) = text.chars().find(|&c| c == '/' || is_unseen(c)) {
            return Err(InvalidName::Character(c));
        }
        if text.chars().count() > MAX_NAME_CHARS {
            return Err(InvalidName::TooLong);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Controls, white space but the plain one, and what changes nothing but the order or the look of others.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(
            u32::from(c),
            0x00ad
                | 0x034f
                | 0x061c
                | 0x115f..=0x1160
                | 0x17b4..=0x17b5
                | 0x180b..=0x180f
                | 0x200b..=0x200f
                | 0x202a..=0x202e
                | 0x2060..=0x206f
                | 0x3164
                | 0xe000..=0xf8ff
                | 0xfe00..=0xfe0f
                | 0xfeff
                | 0xffa0
                | 0xfff0..=0xffff
                | 0xe0000..=0xe0fff
        )
}

impl fmt::Display for InvalidName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("a user has a name"),
            Self::TooLong => write!(f, "a name has at most {MAX_NAME_CHARS} characters"),
            Self::Character('/') => f.write_str("a name has no /"),
            Self::Character(c) => write!(f, "{c:?} cannot stand in a name"),
        }
    }
}

impl std::error::Error for InvalidName {}

/// A password on its way; it shows itself in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(String);

impl Password {
    /// The text itself; take care where it goes.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Password {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

/// Body of `POST` [`path::USERS`](super::path::USERS).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewUser {
    /// What people call them; see [`UserName`].
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// What they sign in with; without it they have tokens alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
}

/// Body of `PATCH` [`path::USER`](super::path::USER): what is to change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangedUser {
    /// A new name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A new role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// A new password; all other sessions of the user end with the old one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<Password>,
    /// The password so far, which whoever is signed in must know to change the own one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_password: Option<Password>,
}
