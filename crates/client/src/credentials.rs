//! Which server to ask, and with which token.

use std::path::{Path, PathBuf};

use tidings_protocol::api::OWNER_TOKEN_FILE;
use url::Url;

use crate::client::is_loopback;
use crate::token::Token;
use crate::trust::{KnownServers, Trust, TrustError, local_fingerprint};

/// Variable that names the server.
const SERVER_VARIABLE: &str = "TIDINGS_SERVER";
/// Variable that holds the token.
const TOKEN_VARIABLE: &str = "TIDINGS_TOKEN";
/// Variable that names a server's data folder; the server reads it as well.
const DATA_DIR_VARIABLE: &str = "TIDINGS_DATA_DIR";
/// Variable that holds the fingerprint of the server's key.
const FINGERPRINT_VARIABLE: &str = "TIDINGS_FINGERPRINT";
/// Where a server listens if it is not told otherwise, without TLS and with it.
const DEFAULT_SERVER: &str = "http://127.0.0.1:4180";
const DEFAULT_TLS_SERVER: &str = "https://127.0.0.1:4180";

/// A server and a token for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The server.
    pub server: Url,
    /// The token.
    pub token: Token,
    /// What is known of the server's key.
    pub trust: Trust,
}

/// Where [`Credentials`] may come from; a flag goes before its variable.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--server`, or else `TIDINGS_SERVER`.
    pub server: Option<String>,
    /// `--token-file`.
    pub token_file: Option<PathBuf>,
    /// `TIDINGS_TOKEN`.
    pub token: Option<Token>,
    /// The data folder of a server on this machine.
    pub data_dir: Option<PathBuf>,
    /// `--fingerprint`, or else `TIDINGS_FINGERPRINT`.
    pub fingerprint: Option<String>,
    /// File of the servers that were trusted before.
    pub known_servers: Option<PathBuf>,
}

/// Why no credentials were found.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// The server is no address.
    #[error("`{0}` is not the address of a server, such as http://127.0.0.1:4180")]
    Server(String),
    /// The server is an address but for its beginning.
    #[error("`{0}` does not begin with http:// or https://: write http://{0}")]
    NoScheme(String),
    /// The token file cannot be read.
    #[error("the token in {} cannot be read: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// The token file holds white space at most.
    #[error("{} holds no token", .0.display())]
    Empty(PathBuf),
    /// It cannot be known which keys are trusted.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// There is no token.
    #[error("no token for {0}: set TIDINGS_TOKEN, or name a file that holds one with --token-file")]
    NoToken(Url),
}

impl Sources {
    /// What the environment and the default data folder say.
    #[must_use]
    pub fn from_env() -> Self {
        let variable = |name| std::env::var(name).ok().filter(|value| !value.trim().is_empty());
        Self {
            server: variable(SERVER_VARIABLE),
            token_file: None,
            token: variable(TOKEN_VARIABLE).map(|secret| Token::new(&secret)),
            data_dir: variable(DATA_DIR_VARIABLE).map(PathBuf::from).or_else(default_data_dir),
            fingerprint: variable(FINGERPRINT_VARIABLE),
            known_servers: KnownServers::default_path(),
        }
    }
}

impl Credentials {
    /// Finds them. The token of the data folder goes to a server on this machine only.
    ///
    /// # Errors
    ///
    /// If the server is no address, or no token is found where it should be.
    pub fn find(sources: &Sources) -> Result<Self, CredentialsError> {
        let default = match local_fingerprint(sources) {
            Some(_) => DEFAULT_TLS_SERVER,
            None => DEFAULT_SERVER,
        };
        let server = parse(sources.server.as_deref().unwrap_or(default).trim())?;
        let trust = Trust::find(&server, sources)?;
        let token = if let Some(path) = &sources.token_file {
            read(path)?
        } else if let Some(token) = &sources.token {
            token.clone()
        } else {
            match &sources.data_dir {
                Some(dir) if is_loopback(&server) && dir.join(OWNER_TOKEN_FILE).exists() => {
                    read(&dir.join(OWNER_TOKEN_FILE))?
                }
                _ => return Err(CredentialsError::NoToken(server)),
            }
        };
        Ok(Self { server, token, trust })
    }
}

/// Where a server keeps its data if it is not told otherwise; null on a system that has no such place.
#[must_use]
pub fn default_data_dir() -> Option<PathBuf> {
    dirs::data_local_dir().map(|dir| dir.join("tidings"))
}

