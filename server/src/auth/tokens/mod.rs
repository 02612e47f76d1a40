//! Tokens of limited scope: made, found by their digest, revoked.

mod grant;
#[cfg(test)]
pub(super) mod tests;

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use tidings_protocol::api::token::MOST;
use tidings_protocol::api::{TokenInfo, User};
use tidings_protocol::scope::Scope;
use tokio::sync::Mutex;

use super::{Digested, Secret};
use crate::clock;
use crate::store::{Store, StoreError, TokenRow};

pub use grant::{Grant, OverRate, TokenLimits};

/// What every token begins with, so that one is known where it leaked.
const PREFIX: &str = "tdg_";

/// Hex digits of an id.
const ID_DIGITS: usize = 12;

/// How long the database remembers a token that is over.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

/// Why a token was not made, listed or revoked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is nowhere to keep tokens.
    #[error(
        "this server keeps nothing on disk and has no tokens but its own; `tidings serve` has them"
    )]
    NoStore,
    /// There are as many as there may be.
    #[error("there are {MOST} tokens, which is the most; revoke one that is not used")]
    TooMany,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The tokens that may be used. What is in memory is what is in the database.
#[derive(Clone, Debug)]
pub struct Tokens {
    store: Option<Arc<dyn Store>>,
    limits: TokenLimits,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    grants: RwLock<HashMap<Digested, Arc<Grant>>>,
    /// Held over a change of both, so that they stay equal.
    changing: Mutex<()>,
}

impl Tokens {
    /// No tokens, and no place to keep any.
    #[must_use]
    pub fn none(limits: TokenLimits) -> Self {
        Self { store: None, limits, shared: Arc::default() }
    }

    /// The tokens of `user` in `store`.
    ///
    /// # Errors
    ///
    /// If the database fails.
    pub async fn load(
        store: Arc<dyn Store>,
        user: &User,
        limits: TokenLimits,
    ) -> Result<Self, StoreError> {
        let rows = store.tokens(clock::now_ms()).await?;
        let grant = |row: &TokenRow| {
            let grant = Grant::new(row, user, limits);
            if grant.is_none() {
                tracing::warn!(
                    token = row.id,
                    "a token in the database cannot be read; it is left out"
                );
            }
            grant
        };
        let grants = RwLock::new(rows.iter().filter_map(grant).collect());
        let shared = Arc::new(Shared { grants, changing: Mutex::default() });
        Ok(Self { store: Some(store), limits, shared })
    }

    /// What each may use up.
    #[must_use]
    pub fn limits(&self) -> TokenLimits {
        self.limits
    }

    /// The token with this digest, unless it is over. Found by digest: what the time of a lookup tells of a
    /// digest does not lead to a token.
    #[must_use]
    pub fn find(&self, digest: Digested) -> Option<Arc<Grant>> {
        self.grants().get(&digest).filter(|grant| !grant.is_expired()).cloned()
    }

    /// All tokens that may be used, the oldest first.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep any.
    pub fn list(&self) -> Result<Vec<TokenInfo>, TokenError> {
        self.store.as_ref().ok_or(TokenError::NoStore)?;
        let mut tokens: Vec<_> = self
            .grants()
            .values()
            .filter(|grant| !grant.is_expired())
            .map(|grant| grant.info.clone())
            .collect();
        tokens.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(tokens)
    }

    /// Makes a token for `user`; the secret is known to the caller alone from then on. Must be called within
    /// a tokio runtime; a caller that goes away leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep it, there are too many, or the database fails.
    pub async fn create(
        &self,
        user: &User,
        name: String,
        scopes: &[Scope],
        expires_in: Option<Duration>,
    ) -> Result<(TokenInfo, Secret), TokenError> {
        let store = self.store.clone().ok_or(TokenError::NoStore)?;
        let secret = Secret::from(format!("{PREFIX}{}", Secret::generate().expose()));
        let now = clock::now_ms();
        let row = TokenRow {
            id: Secret::generate().expose().chars().take(ID_DIGITS).collect(),
            name,
            user_id: user.id.clone(),
            digest: Digested::of(secret.expose()).to_hex(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            created_at: now,
            expires_at: expires_in.map(|time| now.saturating_add(millis(time))),
        };
        let (tokens, user) = (self.clone(), user.clone());
        let adding = async move {
            let _changing = tokens.shared.changing.lock().await;
            tokens.grants_mut().retain(|_, grant| !grant.is_expired());
            if tokens.grants().len() >= MOST {
                return Err(TokenError::TooMany);
            }
            store.add_token(&row, now.saturating_sub(millis(REMEMBERED))).await?;
            tokens.grants_mut().extend(Grant::new(&row, &user, tokens.limits));
            Ok(row.into_info())
        };
        Ok((to_its_end(adding).await?, secret))
    }

    /// Revokes a token, and says whether there was one. Requests with it are refused from then on. Must be
    /// called within a tokio runtime; a caller that goes away revokes it all the same.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep tokens or the database fails; the token goes on then.
    pub async fn revoke(&self, id: &str) -> Result<bool, TokenError> {
        let store = self.store.clone().ok_or(TokenError::NoStore)?;
        let (tokens, id) = (self.clone(), id.to_owned());
        let revoking = async move {
            let _changing = tokens.shared.changing.lock().await;
            let revoked = store.revoke_token(&id, clock::now_ms()).await?;
            tokens.grants_mut().retain(|_, grant| {
                let stays = grant.info.id != id;
                if !stays {
                    grant.revoked.cancel();
                }
                stays
            });
            Ok(revoked)
        };
        to_its_end(revoking).await
    }

    fn grants(&self) -> RwLockReadGuard<'_, HashMap<Digested, Arc<Grant>>> {
        self.shared.grants.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn grants_mut(&self) -> RwLockWriteGuard<'_, HashMap<Digested, Arc<Grant>>> {
        self.shared.grants.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a change of database and memory on a task of its own: a request whose client hangs up is dropped
/// wherever it stands, and that is between the two often enough.
async fn to_its_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, TokenError>> + Send + 'static,
) -> Result<T, TokenError> {
    // A task ends without a result only with its runtime, or by a panic.
    tokio::spawn(change).await.map_err(|_| StoreError::Closed)?
}

impl TokenRow {
    fn into_info(self) -> TokenInfo {
        let Self { id, name, scopes, created_at, expires_at, .. } = self;
        TokenInfo { id, name, scopes, created_at, expires_at }
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
