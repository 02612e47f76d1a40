//! Who a request comes from. Closed by default: without a token or a session there is no stream.
//!
//! - [`Secret`]: a token, never shown.
//! - [`codes`]: one-time codes of sign-in links.
//! - [`sessions`]: browsers that are signed in.
//! - [`tokens`]: tokens of limited scope.
//! - [`Caller`]: who sends a request, and by what; [`grants`] says what it may.
//! - [`guards`]: what runs before a route: host and origin, and the extractors of callers.

mod caller;
pub mod codes;
pub mod grants;
pub mod guards;
pub mod secret;
pub mod sessions;
pub mod tokens;

use std::io;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidings_protocol::api::{OWNER_TOKEN_FILE, Role, User};

pub use caller::Caller;
pub use secret::Secret;

use codes::Codes;
use sessions::Sessions;
use tokens::{TokenLimits, Tokens};

use crate::store::{Store, StoreError};

/// Everything that decides who somebody is.
#[derive(Debug)]
pub struct Auth {
    owner: User,
    owner_token: Digested,
    /// Codes that can still be exchanged for a session.
    pub codes: Codes,
    /// Browsers that are signed in.
    pub sessions: Sessions,
    /// Tokens of limited scope.
    pub tokens: Tokens,
}

/// SHA-256 of a secret: what is kept and compared instead of the secret itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digested([u8; 32]);

impl Auth {
    /// Opens the data directory's token and sessions, making the token where there is none.
    /// [`load_tokens`](Self::load_tokens) adds the others.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn open(data_dir: &Path, limits: TokenLimits) -> io::Result<Self> {
        let token = secret::load_or_create(&data_dir.join(OWNER_TOKEN_FILE))?;
        Ok(Self::new(&token, Sessions::open(data_dir)?, limits))
    }

    /// Keeps everything in memory and knows one token.
    #[must_use]
    pub fn in_memory(token: &Secret, limits: TokenLimits) -> Self {
        Self::new(token, Sessions::in_memory(), limits)
    }

    /// Keeps tokens in `store` from now on, and knows those that are there.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn load_tokens(&mut self, store: Arc<dyn Store>) -> Result<(), StoreError> {
        self.tokens = Tokens::load(store, &self.owner, self.tokens.limits()).await?;
        Ok(())
    }

    fn new(token: &Secret, sessions: Sessions, limits: TokenLimits) -> Self {
        Self {
            owner: User { id: "owner".to_owned(), name: "owner".to_owned(), role: Role::Admin },
            owner_token: Digested::of(token.expose()),
            codes: Codes::default(),
            sessions,
            tokens: Tokens::none(limits),
        }
    }

    /// Who has this token.
    #[must_use]
    pub fn caller_of_token(&self, token: &str) -> Option<Caller> {
        let digest = Digested::of(token);
        if digest.matches(self.owner_token) {
            return Some(self.unlimited());
        }
        let grant = self.tokens.find(digest)?;
        Some(Caller { user: grant.user().clone(), token: Some(grant) })
    }

    /// Who is signed in with this session.
    #[must_use]
    pub fn caller_of_session(&self, session: &str) -> Option<Caller> {
        self.sessions.is_valid(Digested::of(session)).then(|| self.unlimited())
    }

    /// Spends a one-time code.
    #[must_use]
    pub fn caller_of_code(&self, code: &str) -> Option<Caller> {
        self.codes.spend(Digested::of(code)).then(|| self.unlimited())
    }

    fn unlimited(&self) -> Caller {
        Caller { user: self.owner.clone(), token: None }
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
        let limits = TokenLimits { events_per_second: std::num::NonZeroU32::MIN, streams: 1 };
        let auth = Auth::in_memory(&Secret::from("right".to_owned()), limits);
        assert!(auth.caller_of_token("right").is_some_and(|caller| caller.is_admin()));
        for wrong in ["", "righ", "rightt", "wrong"] {
            assert!(auth.caller_of_token(wrong).is_none(), "{wrong:?}");
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
