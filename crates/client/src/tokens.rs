//! Tokens of limited scope: made, listed, revoked.

use tidings_protocol::api::token::{MAX_NAME_BYTES, MAX_SCOPES, MOST};
use tidings_protocol::api::{CreatedToken, NewToken, TokenInfo, path, query};
use tidings_protocol::topic::MAX_TOPIC_BYTES;

use crate::client::Client;
use crate::error::ClientError;

/// Longest token in a list, in bytes: its scopes each with `publish:`, quotes and comma, its name in which
/// every character may be escaped, and the keys, id and times.
const LONGEST_TOKEN: usize = MAX_SCOPES * (MAX_TOPIC_BYTES + 11) + 2 * MAX_NAME_BYTES + 250;

/// Longest list of tokens, in bytes.
const LONGEST_LIST: usize = MOST * LONGEST_TOKEN;

impl Client {
    /// Makes a token. Its secret is in this answer and nowhere else.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses; a token of limited scope makes none.
    pub async fn create_token(&self, new: &NewToken) -> Result<CreatedToken, ClientError> {
        Ok(self.ask(self.post(self.route(path::TOKENS)).json(new)).await?.json().await?)
    }

    /// The tokens that may be used, the oldest first: those of the user with this id, or all that the caller may see.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn tokens(&self, user: Option<&str>) -> Result<Vec<TokenInfo>, ClientError> {
        let mut url = self.route(path::TOKENS);
        if let Some(user) = user {
            url.query_pairs_mut().append_pair(query::USER, user);
        }
        let request = self.get(url);
        Ok(self.ask_for(request, LONGEST_LIST).await?.json().await?)
    }

    /// Revokes the token with this id; requests with it are refused from then on.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such token.
    pub async fn revoke_token(&self, id: &str) -> Result<(), ClientError> {
        self.ask(self.delete(self.one_of(path::TOKENS, id))).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_list_that_a_server_can_have_is_read() {
        let longest = TokenInfo {
            id: "f".repeat(32),
            name: "\"".repeat(MAX_NAME_BYTES),
            user_id: "f".repeat(32),
            scopes: vec![format!("publish:{}", "x".repeat(MAX_TOPIC_BYTES)); MAX_SCOPES],
            created_at: u64::MAX,
            expires_at: Some(u64::MAX),
        };
        let bytes = serde_json::to_vec(&[longest]).unwrap().len();
        assert!((LONGEST_TOKEN - 250..=LONGEST_TOKEN).contains(&bytes), "{bytes}");
    }
}