fn parse(server: &str) -> Result<Url, CredentialsError> {
    let http = |text: &str| {
        let url = Url::parse(text).ok()?;
        (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
    };
    http(server).ok_or_else(|| {
        // `localhost:4180` is a URL as well, of the scheme `localhost`.
        if !server.contains("://") && http(&format!("http://{server}")).is_some() {
            CredentialsError::NoScheme(server.to_owned())
        } else {
            CredentialsError::Server(server.to_owned())
        }
    })
}

fn read(path: &Path) -> Result<Token, CredentialsError> {
    let secret = std::fs::read_to_string(path)
        .map_err(|cause| CredentialsError::Unreadable { path: path.to_owned(), cause })?;
    let token = Token::new(&secret);
    if token.is_empty() { Err(CredentialsError::Empty(path.to_owned())) } else { Ok(token) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join(OWNER_TOKEN_FILE), "owner\n").unwrap();
        std::fs::write(dir.path().join("mine"), "mine\n").unwrap();
        dir
    }

    fn sources(dir: &Path) -> Sources {
        Sources { data_dir: Some(dir.to_owned()), ..Sources::default() }
    }

    #[test]
    fn on_the_servers_own_machine_nothing_need_be_said() {
        let dir = folder();
        let found = Credentials::find(&sources(dir.path())).unwrap();
        assert_eq!(found.server.as_str(), "http://127.0.0.1:4180/");
        assert_eq!(found.token, Token::new("owner"));
    }

    #[test]
    fn a_server_of_this_machine_that_speaks_tls_is_found_by_itself() {
        let dir = folder();
        let key = tidings_protocol::fingerprint::Fingerprint([3; 32]);
        std::fs::write(dir.path().join("tls-fingerprint"), format!("{key}\n")).unwrap();
        let found = Credentials::find(&sources(dir.path())).unwrap();
        assert_eq!(found.server.as_str(), "https://127.0.0.1:4180/");
        assert_eq!(found.trust.local, Some(key));
    }

    #[test]
    fn the_owners_token_is_given_to_no_other_machine() {
        let dir = folder();
        let server = Some("https://hub.example.com".to_owned());
        let found = Credentials::find(&Sources { server, ..sources(dir.path()) });
        assert!(matches!(found, Err(CredentialsError::NoToken(_))), "{found:?}");
    }

    #[test]
    fn a_file_goes_before_the_variable_and_that_before_the_data_folder() {
        let dir = folder();
        let mut sources = Sources { token: Some(Token::new("variable")), ..sources(dir.path()) };
        assert_eq!(Credentials::find(&sources).unwrap().token, Token::new("variable"));
        sources.token_file = Some(dir.path().join("mine"));
        assert_eq!(Credentials::find(&sources).unwrap().token, Token::new("mine"));
        sources.token_file = Some(dir.path().join("missing"));
        let found = Credentials::find(&sources);
        assert!(matches!(found, Err(CredentialsError::Unreadable { .. })), "{found:?}");
    }

    #[test]
    fn an_empty_token_file_is_named() {
        let dir = folder();
        std::fs::write(dir.path().join("mine"), " \n").unwrap();
        std::fs::write(dir.path().join(OWNER_TOKEN_FILE), "").unwrap();
        let mine = Sources { token_file: Some(dir.path().join("mine")), ..sources(dir.path()) };
        for (sources, name) in [(mine, "mine"), (sources(dir.path()), OWNER_TOKEN_FILE)] {
            let error = Credentials::find(&sources).unwrap_err();
            let CredentialsError::Empty(path) = &error else { panic!("{error}") };
            assert_eq!(*path, dir.path().join(name));
        }
    }

    #[test]
    fn what_is_no_address_is_named() {
        let dir = folder();
        let refused = |server: &str| {
            let server = Some(server.to_owned());
            Credentials::find(&Sources { server, ..sources(dir.path()) }).unwrap_err()
        };
        for server in ["localhost:4180", "127.0.0.1:4180", "[::1]:4180", "hub", "hub.example/a"] {
            let error = refused(server);
            assert!(matches!(error, CredentialsError::NoScheme(_)), "{error}");
            let message = error.to_string();
            assert!(message.ends_with(&format!(": write http://{server}")), "{message}");
        }
        for server in ["ftp://hub", "file:///tmp", "data:x", "http://", "https://?", "", "a b"] {
            let error = refused(server);
            assert!(matches!(error, CredentialsError::Server(_)), "{error}");
            assert!(error.to_string().contains(&format!("`{server}`")), "{error}");
        }
    }
}
