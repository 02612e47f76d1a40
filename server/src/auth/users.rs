//! Users: listed, added, changed, removed.

use std::sync::Arc;

use tidings_protocol::api::users::{MOST, OWNER};
use tidings_protocol::api::{
    ChangedUser, InvalidName, NewUser, Password, Role, User, UserAfter, UserName,
};
use tidings_protocol::scope::Scope;

use super::attempts::TooOften;
use super::caller::Via;
use super::directory::PeopleError;
use super::password::{PasswordError, WeakPassword, check_choice};
use super::tokens::Grant;
use super::{Auth, Caller, grants, new_id};
use crate::clock;
use crate::store::{PeopleChange, UserRow};

/// Why a user was not added, changed or removed.
#[derive(Debug, thiserror::Error)]
pub enum UserError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The password may not be chosen.
    #[error(transparent)]
    Weak(#[from] WeakPassword),
    /// The password could not be hashed or checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The password so far is another.
    #[error("the current password is another")]
    WrongPassword,
    /// Too many guesses at it.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// The user that every server has stays as it is.
    #[error("the owner can neither be removed nor be anything but an admin")]
    OwnerStays,
    /// Whoever could set it would be the owner.
    #[error("only the owner may change the owner's name and password")]
    OwnersOwn,
    /// The rest.
    #[error(transparent)]
    People(#[from] PeopleError),
}

fn may_keep_all(id: &str, role: Role, scopes: &[&str]) -> bool {
    let user = User { id: id.to_owned(), name: String::new(), role };
    let may_keep = |scope: Scope| grants::may_have(&user, &scope);
    scopes.iter().all(|scope| scope.parse().is_ok_and(may_keep))
}

impl Auth {
    /// All users, the oldest first.
    #[must_use]
    pub fn users(&self) -> Vec<User> {
        let known = self.directory.known();
        let mut users: Vec<_> = known.users.values().collect();
        users.sort_by(|a, b| (a.created_at, &a.user.id).cmp(&(b.created_at, &b.user.id)));
        users.into_iter().map(|member| member.user.clone()).collect()
    }

    /// The user with this id.
    #[must_use]
    pub fn user(&self, id: &str) -> Option<User> {
        self.directory.known().users.get(id).map(|member| member.user.clone())
    }

    /// The user of this name, in whatever case.
    #[must_use]
    pub fn user_named(&self, name: &str) -> Option<User> {
        let known = self.directory.known();
        known.by_name(&UserName::fold(name)).map(|member| member.user.clone())
    }

    /// Adds a user.
    ///
    /// # Errors
    ///
    /// If name or password may not be, the name is taken, there are too many users, or nowhere to keep one.
    pub async fn add_user(&self, new: NewUser) -> Result<User, UserError> {
        if !self.directory.has_store() {
            return Err(PeopleError::NoStore.into());
        }
        let name: UserName = new.name.parse()?;
        let password = match &new.password {
            Some(password) => {
                check_choice(password, &name)?;
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        let row = UserRow {
            id: new_id(),
            name: name.as_str().to_owned(),
            folded: name.folded(),
            role: new.role,
            password,
            created_at: clock::now_ms(),
        };
        let user = User { id: row.id.clone(), name: row.name.clone(), role: row.role };
        self.directory.change(PeopleChange::AddUser { user: row, most: MOST }).await?;
        Ok(user)
    }

    /// Changes what `change` names of the user `id`, and returns what became of it. A new password ends all sessions of
    /// the user but the one that `caller` may act by. Users who are signed in prove themselves anew by their password before
    /// they change it. A lower role revokes the tokens that have scopes only a higher one may have.
    ///
    /// # Errors
    ///
    /// If there is no such user, something may not be so, or there is nowhere to keep it.
    pub async fn change_user(
        &self,
        caller: &Caller,
        id: &str,
        change: ChangedUser,
    ) -> Result<UserAfter, UserError> {
        if !self.directory.has_store() {
            return Err(PeopleError::NoStore.into());
        }
        let ChangedUser { name, role, password, current_password } = change;
        if id == OWNER && role.is_some_and(|role| role != Role::Admin) {
            return Err(UserError::OwnerStays);
        }
        if id == OWNER && caller.user.id != OWNER && (name.is_some() || password.is_some()) {
            return Err(UserError::OwnersOwn);
        }
        let user = self.user(id).ok_or(PeopleError::NO_SUCH)?;
        let name: Option<UserName> = name.map(|name| name.parse()).transpose()?;
        let password = match &password {
            Some(password) => {
                let known_as = user.name.parse()?;
                check_choice(password, name.as_ref().unwrap_or(&known_as))?;
                self.prove(caller, id, current_password.as_ref()).await?;
                Some(self.passwords.hash(password).await?)
            }
            None => None,
        };
        let keep = match &caller.via {
            Via::Session(session) => Some(session.digest.to_hex()),
            Via::OwnersToken | Via::Token(_) => None,
        };
        let name = name.map(|name| (name.as_str().to_owned(), name.folded()));
        let (id, at) = (id.to_owned(), clock::now_ms());
        let there = self.grants_of(&id);
        let change = PeopleChange::ChangeUser {
            id: id.clone(),
            name,
            role,
            may_keep: may_keep_all,
            password,
            keep,
            at,
        };
        self.directory.change(change).await?;
        let user = self.user(&id).ok_or(PeopleError::NO_SUCH)?;
        let is_revoked = |grant: &&Arc<Grant>| grant.revoked.is_cancelled();
        let revoked_tokens = there.iter().filter(is_revoked).count();
        Ok(UserAfter { user, revoked_tokens })
    }

    /// The tokens of a user that may be used.
    fn grants_of(&self, id: &str) -> Vec<Arc<Grant>> {
        let known = self.directory.known();
        let of_user = known.tokens.values().filter(|grant| grant.info.user_id == id);
        of_user.filter(|grant| !grant.is_expired()).cloned().collect()
    }

    /// Whether somebody who is signed in may set the own password: not without knowing it. Others may, as far as they may at all.
    async fn prove(
        &self,
        caller: &Caller,
        id: &str,
        current: Option<&Password>,
    ) -> Result<(), UserError> {
        if caller.user.id != id || !matches!(caller.via, Via::Session(_)) {
            return Ok(());
        }
        let member = self.directory.known().users.get(id).cloned();
        let Some(hash) = member.as_ref().and_then(|member| member.password.as_ref()) else {
            return Ok(());
        };
        let current = current.ok_or(UserError::WrongPassword)?;
        self.attempts.spend_user(id)?;
        let checked = self.passwords.check(current, Some(hash)).await?;
        checked.is_right.then_some(()).ok_or(UserError::WrongPassword)
    }

    /// Removes a user with all tokens and sessions; what they have open ends.
    ///
    /// # Errors
    ///
    /// If there is no such user, it is the owner, or the database fails.
    pub async fn remove_user(&self, id: &str) -> Result<(), UserError> {
        if id == OWNER {
            return Err(UserError::OwnerStays);
        }
        let change = PeopleChange::RemoveUser { id: id.to_owned(), at: clock::now_ms() };
        Ok(self.directory.change(change).await?)
    }
}
