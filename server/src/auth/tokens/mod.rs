//! Tokens of limited scope: made, listed, revoked.

mod grant;
#[cfg(test)]
pub(super) mod tests;

use std::time::Duration;

use tidings_protocol::api::TokenInfo;
use tidings_protocol::api::token::MOST;
use tidings_protocol::scope::Scope;

use super::directory::{Directory, PeopleError};
use super::{Digested, Secret, millis, new_id};
use crate::clock;
use crate::store::{PeopleChange, TokenRow};

pub use grant::{Grant, TokenLimits};

/// What every token begins with, so that one is known where it leaked.
pub(super) const PREFIX: &str = "tdg_";

/// How long the database remembers a token that is over.
const REMEMBERED: Duration = Duration::from_secs(90 * 24 * 60 * 60);

impl Directory {
    /// The tokens that may be used, the oldest first: those of the user `user_id`, or all.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep any.
    pub fn tokens(&self, user_id: Option<&str>) -> Result<Vec<TokenInfo>, PeopleError> {
        if !self.has_store() {
            return Err(PeopleError::NoStore);
        }
        let is_asked_for = |grant: &Grant| {
            user_id.is_none_or(|id| grant.info.user_id == id) && !grant.is_expired()
        };
        let known = self.known();
        let grants = known.tokens.values().filter(|grant| is_asked_for(grant));
        let mut tokens: Vec<_> = grants.map(|grant| grant.info.clone()).collect();
        tokens.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(tokens)
    }

    /// The user that a token of this id acts for.
    #[must_use]
    pub fn user_of_token(&self, id: &str) -> Option<String> {
        let known = self.known();
        let grant = known.tokens.values().find(|grant| grant.info.id == id)?;
        Some(grant.info.user_id.clone())
    }

    /// Makes a token for the user `user_id`, who may have `most` at once; the secret is known to the caller alone from
    /// then on. Must be called within a tokio runtime; a caller that goes away leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep it, no such user, there are too many, or the database fails.
    pub async fn create_token(
        &self,
        user_id: &str,
        name: String,
        scopes: &[Scope],
        expires_in: Option<Duration>,
        most: usize,
    ) -> Result<(TokenInfo, Secret), PeopleError> {
        let secret = Secret::from(format!("{PREFIX}{}", Secret::generate().expose()));
        let now = clock::now_ms();
        let token = TokenRow {
            id: new_id(),
            name,
            user_id: user_id.to_owned(),
            digest: Digested::of(secret.expose()).to_hex(),
            scopes: scopes.iter().map(ToString::to_string).collect(),
            created_at: now,
            expires_at: expires_in.map(|time| now.saturating_add(millis(time))),
        };
        let info = token.clone().into_info();
        let forget = now.saturating_sub(millis(REMEMBERED));
        // Counted where it is made: many may be asked for at once, and of several servers.
        let change = PeopleChange::AddToken { token, most_of_user: most, most: MOST, forget };
        self.change(change).await?;
        Ok((info, secret))
    }

    /// Revokes a token. Requests with it are refused from then on, and its streams end. Must be called within a tokio
    /// runtime; a caller that goes away revokes it all the same.
    ///
    /// # Errors
    ///
    /// If there is nowhere to keep tokens, no such token, or the database fails; the token goes on then.
    pub async fn revoke_token(&self, id: &str) -> Result<(), PeopleError> {
        self.change(PeopleChange::RevokeToken { id: id.to_owned(), at: clock::now_ms() }).await
    }
}

impl TokenRow {
    pub(super) fn into_info(self) -> TokenInfo {
        let Self { id, name, user_id, scopes, created_at, expires_at, .. } = self;
        TokenInfo { id, name, user_id, scopes, created_at, expires_at }
    }
}
