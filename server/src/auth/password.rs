//! Passwords: which may be chosen, how they are kept, and how they are checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _};
use tidings_protocol::api::users::{MAX_PASSWORD_BYTES, MIN_PASSWORD_BYTES};
use tidings_protocol::api::{Password, UserName};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::store::PasswordHash;

/// Hashes that are computed at once: each takes 19 MiB and a processor for some tens of milliseconds.
const AT_ONCE: usize = 2;

/// Those that may wait for it.
const WAITING: usize = 32;

/// The passwords that are tried first, as far as they are long enough.
const COMMONEST: &str = include_str!("commonest_passwords.txt");

/// A password that may not be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short or too long.
    #[error("a password has {MIN_PASSWORD_BYTES} to {MAX_PASSWORD_BYTES} bytes")]
    Length,
    /// The name of whom it is to protect.
    #[error("a password is not the user's name")]
    Name,
    /// One of those that are tried first.
    #[error("this is one of the passwords that are tried first; choose another")]
    Common,
}

/// Why a password was neither hashed nor checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("the server checks as many passwords as it can; try again")]
    Busy,
    /// There was no memory, or no randomness.
    #[error("a password could not be hashed")]
    Failed,
}

/// What came of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    pub(super) is_right: bool,
    /// Whether it is kept by less than a new one would be.
    pub(super) is_outdated: bool,
}

/// Hashes and checks, a few at a time.
#[derive(Debug)]
pub struct Passwords {
    /// Who computes.
    turns: Arc<Semaphore>,
    /// Who computes or waits.
    places: Arc<Semaphore>,
    /// Checks so far.
    checks: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            turns: Arc::new(Semaphore::new(AT_ONCE)),
            places: Arc::new(Semaphore::new(AT_ONCE + WAITING)),
            checks: AtomicU64::new(0),
        }
    }
}

/// Whether the user of that name may choose the password.
pub(super) fn check_choice(password: &Password, name: &UserName) -> Result<(), WeakPassword> {
    let text = password.expose();
    if !(MIN_PASSWORD_BYTES..=MAX_PASSWORD_BYTES).contains(&text.len()) {
        return Err(WeakPassword::Length);
    }
    if UserName::fold(text) == name.folded() {
        return Err(WeakPassword::Name);
    }
    let lower = text.to_lowercase();
    if COMMONEST.lines().any(|common| common == lower) {
        return Err(WeakPassword::Common);
    }
    Ok(())
}

impl Passwords {
    /// What a password is checked by from now on.
    pub(super) async fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let password = password.clone();
        self.compute(move || {
            let hash = Argon2::default().hash_password(password.expose().as_bytes());
            hash.map(|hash| PasswordHash::from(hash.to_string()))
        })
        .await?
        .map_err(|error| {
            tracing::error!(%error, "a password could not be hashed");
            PasswordError::Failed
        })
    }

    /// Checks a password. Without a hash, which is to say without such a user, it takes as long, and is wrong.
    pub(super) async fn check(
        &self,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<Checked, PasswordError> {
        let password = password.clone();
        let is_user = hash.is_some();
        let text = hash.map_or_else(of_nobody, |hash| hash.expose().to_owned());
        self.checks.fetch_add(1, Ordering::Relaxed);
        self.compute(move || {
            let Ok(hash) = phc::PasswordHash::new(&text) else {
                tracing::error!("the password of a user cannot be read; set it anew");
                return Checked { is_right: false, is_outdated: false };
            };
            let checked = Argon2::default().verify_password(password.expose().as_bytes(), &hash);
            Checked { is_right: checked.is_ok() && is_user, is_outdated: is_outdated(&hash) }
        })
        .await
    }

    /// Computes where nobody waits for it. Whoever asked may go away: the place is free when it is done.
    async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| PasswordError::Busy)?;
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|_| PasswordError::Busy)?;
        let held: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, turn);
        let computed = tokio::task::spawn_blocking(move || {
            let computed = work();
            drop(held);
            computed
        });
        computed.await.map_err(|_| PasswordError::Failed)
    }

    /// How many checks there were.
    #[cfg(test)]
    pub(crate) fn checks(&self) -> u64 {
        self.checks.load(Ordering::Relaxed)
    }
}

/// A hash with today's parameters that no password has.
fn of_nobody() -> String {
    let params = Params::default();
    let (salt, hash) = ("A".repeat(22), "A".repeat(43));
    let (m, t, p) = (params.m_cost(), params.t_cost(), params.p_cost());
    format!("$argon2id$v=19$m={m},t={t},p={p}${salt}${hash}")
}

