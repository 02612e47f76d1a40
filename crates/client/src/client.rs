//! One server, and what can be asked of it.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use bytes::Bytes;
use launchdarkly_sdk_transport::HttpTransport;
use tidings_feed::Failure;
use tidings_protocol::api::{RECENT_EVENTS, Role, Session, path, query};
use tidings_protocol::event::EventId;
use tidings_protocol::fingerprint::Fingerprint;
use tidings_protocol::topic::{Selector, of_dashboard};
use url::{Host, Url};

use crate::error::{ClientError, redirect, refused};
use crate::http::http_client;
use crate::lines::Limits;
use crate::link::Link;
use crate::outbox::{Bounds, Outbox};
use crate::subscription::{Asked, Subscription, Target, start};
use crate::token::Token;
use crate::transport::{Checked, Reqwest, root_cause};
use crate::trust::{Trust, TrustError, Untrusted};

/// Longest a request may take, streams apart.
pub(crate) const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest it may take to find out whether a server is trusted.
const CHECK_TIMEOUT: Duration = Duration::from_secs(10);
/// Longest answer to a request, in bytes, streams apart.
pub(crate) const MAX_ANSWER_BYTES: usize = 1 << 20;

/// Which server, and within which limits.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    /// Where the server is; a path before its routes is kept.
    pub server: Url,
    /// Who asks.
    pub token: Token,
    /// What is known of the server's key, for https.
    pub trust: Trust,
    /// Times the feed goes by.
    pub feed: tidings_feed::Config,
    /// Longest line of a stream, in bytes. Default 40 MiB: no server sends a longer one, whatever body it is
    /// told to take.
    pub max_line: usize,
    /// Longest event of a stream, in bytes. Default 128 MiB: JSON that is nothing but line ends grows
    /// sevenfold.
    pub max_event: usize,
    /// What may wait for a slow reader.
    pub outbox: Bounds,
}

impl ClientConfig {
    /// The defaults for a server.
    #[must_use]
    pub fn new(server: Url, token: Token) -> Self {
        Self {
            server,
            token,
            trust: Trust::default(),
            feed: tidings_feed::Config::default(),
            max_line: 40 << 20,
            max_event: 128 << 20,
            outbox: Bounds::default(),
        }
    }
}

/// A server and the token to ask it with.
#[derive(Clone, Debug)]
pub struct Client {
    config: ClientConfig,
    http: reqwest::Client,
    streams: Checked,
    trust: Arc<RwLock<Trust>>,
}

impl Client {
    /// Makes no connection yet.
    ///
    /// # Errors
    ///
    /// If the address or token cannot be used, or https on this machine.
    pub fn new(config: ClientConfig) -> Result<Self, ClientError> {
        let is_http = matches!(config.server.scheme(), "http" | "https");
        if !is_http || config.server.host().is_none() {
            return Err(ClientError::Address(config.server));
        }
        if config.token.bearer().is_none() {
            return Err(ClientError::Token);
        }
        let trust = Arc::new(RwLock::new(config.trust.clone()));
        let http = http_client(&config, &trust)?;
        let streams = Checked::new(Reqwest(http.clone()), limits(&config));
        Ok(Self { config, http, streams, trust })
    }

    /// The same client, whose streams go through `transport`; other requests do not.
    #[must_use]
    pub fn with_transport(mut self, transport: impl HttpTransport) -> Self {
        self.streams = Checked::new(transport, limits(&self.config));
        self
    }

    /// The same client, whose streams keep so much for a slow reader.
    #[must_use]
    pub fn with_outbox(mut self, bounds: Bounds) -> Self {
        self.config.outbox = bounds;
        self
    }

    /// The server asked.
    #[must_use]
    pub fn server(&self) -> &Url {
        &self.config.server
    }

    /// Opens a stream of what the selectors ask for; without any, of all that is the caller's own.
    /// Must be called within a tokio runtime.
    #[must_use]
    pub fn subscribe(&self, topics: &[Selector]) -> Subscription {
        self.subscribe_from(topics, None)
    }

    /// Opens a stream like [`subscribe`](Self::subscribe) that begins behind an event, as far as the server
    /// still holds what followed; what it does not is told as a gap.
    #[must_use]
    pub fn subscribe_from(&self, topics: &[Selector], cursor: Option<EventId>) -> Subscription {
        let topics: Vec<_> = topics.iter().map(ToString::to_string).collect();
        self.start(Asked::At(self.stream_of(&topics, 0)), cursor)
    }

