//! The server this app brings along, in its own process.
//!
//! It listens on 127.0.0.1 at a port the system chooses, and takes a token made anew at every start that lies in no file.
//! What it is to remember, the inbox above all, lies in a folder of the app's own, beside that of the web view and apart
//! from that of `tidings serve`. The app reaches it like any other server, through `tidings-client`.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use tempfile::TempDir;
use tidings_client::{Credentials, Token, Trust};
use tidings_server::config::default_data_dir;
use tidings_server::{Config, ServeError, Server};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;
use url::Url;

use crate::error::StartError;

/// Most connections at once: nobody but the app has the token.
const CONNECTIONS: usize = 256;

/// What this process is when the bundled server has started it: the guard of a program, and no app.
pub(crate) fn guard() -> Option<ExitCode> {
    tidings_server::guard::entry(std::env::args_os())
}

/// The bundled server, running.
pub(crate) struct Bundled {
    credentials: Credentials,
    shutdown: CancellationToken,
    task: AbortOnDropHandle<Result<(), ServeError>>,
    /// What a server remembers that cannot have the app's folder; it goes with the server.
    passing: Option<TempDir>,
}

impl Bundled {
    /// Starts it with what it left in `folder`. Where that cannot be used, because a second window of the app has it or the
    /// disk is full, it remembers until it ends.
    pub(crate) async fn start(folder: &Path) -> Result<Self, StartError> {
        let secret = random_secret();
        let (opened, passing) = match open_in(folder, &secret).await {
            Ok(opened) => (opened, None),
            Err(error) => {
                tracing::warn!("the inbox is kept until the app ends, and no longer: {error}");
                let passing = tempfile::Builder::new().prefix("tidings-").tempdir()?;
                (open_in(passing.path(), &secret).await?, Some(passing))
            }
        };
        let (server, url) = opened;
        let token = Token::new(&secret);
        let credentials = Credentials { server: url, token, trust: Trust::default() };
        let shutdown = CancellationToken::new();
        let serving = server.run(shutdown.clone());
        let task = AbortOnDropHandle::new(tokio::spawn(async move {
            let ended = serving.await;
            if let Err(error) = &ended {
                tracing::error!("the bundled server ended: {error}");
            }
            ended
        }));
        Ok(Self { credentials, shutdown, task, passing })
    }

    /// The folder of the app of that identifier.
    pub(crate) fn folder(identifier: &str) -> PathBuf {
        default_data_dir().with_file_name(identifier).join("server")
    }

    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Whether what it keeps is there at the next start.
    pub(crate) fn lasts(&self) -> bool {
        self.passing.is_none()
    }

    /// Lets the server end its streams and waits until it has.
    pub(crate) async fn stop(self, timeout: Duration) {
        self.shutdown.cancel();
        if tokio::time::timeout(timeout, self.task).await.is_err() {
            tracing::warn!("the bundled server did not end within {timeout:?}");
        }
        if let Some(Err(error)) = self.passing.map(TempDir::close) {
            tracing::warn!("what was kept until the end cannot be removed: {error}");
        }
    }
}

async fn open_in(folder: &Path, secret: &str) -> Result<(Server, Url), StartError> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = listener.local_addr()?;
    let url = format!("http://{address}").parse().map_err(std::io::Error::other)?;
    let config = Config::bundled_in(folder.to_owned(), secret.to_owned());
    let server = Server::open(listener, config, CONNECTIONS).await;
    let server = server.map_err(std::io::Error::other)?;
    Ok((server, url))
}

/// 256 bits from the system's generator, in hex.
fn random_secret() -> String {
    let bytes: [u8; 32] = rand::random();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tidings_client::{Client, ClientConfig, ClientError, InboxQuery};
    use tidings_protocol::notification::NewNotification;

    const SOON: Duration = Duration::from_secs(5);

    fn client(bundled: &Bundled) -> Client {
        let Credentials { server, token, .. } = bundled.credentials().clone();
        Client::new(ClientConfig::new(server, token)).unwrap()
    }

    async fn titles(bundled: &Bundled) -> Vec<String> {
        let inbox = client(bundled).notifications(&InboxQuery::default()).await.unwrap();
        inbox.notifications.into_iter().map(|row| row.title).collect()
    }

    async fn notify(bundled: &Bundled, title: &str) {
        let new = NewNotification { title: Some(title.to_owned()), ..NewNotification::default() };
        client(bundled).notify(&new).await.unwrap();
    }

    #[tokio::test]
    async fn the_bundled_server_takes_its_own_token_and_no_other_and_ends_when_told() {
        let folder = tempfile::tempdir().unwrap();
        let bundled = Bundled::start(folder.path()).await.unwrap();
        let Credentials { server, token, .. } = bundled.credentials().clone();
        let client = |token| Client::new(ClientConfig::new(server.clone(), token)).unwrap();
        assert!(client(token.clone()).session().await.is_ok());
        let refused = client(Token::new("other")).session().await;
        assert!(matches!(refused, Err(ClientError::Status { status: 401, .. })), "{refused:?}");

        bundled.stop(SOON).await;
        let gone = client(token).session().await;
        assert!(matches!(gone, Err(ClientError::Unreachable(_))), "{gone:?}");
    }

    #[tokio::test]
    async fn what_was_told_is_there_after_a_restart_and_the_token_of_before_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let first = Bundled::start(folder.path()).await.unwrap();
        notify(&first, "Disk is full").await;
        let before = first.credentials().token.clone();
        first.stop(SOON).await;
        let second = Bundled::start(folder.path()).await.unwrap();
        assert_eq!(titles(&second).await, ["Disk is full"]);
        let server = second.credentials().server.clone();
        let refused = Client::new(ClientConfig::new(server, before)).unwrap().session().await;
        assert!(matches!(refused, Err(ClientError::Status { status: 401, .. })), "{refused:?}");
        let files = std::fs::read_dir(folder.path()).unwrap();
        let names: Vec<_> = files.map(|file| file.unwrap().file_name()).collect();
        assert!(!names.contains(&"owner-token".into()), "no token lies there: {names:?}");
        second.stop(SOON).await;
    }

    #[tokio::test]
    async fn a_second_app_has_an_inbox_of_its_own_until_it_ends() {
        let folder = tempfile::tempdir().unwrap();
        let first = Bundled::start(folder.path()).await.unwrap();
        let second = Bundled::start(folder.path()).await.unwrap();
        notify(&second, "Told to the second").await;
        assert_eq!(titles(&second).await, ["Told to the second"]);
        assert!(titles(&first).await.is_empty());
        let passing = second.passing.as_ref().unwrap().path().to_owned();
        second.stop(SOON).await;
        assert!(!passing.exists(), "nothing of it is left");
        first.stop(SOON).await;
    }

    #[test]
    fn two_secrets_differ() {
        assert_ne!(random_secret(), random_secret());
        assert_eq!(random_secret().len(), 64);
    }
}