fn is_outdated(hash: &phc::PasswordHash) -> bool {
    let now = Params::default();
    let is_less = |params: &Params| {
        params.m_cost() < now.m_cost()
            || params.t_cost() < now.t_cost()
            || params.p_cost() < now.p_cost()
    };
    hash.algorithm != Algorithm::Argon2id.ident()
        || Params::try_from(hash).is_ok_and(|params| is_less(&params))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::from(text.to_owned())
    }

    /// As a release with other parameters would have it.
    fn hash_with(text: &str, m: u32, t: u32) -> PasswordHash {
        let params = Params::new(m, t, 1, None).unwrap();
        let hash = Argon2::from(params).hash_password(text.as_bytes()).unwrap();
        PasswordHash::from(hash.to_string())
    }

    #[tokio::test]
    async fn a_password_is_right_by_its_own_hash_alone() {
        let passwords = Passwords::default();
        let chosen = password("correct horse");
        let (hash, other) = tokio::join!(passwords.hash(&chosen), passwords.hash(&chosen));
        let (hash, other) = (hash.unwrap(), other.unwrap());
        assert_ne!(hash, other, "each has a salt of its own");
        assert!(hash.expose().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", hash.expose());
        let check = async |text, hash| passwords.check(&password(text), hash).await.unwrap();
        let right = Checked { is_right: true, is_outdated: false };
        assert_eq!(check("correct horse", Some(&hash)).await, right);
        assert!(!check("Correct horse", Some(&hash)).await.is_right);
        assert!(!check("", Some(&hash)).await.is_right);
        let unreadable = PasswordHash::from("x".to_owned());
        assert!(!check("x", Some(&unreadable)).await.is_right);
    }

    #[tokio::test]
    async fn a_user_who_is_not_there_takes_the_same_work() {
        let passwords = Passwords::default();
        let none = passwords.check(&password("anything at all"), None).await.unwrap();
        assert_eq!(none, Checked { is_right: false, is_outdated: false });
        let hash = phc::PasswordHash::new(&of_nobody()).unwrap();
        assert!(!is_outdated(&hash), "as much work as for a password that is set today");
        let today = hash_with("x", Params::DEFAULT_M_COST, Params::DEFAULT_T_COST);
        let today = phc::PasswordHash::new(today.expose()).unwrap();
        assert_eq!(
            (hash.params.to_string(), hash.algorithm),
            (today.params.to_string(), today.algorithm)
        );
        assert_eq!(hash.hash.unwrap().as_bytes().len(), today.hash.unwrap().as_bytes().len());
    }

    #[tokio::test]
    async fn a_hash_of_less_work_is_outdated_and_one_of_more_is_not() {
        let passwords = Passwords::default();
        for (m, t, is_outdated) in [(8, 2, true), (19_456, 1, true), (19_456, 3, false)] {
            let hash = hash_with("correct horse", m, t);
            let checked = passwords.check(&password("correct horse"), Some(&hash)).await.unwrap();
            assert_eq!(checked, Checked { is_right: true, is_outdated }, "m={m} t={t}");
        }
    }

    #[tokio::test]
    async fn who_comes_when_too_many_wait_is_sent_away() {
        let passwords = Passwords::default();
        let places = Arc::clone(&passwords.places);
        let all = places.acquire_many((AT_ONCE + WAITING) as u32).await.unwrap();
        let busy = passwords.check(&password("x"), None).await;
        assert_eq!(busy, Err(PasswordError::Busy));
        drop(all);
        passwords.check(&password("x"), None).await.unwrap();
    }

    #[test]
    fn a_password_that_is_guessed_first_may_not_be_chosen() {
        let name: UserName = "Ada Lovelace".parse().unwrap();
        let longest = "x".repeat(1_000);
        for (text, expected) in [
            ("correct horse", Ok(())),
            ("ten bytes!", Ok(())),
            (&longest, Ok(())),
            ("nine byte", Err(WeakPassword::Length)),
            ("", Err(WeakPassword::Length)),
            (&format!("{longest}x"), Err(WeakPassword::Length)),
            ("ada LOVELACE", Err(WeakPassword::Name)),
            ("1234567890", Err(WeakPassword::Common)),
            ("PassWord123", Err(WeakPassword::Common)),
        ] {
            assert_eq!(check_choice(&password(text), &name), expected, "{text}");
        }
        for common in COMMONEST.lines() {
            assert!(
                common.len() >= MIN_PASSWORD_BYTES && common == common.to_lowercase(),
                "{common}"
            );
        }
    }
}
