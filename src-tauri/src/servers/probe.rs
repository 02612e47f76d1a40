//! A server is tried before it is kept: real requests with the token, and a real stream.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tidings_client::{
    Cause, Client, ClientConfig, ClientError, CredentialsError, Distrust, KnownServers, Sources,
    State, Token, Trust, Untrusted, default_data_dir,
};
use url::{Host, Url};

/// Longest each part of the trial may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Longest name, in characters, and longest address and token, in bytes.
const NAME: usize = 60;
const ADDRESS: usize = 1_000;
const TOKEN: usize = 4_096;

/// What somebody writes of a server. It has no `Debug`, for the sake of the token.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct Draft {
    /// Of the one that is changed; empty of a new one.
    pub(super) id: String,
    /// What it is to be called; by its host, where that is empty.
    name: String,
    url: String,
    /// Empty where it is to stay as it is.
    pub(super) token: String,
    /// Fingerprint of its key, once somebody has compared it; empty otherwise.
    pub(super) key: String,
    /// Whether the token may travel for others to read.
    is_plain: bool,
    /// Whether a server that cannot be reached is kept all the same.
    pub(super) is_kept_anyway: bool,
}

/// Why a server cannot be added, for the page to put in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Problem {
    /// It is no address.
    Address,
    /// The address has a name or password in it.
    Credentials,
    /// The token would travel for others to read.
    Plain,
    /// There is no token, or it has characters that no token has.
    Token,
    /// The token is the one of another address.
    OtherAddress,
    /// Nobody opened the store where the token lies or is to lie.
    Locked,
    /// It is in the list.
    Known,
    /// The list is full.
    Full,
    /// No connection, or no answer.
    Unreachable,
    /// Its key is not known; somebody may compare it.
    Untrusted,
    /// Its key is not the one that it had.
    OtherKey,
    /// It does not take the token.
    Unauthorized,
    /// The token may read nothing.
    Forbidden,
    /// It sends elsewhere.
    Redirect,
    /// Something else answers.
    NotTidings,
    /// It speaks otherwise than this release.
    Release,
    /// It answers that it cannot.
    Failing,
    /// Requests are answered, and a stream does not come.
    Stream,
    /// All is well with the server, and the app cannot keep it.
    NotKept,
}

/// How a trial went.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Verdict {
    /// Null where all is well.
    pub(super) problem: Option<Problem>,
    /// What somebody else says of it: the system, the server.
    detail: String,
    /// Fingerprint of the key that the server shows.
    key: String,
    /// Who the token belongs to.
    user: String,
    role: String,
    /// Release of the server.
    version: String,
}

impl Verdict {
    pub(super) fn of(problem: Problem, detail: impl ToString) -> Self {
        Self { problem: Some(problem), detail: detail.to_string(), ..Self::default() }
    }

    /// The same of a server that is kept, whatever was wrong.
    pub(super) fn kept(mut self) -> Self {
        self.problem = None;
        self
    }
}

impl From<Problem> for Verdict {
    fn from(problem: Problem) -> Self {
        Self::of(problem, "")
    }
}

/// What a draft says, once it can be tried.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) url: Url,
    /// Fingerprint of the one key that will do.
    pub(super) key: Option<String>,
}

impl Draft {
    /// What it says, but for the token.
    pub(super) fn wanted(&self) -> Result<Wanted, Problem> {
        let text = self.url.trim();
        let url = Url::parse(text).ok().filter(|url| {
            matches!(url.scheme(), "http" | "https") && url.has_host() && text.len() <= ADDRESS
        });
        let mut url = url.ok_or(Problem::Address)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Problem::Credentials);
        }
        url.set_query(None);
        url.set_fragment(None);
        let is_encrypted = url.scheme() == "https";
        if !is_encrypted && !is_here(&url) && !self.is_plain {
            return Err(Problem::Plain);
        }
        let visible = self.name.chars().filter(|c| !c.is_control()).take(NAME);
        let name = visible.collect::<String>().trim().to_owned();
        let host = url.host_str().unwrap_or_default();
        let name = if name.is_empty() { host.to_owned() } else { name };
        let key = Some(self.key.trim().to_owned()).filter(|key| is_encrypted && !key.is_empty());
        Ok(Wanted { name, url, key })
    }

    /// The token, where one was written.
    pub(super) fn token(&self) -> Result<Option<Token>, Problem> {
        let written = self.token.trim();
        if written.is_empty() {
            return Ok(None);
        }
        let token = Token::new(written);
        let is_one = written.len() <= TOKEN && token.bearer().is_some();
        if is_one { Ok(Some(token)) } else { Err(Problem::Token) }
    }
}

