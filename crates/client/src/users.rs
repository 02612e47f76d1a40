//! Users: listed, added, changed, removed.

use tidings_protocol::api::users::{MAX_NAME_CHARS, MOST};
use tidings_protocol::api::{ChangedUser, NewUser, User, UserAfter, UserName, path};
use url::Url;

use crate::client::Client;
use crate::error::ClientError;

/// Longest user in a list, in bytes: a name of four bytes a character, and the keys, id and role.
const LONGEST_USER: usize = 4 * MAX_NAME_CHARS + 100;

/// Longest list of users, in bytes.
const LONGEST_LIST: usize = MOST * LONGEST_USER;

impl Client {
    /// All users, the oldest first.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses; only an admin sees all.
    pub async fn users(&self) -> Result<Vec<User>, ClientError> {
        let request = self.get(self.route(path::USERS));
        Ok(self.ask_for(request, LONGEST_LIST).await?.json().await?)
    }

    /// The user of this name, whatever its case; none if there is none.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn user_named(&self, name: &str) -> Result<Option<User>, ClientError> {
        let folded = UserName::fold(name);
        let users = self.users().await?;
        Ok(users.into_iter().find(|user| UserName::fold(&user.name) == folded))
    }

    /// Adds a user.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn add_user(&self, new: &NewUser) -> Result<User, ClientError> {
        Ok(self.ask(self.post(self.route(path::USERS)).json(new)).await?.json().await?)
    }

    /// Changes the user with this id, and returns what became of it.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such user.
    pub async fn change_user(
        &self,
        id: &str,
        change: &ChangedUser,
    ) -> Result<UserAfter, ClientError> {
        Ok(self.ask(self.patch(self.one_user(id)).json(change)).await?.json().await?)
    }

    /// Removes the user with this id, with all tokens and sessions.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such user.
    pub async fn remove_user(&self, id: &str) -> Result<(), ClientError> {
        self.ask(self.delete(self.one_user(id))).await.map(drop)
    }

    fn one_user(&self, id: &str) -> Url {
        self.one_of(path::USERS, id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_protocol::api::Role;

    #[test]
    fn the_longest_list_that_a_server_can_have_is_read() {
        let longest = User {
            id: "f".repeat(12),
            name: "\u{1F600}".repeat(MAX_NAME_CHARS),
            role: Role::Publisher,
        };
        let bytes = serde_json::to_vec(&[longest]).unwrap().len();
        assert!((LONGEST_USER - 100..=LONGEST_USER).contains(&bytes), "{bytes}");
    }
}