    /// Opens a stream like [`subscribe`](Self::subscribe) that begins with so many of the newest events there are,
    /// shared among the topics, and never more than the server gives.
    #[must_use]
    pub fn subscribe_with_recent(&self, topics: &[Selector], recent: usize) -> Subscription {
        let topics: Vec<_> = topics.iter().map(ToString::to_string).collect();
        self.start(Asked::At(self.stream_of(&topics, recent)), None)
    }

    /// Opens a stream of all that a dashboard shows: as [`subscribe`](Self::subscribe) without selectors, and to an admin the jobs of
    /// all and what programs publish as well, with the newest that was there before. Who asks, and may, is found out before each connection: roles change. Must be called
    /// within a tokio runtime.
    #[must_use]
    pub fn subscribe_as_dashboard(&self) -> Subscription {
        self.start(Asked::AsDashboard(Box::new(self.clone())), None)
    }

    fn start(&self, asked: Asked, cursor: Option<EventId>) -> Subscription {
        let token = self.config.token.clone();
        let target = Target { transport: self.streams.clone(), asked, token };
        start(target, self.config.feed.clone(), cursor, Outbox::new(self.config.outbox))
    }

    /// Where the stream is that a dashboard shows. What goes wrong here goes wrong there as well, and is told by that.
    pub(crate) async fn stream_of_dashboard(&self) -> Url {
        let own = self.stream_of(&[], RECENT_EVENTS);
        let Ok(session) = self.session().await else { return own };
        if session.user.role != Role::Admin {
            return own;
        }
        let all = self.stream_of(&of_dashboard(&session.user.id), RECENT_EVENTS);
        // A token of limited scope may not.
        match self.ask(self.http.head(all.clone())).await {
            Err(ClientError::Status { status: 403, .. }) => own,
            // Whatever else is wrong the stream tells as well, and it is tried again.
            _ => all,
        }
    }

    fn stream_of(&self, topics: &[String], recent: usize) -> Url {
        let mut url = self.route(path::EVENTS);
        url.query_pairs_mut().append_pair(query::UNNAMED, "1");
        for topic in topics {
            url.query_pairs_mut().append_pair(query::TOPIC, topic);
        }
        if recent > 0 {
            // Where there is a cursor the server goes by that.
            url.query_pairs_mut().append_pair(query::RECENT, &recent.to_string());
        }
        url
    }

    /// One connection to the stream at `route`, for those of bare payloads; nothing makes it again.
    ///
    /// # Errors
    ///
    /// If the route is none that can be asked for.
    pub fn link(&self, route: &str, cursor: Option<EventId>) -> Result<Link, Failure> {
        Link::new(self.streams.clone(), &self.route(route), &self.config.token, cursor)
    }

    /// Who the token belongs to.
    ///
    /// # Errors
    ///
    /// If the server cannot be reached or refuses the token.
    pub async fn session(&self) -> Result<Session, ClientError> {
        Ok(self.ask(self.http.get(self.route(path::SESSION))).await?.json().await?)
    }

    /// Trusts this key of the server from now on: this client, its streams that connect again, and programs to come. It
    /// must be the one that the server showed last, and that is [unknown](crate::Distrust::Unknown).
    ///
    /// # Errors
    ///
    /// If it is any other key, or cannot be kept.
    pub fn trust(&self, fingerprint: Fingerprint) -> Result<(), TrustError> {
        let mut trust = self.trust.write().unwrap_or_else(PoisonError::into_inner);
        trust.trust(&self.config.server, fingerprint)
    }

    /// Connects, and says whether the server's key is trusted; whatever else goes wrong the next request will meet
    /// again. The connection is used for that request, too.
    ///
    /// # Errors
    ///
    /// If the key is not trusted.
    pub async fn check_trust(&self) -> Result<(), Box<Untrusted>> {
        let request = self.http.get(self.route(path::HEALTH)).timeout(CHECK_TIMEOUT);
        match request.send().await {
            Err(error) => match Untrusted::among(&error) {
                Some(untrusted) => Err(Box::new(untrusted.clone())),
                None => Ok(()),
            },
            Ok(answer) => {
                // To its end, so that the connection is free.
                let _ = read(answer, MAX_ANSWER_BYTES).await;
                Ok(())
            }
        }
    }