/// Whether the address is this machine.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// A client of a server, which takes the key that somebody compared, and else whatever is trusted on this machine.
pub(super) fn client(
    url: &Url,
    key: Option<String>,
    token: Token,
) -> Result<Client, CredentialsError> {
    let sources = Sources {
        fingerprint: key,
        known_servers: KnownServers::default_path(),
        data_dir: default_data_dir(),
        ..Sources::default()
    };
    let trust = Trust::find(url, &sources)?;
    let config = ClientConfig { trust, ..ClientConfig::new(url.clone(), token) };
    Client::new(config).map_err(|error| CredentialsError::Server(error.to_string()))
}

/// Asks who the token belongs to, and opens a stream as the window does.
pub(super) async fn ask(client: &Client) -> Verdict {
    let session = match tokio::time::timeout(PATIENCE, client.session()).await {
        Ok(Ok(session)) => session,
        Ok(Err(error)) => return refused(&error),
        Err(_) => {
            return Verdict::of(Problem::Unreachable, format!("no answer within {PATIENCE:?}"));
        }
    };
    let mut verdict = match tokio::time::timeout(PATIENCE, listen(client)).await {
        Ok(verdict) => verdict,
        Err(_) => Verdict::of(Problem::Stream, format!("nothing came within {PATIENCE:?}")),
    };
    verdict.user = session.user.name;
    verdict.role = session.user.role.to_string();
    verdict.version = session.server_version;
    verdict
}

/// Waits until a stream is there, or it is known why not.
async fn listen(client: &Client) -> Verdict {
    let mut subscription = client.subscribe_as_dashboard();
    loop {
        let status = subscription.next().await.status;
        let detail = match status.cause {
            Some(Cause::Network { detail } | Cause::NotAStream { detail }) => detail,
            Some(Cause::Status { code }) => format!("HTTP status {code}"),
            _ => String::new(),
        };
        return match status.state {
            State::Connecting => continue,
            State::Live | State::Degraded | State::Stale => Verdict::default(),
            State::Unauthorized => Verdict::of(Problem::Forbidden, detail),
            State::Incompatible => Verdict::of(Problem::Release, detail),
            State::Reconnecting { .. } | State::Offline => Verdict::of(Problem::Stream, detail),
        };
    }
}

fn refused(error: &ClientError) -> Verdict {
    match error {
        ClientError::Address(_) => Problem::Address.into(),
        ClientError::Token => Problem::Token.into(),
        ClientError::Untrusted(untrusted) => distrusted(untrusted),
        ClientError::Unreachable(detail)
        | ClientError::Network(detail)
        | ClientError::Tls(detail) => Verdict::of(Problem::Unreachable, detail),
        ClientError::Redirect { location, .. } => Verdict::of(Problem::Redirect, location),
        ClientError::TooLarge(_) => Verdict::of(Problem::NotTidings, error),
        ClientError::Unexpected(detail) => Verdict::of(Problem::NotTidings, detail),
        ClientError::Status { status, detail, .. } => {
            // What is no answer of a server's own is a proxy's, or that of something else.
            let said = match detail {
                Some(detail) => detail.message.clone(),
                None => format!("HTTP status {status}"),
            };
            let problem = match status {
                401 => Problem::Unauthorized,
                403 => Problem::Forbidden,
                408 | 429 | 500.. => Problem::Failing,
                _ => Problem::NotTidings,
            };
            Verdict::of(problem, said)
        }
    }
}

