//! Who a request comes from. Closed by default: without a token or a session there is no stream.
//!
//! - [`Secret`]: a token, never shown.
//! - [`codes`]: one-time codes of sign-in links.
//! - [`sessions`]: browsers that are signed in.
//! - [`guards`]: what runs before a route: host, origin, and [`guards::SignedIn`].

pub mod codes;
pub mod grants;
pub mod guards;
pub mod secret;
pub mod sessions;

use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidings_protocol::api::{OWNER_TOKEN_FILE, Role, User};

pub use secret::Secret;

use codes::Codes;
use sessions::Sessions;

/// Everything that decides who somebody is.
#[derive(Debug)]
pub struct Auth {
    owner: User,
    owner_token: Digested,
    /// Codes that can still be exchanged for a session.
    pub codes: Codes,
    /// Browsers that are signed in.
    pub sessions: Sessions,
}

/// SHA-256 of a secret: what is kept and compared instead of the secret itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digested([u8; 32]);

impl Auth {
    /// Opens the data directory's token and sessions, making the token where there is none.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn open(data_dir: &Path) -> io::Result<Self> {
        let token = secret::load_or_create(&data_dir.join(OWNER_TOKEN_FILE))?;
        Ok(Self::new(&token, Sessions::open(data_dir)?))
    }

    /// Keeps everything in memory and knows one token.
    #[must_use]
    pub fn in_memory(token: &Secret) -> Self {
        Self::new(token, Sessions::in_memory())
    }

    fn new(token: &Secret, sessions: Sessions) -> Self {
        Self {
            owner: User { id: "owner".to_owned(), name: "owner".to_owned(), role: Role::Admin },
            owner_token: Digested::of(token.expose()),
            codes: Codes::default(),
            sessions,
        }
    }

    /// The user whose token this is.
    #[must_use]
    pub fn user_of_token(&self, token: &str) -> Option<&User> {
        Digested::of(token).matches(self.owner_token).then_some(&self.owner)
    }

    /// The user who is signed in with this session.
    #[must_use]
    pub fn user_of_session(&self, session: &str) -> Option<&User> {
        self.sessions.is_valid(Digested::of(session)).then_some(&self.owner)
    }

    /// Spends a one-time code.
    #[must_use]
    pub fn user_of_code(&self, code: &str) -> Option<&User> {
        self.codes.spend(Digested::of(code)).then_some(&self.owner)
    }
}

impl Digested {
    /// Digests `secret`.
    #[must_use]
    pub fn of(secret: &str) -> Self {
        Self(Sha256::digest(secret.as_bytes()).into())
    }

    /// Compares without telling by its time where two digests differ.
    #[must_use]
    pub fn matches(self, other: Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }

    /// Lowercase hex.
    #[must_use]
    pub fn to_hex(self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Reads [`to_hex`](Self::to_hex) back.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (byte, index) in bytes.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(&text[index..index + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl std::fmt::Debug for Digested {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Digested(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_owners_token_names_the_owner() {
        let auth = Auth::in_memory(&Secret::from("right".to_owned()));
        assert_eq!(auth.user_of_token("right").map(|user| user.role), Some(Role::Admin));
        for wrong in ["", "righ", "rightt", "wrong"] {
            assert!(auth.user_of_token(wrong).is_none(), "{wrong:?}");
        }
    }

    #[test]
    fn a_digest_survives_its_hex() {
        let digest = Digested::of("x");
        assert_eq!(Digested::from_hex(&digest.to_hex()), Some(digest));
        assert_eq!(Digested::from_hex("abc"), None);
        assert_eq!(Digested::from_hex(&"ä".repeat(32)), None);
    }
}