    /// Sends a request with the token and reads the answer, within bounds.
    pub(crate) async fn ask(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, ClientError> {
        self.ask_for(request, MAX_ANSWER_BYTES).await
    }

    /// As [`ask`](Self::ask), for an answer of at most `most` bytes.
    pub(crate) async fn ask_for(
        &self,
        request: reqwest::RequestBuilder,
        most: usize,
    ) -> Result<reqwest::Response, ClientError> {
        read(self.open(request.timeout(REQUEST_TIMEOUT)).await?, most).await
    }

    /// Sends a request with the token, and looks at the head of the answer: what is behind it nobody has read, and may take
    /// as long as `request` says.
    pub(crate) async fn open(
        &self,
        request: reqwest::RequestBuilder,
    ) -> Result<reqwest::Response, ClientError> {
        let bearer = self.bearer()?;
        let answer = request.header(http::header::AUTHORIZATION, bearer).send().await?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if let Some(redirect) = redirect(status, answer.headers()) {
            return Err(redirect);
        }
        let headers = answer.headers().clone();
        let body = match read(answer, MAX_ANSWER_BYTES).await {
            Ok(answer) => answer.bytes().await.unwrap_or_default(),
            // The status says more.
            Err(_) => Bytes::new(),
        };
        Err(refused(status, &headers, &body))
    }

    /// The transport of streams.
    pub(crate) fn streams(&self) -> &Checked {
        &self.streams
    }

    /// The token as a header has it.
    pub(crate) fn bearer(&self) -> Result<http::HeaderValue, ClientError> {
        self.config.token.bearer().ok_or(ClientError::Token)
    }

    /// A request that sends something.
    pub(crate) fn post(&self, url: Url) -> reqwest::RequestBuilder {
        self.http.post(url)
    }

    /// A request that reads something.
    pub(crate) fn get(&self, url: Url) -> reqwest::RequestBuilder {
        self.http.get(url)
    }

    /// A request that changes something.
    pub(crate) fn patch(&self, url: Url) -> reqwest::RequestBuilder {
        self.http.patch(url)
    }

    /// A request that ends something.
    pub(crate) fn delete(&self, url: Url) -> reqwest::RequestBuilder {
        self.http.delete(url)
    }

    /// One of the things below `path`: its id is one segment, whatever it holds.
    pub(crate) fn one_of(&self, path: &str, id: &str) -> Url {
        let mut url = self.route(path);
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.push(id);
        }
        url
    }

    pub(crate) fn route(&self, path: &str) -> Url {
        let mut url = self.config.server.clone();
        let base = url.path().trim_end_matches('/').to_owned();
        url.set_path(&format!("{base}{path}"));
        url.set_query(None);
        url.set_fragment(None);
        url
    }
}

fn limits(config: &ClientConfig) -> Limits {
    Limits { line: config.max_line, event: config.max_event }
}

/// The same answer with its body in memory, within bounds. One that breaks off is none.
async fn read(
    mut answer: reqwest::Response,
    most: usize,
) -> Result<reqwest::Response, ClientError> {
    let mut body = Vec::new();
    let broken = |error| ClientError::Network(root_cause(&error));
    while let Some(chunk) = answer.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > most {
            return Err(ClientError::TooLarge(most));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(http::Response::new(body).into())
}

/// Whether the address is this machine: it needs no proxy, and may be given the owner's token.
pub(crate) fn is_loopback(server: &Url) -> bool {
    match server.host() {
        // Not what lies below it: some resolvers ask the network for that.
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(server: &str) -> Result<Client, ClientError> {
        Client::new(ClientConfig::new(server.parse().unwrap(), Token::new("t")))
    }

    #[test]
    fn routes_lie_below_the_path_of_the_server() {
        for (server, route) in [
            ("http://127.0.0.1:1", "http://127.0.0.1:1/api/session"),
            ("http://127.0.0.1:1/", "http://127.0.0.1:1/api/session"),
            ("http://a.example/tidings/?x=1#y", "http://a.example/tidings/api/session"),
        ] {
            assert_eq!(client(server).unwrap().route(path::SESSION).as_str(), route);
        }
    }

    #[test]
    fn what_is_no_servers_address_is_refused() {
        for server in ["ftp://a.example", "file:///tmp", "data:x"] {
            assert!(matches!(client(server), Err(ClientError::Address(_))), "{server}");
        }
    }

    #[test]
    fn only_this_machine_is_loopback() {
        for (server, here) in [
            ("http://localhost:1", true),
            ("http://127.9.9.9", true),
            ("http://[::1]:1", true),
            ("http://tidings.localhost", false),
            ("http://localhost.", false),
            ("http://localhost.example.com", false),
            ("http://10.0.0.1", false),
            ("http://[2001:db8::1]", false),
        ] {
            assert_eq!(is_loopback(&server.parse().unwrap()), here, "{server}");
        }
    }
}
