//! The flags of every command that speaks to a server.

use std::path::PathBuf;

use clap::Args;
use tidings_client::{
    Client, ClientConfig, ClientError, Credentials, CredentialsError, Sources, Token,
};

use super::trust::{self, Refused};

/// Which server, and who asks. On the server's own machine neither flag is needed.
#[derive(Args, Clone, Debug)]
pub(super) struct Connection {
    /// The server [env: TIDINGS_SERVER] [default: http://127.0.0.1:4180]
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// File that holds the token [env: TIDINGS_TOKEN, the token itself] [default: the owner's, if the
    /// server is on this machine]
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Fingerprint of the server's key, as `tidings serve` prints it; no other will do
    /// [env: TIDINGS_FINGERPRINT]
    #[arg(long, value_name = "SHA256:…")]
    fingerprint: Option<String>,
}

/// Why there is no server to ask.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Connection {
    /// A client of the server, whose key is known or trusted now.
    pub(super) async fn client(&self) -> Result<Client, ConnectionError> {
        Ok(trust::client(self.credentials()?).await?)
    }

    /// A client of the server, without a question to anybody: a server whose key is not known is asked for nothing.
    pub(super) fn client_unasked(&self) -> Result<Client, ConnectionError> {
        let Credentials { server, token, trust } = self.credentials()?;
        Ok(Client::new(ClientConfig { trust, ..ClientConfig::new(server, token) })?)
    }

    /// The server and the token to ask it with.
    pub(super) fn credentials(&self) -> Result<Credentials, CredentialsError> {
        Credentials::find(&self.sources())
    }

    /// The token that a flag or the environment names, if one does, for a server that may not be ours.
    pub(super) fn named_token(&self) -> Result<Option<Token>, CredentialsError> {
        // The owner's token is for the server that made it.
        let sources = Sources { server: None, data_dir: None, ..self.sources() };
        match Credentials::find(&sources) {
            Ok(found) => Ok(Some(found.token)),
            Err(CredentialsError::NoToken(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn sources(&self) -> Sources {
        let environment = Sources::from_env();
        Sources {
            server: self.server.clone().or(environment.server),
            token_file: self.token_file.clone(),
            fingerprint: self.fingerprint.clone().or(environment.fingerprint.clone()),
            ..environment
        }
    }
}
