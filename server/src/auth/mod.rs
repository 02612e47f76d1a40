//! Who a request comes from. Closed by default: without a token or a session there is no stream.
//!
//! - [`Secret`]: a token, never shown.
//! - [`codes`]: one-time codes of sign-in links.
//! - [`directory`]: users, tokens and sessions, as the database has them.
//! - [`tokens`]: tokens of limited scope; [`session`]: browsers that are signed in; [`users`]: who both are of.
//! - [`sign_in`], with [`password`] and [`attempts`]: by name and password, and how often.
//! - [`allowance`]: what each token and each user may use up.
//! - [`Caller`]: who sends a request, and by what; [`grants`] says what it may.
//! - [`guards`]: what runs before a route: host and origin, and the extractors of callers.

pub mod allowance;
pub mod attempts;
mod caller;
pub mod codes;
pub mod directory;
mod expiry;
mod former_sessions;
pub mod grants;
pub mod guards;
mod known;
mod member;
pub mod password;
pub mod secret;
pub mod session;
pub mod sign_in;
#[cfg(test)]
mod tests;
pub mod tokens;
pub mod users;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tidings_protocol::api::OWNER_TOKEN_FILE;
use tidings_protocol::api::users::OWNER;

pub use caller::{Caller, Via};
pub use secret::Secret;

use attempts::Attempts;
use codes::Codes;
use directory::{Directory, PeopleError, Unsure};
use password::Passwords;
use tokens::TokenLimits;

use crate::store::PeopleStore;

/// What may be used up, by each.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// By a token of limited scope.
    pub token: TokenLimits,
    /// By a user, by all sessions and tokens together. The owner's token does not count among them.
    pub user: TokenLimits,
}

/// Hex digits of a new id.
const ID_DIGITS: usize = 12;

/// Everything that decides who somebody is.
#[derive(Debug)]
pub struct Auth {
    owner_token: Digested,
    /// Codes that can still be exchanged for a session.
    pub codes: Codes,
    /// Users, their tokens and their sessions.
    pub directory: Directory,
    passwords: Passwords,
    attempts: Attempts,
}

/// SHA-256 of a secret: what is kept and compared instead of the secret itself.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digested([u8; 32]);

impl Auth {
    /// Knows `token`, or else the one of the data folder, made where there is none. [`load`](Self::load) adds everybody else.
    ///
    /// # Errors
    ///
    /// If a file cannot be read or written.
    pub fn open(data_dir: &Path, token: Option<&Secret>, limits: Limits) -> io::Result<Self> {
        let Some(token) = token else {
            let token = secret::load_or_create(&data_dir.join(OWNER_TOKEN_FILE))?;
            return Ok(Self::in_memory(&token, limits));
        };
        Ok(Self::in_memory(token, limits))
    }

    /// Keeps everything in memory and knows one token.
    #[must_use]
    pub fn in_memory(token: &Secret, limits: Limits) -> Self {
        Self {
            owner_token: Digested::of(token.expose()),
            codes: Codes::default(),
            directory: Directory::in_memory(limits),
            passwords: Passwords::default(),
            attempts: Attempts::default(),
        }
    }

    /// Keeps users, tokens and sessions in `store` from now on, and knows those that are there; and takes over what an
    /// earlier release left in `data_dir`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn load(
        &mut self,
        store: Arc<dyn PeopleStore>,
        data_dir: &Path,
    ) -> Result<(), PeopleError> {
        self.directory = Directory::load(store, self.directory.limits()).await?;
        former_sessions::take(&self.directory, data_dir).await
    }

    /// Who has this token.
    ///
    /// # Errors
    ///
    /// If it is none that is known, and the database cannot be asked whether there is another.
    pub async fn caller_of_token(&self, token: &str) -> Result<Option<Caller>, Unsure> {
        let digest = Digested::of(token);
        if digest.matches(self.owner_token) {
            return Ok(self.owner());
        }
        let found = self.grant(digest);
        let secret = token.strip_prefix(tokens::PREFIX).unwrap_or_default();
        if found.is_some() || !Secret::may_be(secret) {
            return Ok(found);
        }
        self.directory.look_again().await?;
        Ok(self.grant(digest))
    }

    /// Who is signed in with this session.
    ///
    /// # Errors
    ///
    /// If it is none that is known, and the database cannot be asked whether there is another.
    pub async fn caller_of_session(&self, session: &str) -> Result<Option<Caller>, Unsure> {
        let digest = Digested::of(session);
        let found = self.session(digest);
        if found.is_some() || !Secret::may_be(session) {
            return Ok(found);
        }
        self.directory.look_again().await?;
        Ok(self.session(digest))
    }

    fn owner(&self) -> Option<Caller> {
        let member = self.directory.known().users.get(OWNER).cloned()?;
        Some(Caller::new(member, Via::OwnersToken))
    }

    fn grant(&self, digest: Digested) -> Option<Caller> {
        let known = self.directory.known();
        let grant = known.tokens.get(&digest).filter(|grant| !grant.is_expired())?;
        let member = known.users.get(&grant.info.user_id)?;
        Some(Caller::new(Arc::clone(member), Via::Token(Arc::clone(grant))))
    }

    fn session(&self, digest: Digested) -> Option<Caller> {
        let known = self.directory.known();
        let session = known.sessions.get(&digest)?;
        if session.expires_at <= crate::clock::now_ms() {
            return None;
        }
        let member = known.users.get(&session.user_id)?;
        Some(Caller::new(Arc::clone(member), Via::Session(Arc::clone(session))))
    }
}

/// Twelve hex digits that were never given before.
fn new_id() -> String {
    Secret::generate().expose().chars().take(ID_DIGITS).collect()
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
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
mod digest {
    use super::*;

    #[test]
    fn a_digest_survives_its_hex() {
        let digest = Digested::of("x");
        assert_eq!(Digested::from_hex(&digest.to_hex()), Some(digest));
        assert_eq!(Digested::from_hex("abc"), None);
        assert_eq!(Digested::from_hex(&"ä".repeat(32)), None);
    }
}
