//! The flags of every command that speaks to a server.

use std::path::PathBuf;

use clap::Args;
use tidings_client::{Client, ClientConfig, ClientError, Credentials, CredentialsError, Sources};

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
}

/// Why there is no server to ask.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectionError {
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    #[error(transparent)]
    Client(#[from] ClientError),
}

impl Connection {
    /// The server and the token to ask it with; makes no connection yet.
    pub(super) fn client(&self) -> Result<Client, ConnectionError> {
        let environment = Sources::from_env();
        let sources = Sources {
            server: self.server.clone().or(environment.server),
            token_file: self.token_file.clone(),
            ..environment
        };
        let Credentials { server, token } = Credentials::find(&sources)?;
        Ok(Client::new(ClientConfig::new(server, token))?)
    }
}
