//! The server this app brings along, in its own process.
//!
//! It listens on 127.0.0.1 at a port the system chooses, takes a token made anew at every start, and
//! writes no file. The app reaches it like any other server, through `tidings-client`.

use std::net::Ipv4Addr;
use std::time::Duration;

use tidings_client::{Credentials, Token, Trust};
use tidings_server::{Config, ServeError, serve};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::error::StartError;

/// The bundled server, running.
pub(crate) struct Bundled {
    credentials: Credentials,
    shutdown: CancellationToken,
    task: AbortOnDropHandle<Result<(), ServeError>>,
}

impl Bundled {
    pub(crate) async fn start() -> Result<Self, StartError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let secret = random_secret();
        let server = format!("http://{address}");
        let server: Url = server.parse().map_err(std::io::Error::other)?;
        let credentials =
            Credentials { server, token: Token::new(&secret), trust: Trust::default() };
        let shutdown = CancellationToken::new();
        let serving = serve(listener, Config::bundled(secret), shutdown.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let ended = serving.await;
            if let Err(error) = &ended {
                tracing::error!("the bundled server ended: {error}");
            }
            ended
        }));
        Ok(Self { credentials, shutdown, task })
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Lets the server end its streams and waits until it has.
    pub(crate) async fn stop(self, timeout: Duration) {
        self.shutdown.cancel();
        if tokio::time::timeout(timeout, self.task).await.is_err() {
            tracing::warn!("the bundled server did not end within {timeout:?}");
        }
    }
}

/// 256 bits from the system's generator, in hex.
fn random_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_client::{Client, ClientConfig, ClientError};

    #[tokio::test]
    async fn the_bundled_server_takes_its_own_token_and_no_other_and_ends_when_told() {
        let bundled = Bundled::start().await.unwrap();
        let Credentials { server, token, .. } = bundled.credentials().clone();
        let client = |token| Client::new(ClientConfig::new(server.clone(), token)).unwrap();
        assert!(client(token.clone()).session().await.is_ok());
        let refused = client(Token::new("other")).session().await;
        assert!(matches!(refused, Err(ClientError::Status { status: 401, .. })), "{refused:?}");

        bundled.stop(Duration::from_secs(5)).await;
        let gone = client(token).session().await;
        assert!(matches!(gone, Err(ClientError::Unreachable(_))), "{gone:?}");
    }

    #[test]
    fn two_secrets_differ() {
        assert_ne!(random_secret(), random_secret());
        assert_eq!(random_secret().len(), 64);
    }
}
