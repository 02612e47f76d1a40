//! Signing a browser in.

use tidings_protocol::api::users::OWNER;
use tidings_protocol::api::{Password, User, UserName};

use super::attempts::{Source, TooOften};
use super::directory::{PeopleError, Unsure};
use super::password::PasswordError;
use super::{Auth, Secret};
use crate::store::{PasswordHash, PeopleChange, Refused};

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum SignInError {
    /// No user of this name has this password; the same whichever of the two it is.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many attempts.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// The password could not be checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// Nobody knows whether there is such a user.
    #[error(transparent)]
    Unsure(#[from] Unsure),
    /// The session could not be kept.
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl Auth {
    /// Signs in whoever is called `username` and has this password, in the place of the session `old`. Attempts are counted
    /// before anything is computed, for names that nobody has as well; and these take as much work.
    ///
    /// # Errors
    ///
    /// If name or password is wrong, there were too many attempts, or the server cannot tell.
    pub async fn sign_in(
        &self,
        from: impl Into<Source>,
        username: &str,
        password: &Password,
        old: Option<&str>,
    ) -> Result<(User, Secret), SignInError> {
        let folded = UserName::fold(username);
        self.attempts.spend(from.into(), &folded)?;
        // For every name, or its time would tell who is known.
        self.directory.look_again().await?;
        let member = self.directory.known().by_name(&folded);
        let hash = member.as_ref().and_then(|member| member.password.clone());
        let checked = self.passwords.check(password, hash.as_ref()).await?;
        let (Some(member), Some(hash), true) = (member, hash, checked.is_right) else {
            return Err(SignInError::Wrong);
        };
        let id = &member.user.id;
        let hash = if checked.is_outdated { self.rehash(id, password, hash).await } else { hash };
        match self.directory.begin_session(id, Some(hash), old).await {
            Ok(session) => Ok((member.user.clone(), session)),
            // Removed, or with another password since.
            Err(PeopleError::Refused(Refused::NoSuch)) => Err(SignInError::Wrong),
            Err(error) => Err(error.into()),
        }
    }

    /// Signs the owner in, who has proven it otherwise.
    ///
    /// # Errors
    ///
    /// If the session cannot be kept.
    pub async fn sign_owner_in(&self, old: Option<&str>) -> Result<(User, Secret), PeopleError> {
        let session = self.directory.begin_session(OWNER, None, old).await?;
        let owner = self.user(OWNER).ok_or(PeopleError::NO_SUCH)?;
        Ok((owner, session))
    }

    /// Keeps a password by as much as is due today; where that fails it stays as it was.
    async fn rehash(&self, id: &str, password: &Password, old: PasswordHash) -> PasswordHash {
        let Ok(new) = self.passwords.hash(password).await else { return old };
        let (id, kept) = (id.to_owned(), new.clone());
        let change = PeopleChange::Rehash { id, old: old.clone(), new: kept };
        match self.directory.change(change).await {
            Ok(()) => new,
            Err(error) => {
                tracing::warn!(%error, "a password is kept as it was");
                old
            }
        }
    }
}