fn distrusted(untrusted: &Untrusted) -> Verdict {
    let key = untrusted.fingerprint.to_string();
    let problem = match untrusted.reason {
        Distrust::Unknown(_) => Problem::Untrusted,
        Distrust::Changed(..) | Distrust::NotNamed(_) => Problem::OtherKey,
    };
    Verdict { key, ..Verdict::of(problem, untrusted) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(url: &str) -> Draft {
        Draft { url: url.to_owned(), ..Draft::default() }
    }

    #[test]
    fn an_address_is_one_that_a_token_may_be_sent_to() {
        for (url, expected) in [
            ("https://hub.example", Ok("https://hub.example/")),
            (" https://hub.example:8443/tidings?x#y ", Ok("https://hub.example:8443/tidings")),
            ("http://127.0.0.1:4180", Ok("http://127.0.0.1:4180/")),
            ("http://[::1]:4180", Ok("http://[::1]:4180/")),
            ("http://localhost", Ok("http://localhost/")),
            ("http://hub.example", Err(Problem::Plain)),
            ("http://localhost.example", Err(Problem::Plain)),
            ("https://ann:secret@hub.example", Err(Problem::Credentials)),
            ("https://ann@hub.example", Err(Problem::Credentials)),
            ("hub.example", Err(Problem::Address)),
            ("hub.example:4180", Err(Problem::Address)),
            ("ftp://hub.example", Err(Problem::Address)),
            ("https://", Err(Problem::Address)),
            ("", Err(Problem::Address)),
        ] {
            let wanted = draft(url).wanted().map(|wanted| wanted.url.to_string());
            assert_eq!(wanted.as_deref(), expected.as_deref(), "{url}");
        }
        let plain = Draft { is_plain: true, ..draft("http://hub.example") };
        assert!(plain.wanted().is_ok());
        assert!(draft(&format!("https://{}", "a".repeat(ADDRESS))).wanted().is_err());
    }

    #[test]
    fn a_server_without_a_name_is_called_by_its_host_and_a_name_is_bounded() {
        let named = |name: &str| {
            let draft = Draft { name: name.to_owned(), ..draft("https://hub.example:1") };
            draft.wanted().unwrap_or_else(|problem| panic!("{problem:?}")).name
        };
        assert_eq!(named(" "), "hub.example");
        assert_eq!(named(" La\nb "), "Lab");
        assert_eq!(named(&"é".repeat(200)).chars().count(), NAME);
    }

    #[test]
    fn a_key_is_of_no_use_without_tls() {
        let key = "SHA256:x".to_owned();
        let of = |url| Draft { key: key.clone(), ..draft(url) }.wanted().ok().and_then(|it| it.key);
        assert_eq!(of("http://localhost"), None);
        assert_eq!(of("https://localhost"), Some(key.clone()));
    }

    #[test]
    fn what_breaks_a_header_is_no_token() {
        let token = |token: &str| Draft { token: token.to_owned(), ..Draft::default() }.token();
        assert_eq!(token(" \n"), Ok(None));
        assert_eq!(token("a\nb"), Err(Problem::Token));
        assert_eq!(token(&"a".repeat(TOKEN + 1)), Err(Problem::Token));
        assert_eq!(token(" ab\n"), Ok(Some(Token::new("ab"))));
    }

    #[test]
    fn each_refusal_has_a_cause_of_its_own() {
        let status = |status| ClientError::Status { status, detail: None, retry_after: None };
        for (error, expected) in [
            (status(401), Problem::Unauthorized),
            (status(403), Problem::Forbidden),
            (status(404), Problem::NotTidings),
            (status(503), Problem::Failing),
            (ClientError::Unreachable(String::new()), Problem::Unreachable),
            (ClientError::Unexpected(String::new()), Problem::NotTidings),
            (ClientError::Redirect { status: 302, location: String::new() }, Problem::Redirect),
        ] {
            assert_eq!(refused(&error).problem, Some(expected), "{error}");
        }
    }
}
