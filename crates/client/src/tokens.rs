//! Tokens of limited scope: made, listed, revoked.

use tidings_protocol::api::{CreatedToken, NewToken, TokenInfo, path};

use crate::client::{Client, ClientError};

impl Client {
    /// Makes a token. Its secret is in this answer and nowhere else.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses; only an admin may make tokens.
    pub async fn create_token(&self, new: &NewToken) -> Result<CreatedToken, ClientError> {
        Ok(self.ask(self.post(self.route(path::TOKENS)).json(new)).await?.json().await?)
    }

    /// The tokens that may be used, the oldest first.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses.
    pub async fn tokens(&self) -> Result<Vec<TokenInfo>, ClientError> {
        Ok(self.ask(self.get(self.route(path::TOKENS))).await?.json().await?)
    }

    /// Revokes the token with this id; requests with it are refused from then on.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses, or knows no such token.
    pub async fn revoke_token(&self, id: &str) -> Result<(), ClientError> {
        let mut url = self.route(path::TOKENS);
        // One segment, whatever it holds.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(id);
        }
        self.ask(self.delete(url)).await.map(drop)
    }
}
