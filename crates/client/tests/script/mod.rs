//! A server that does what a test says, byte by byte.

#![allow(dead_code, reason = "each test uses its part")]

use std::time::Duration;

use tidings_client::{Client, ClientConfig, Subscription, Token, Update};
use tidings_feed::{Cause, Item, State};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Longest any single step of a test may take, paused time too; one that hangs is ended by the runner before.
const PATIENCE: Duration = Duration::from_secs(300);

/// The first frame of every stream.
pub(crate) const CONNECTED: &str = "id: 0000002a-5\ndata: {\"type\":\"connected\",\"protocol\":1,\"serverVersion\":\"0.1.0\",\"heartbeatSeconds\":15,\"topics\":[],\"at\":1000}\n\n";

/// The head of an event stream whose end is the end of the connection.
pub(crate) const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// One event on `topic`.
pub(crate) fn event(seq: u64, topic: &str) -> String {
    format!(
        "id: 0000002a-{seq}\ndata: {{\"type\":\"update\",\"id\":\"0000002a-{seq}\",\"topic\":\"{topic}\",\"at\":1,\"data\":{seq}}}\n\n"
    )
}

/// A heartbeat of a server that has been degraded for 2 s.
pub(crate) const DEGRADED: &str =
    "id: 0000002a-5\ndata: {\"type\":\"heartbeat\",\"at\":9000,\"degradedSince\":7000}\n\n";

/// A heartbeat of a server that is well.
pub(crate) const WELL: &str = "id: 0000002a-5\ndata: {\"type\":\"heartbeat\",\"at\":9500}\n\n";

/// Takes one connection after the other.
pub(crate) struct Script {
    listener: TcpListener,
}

impl Script {
    pub(crate) async fn new() -> Self {
        Self { listener: TcpListener::bind("127.0.0.1:0").await.expect("a free port") }
    }

    pub(crate) fn config(&self) -> ClientConfig {
        let address = self.listener.local_addr().expect("an address");
        let server = format!("http://{address}").parse().expect("a URL");
        ClientConfig::new(server, Token::new("secret"))
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(self.config()).expect("a client")
    }

    pub(crate) fn subscribe(&self) -> Subscription {
        self.client().subscribe(&[])
    }

    /// The next connection and its request.
    pub(crate) async fn accept(&self) -> Peer {
        let accepted = patiently(self.listener.accept()).await;
        let (stream, _) = accepted.expect("a connection");
        let mut peer = Peer { stream, request: String::new() };
        while !peer.request.ends_with("\r\n\r\n") {
            let byte = patiently(peer.stream.read_u8()).await.expect("a request");
            peer.request.push(char::from(byte));
        }
        peer
    }

    /// The next connection, answered with a stream and its first frame.
    pub(crate) async fn open(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.send(STREAM).await;
        peer.send(CONNECTED).await;
        peer
    }
}

/// The server's end of one connection.
pub(crate) struct Peer {
    stream: TcpStream,
    /// Request line and headers.
    pub(crate) request: String,
}

impl Peer {
    pub(crate) async fn send(&mut self, text: &str) {
        self.send_bytes(text.as_bytes()).await;
    }

    pub(crate) async fn send_bytes(&mut self, bytes: &[u8]) {
        patiently(self.stream.write_all(bytes)).await.expect("the client reads");
    }

    /// Sends until the client closes.
    pub(crate) async fn send_for_ever(&mut self, text: &str) -> usize {
        let mut sent = 0;
        while patiently(self.stream.write_all(text.as_bytes())).await.is_ok() {
            sent += text.len();
        }
        sent
    }

    /// Answers without a body and ends the connection.
    pub(crate) async fn answer(mut self, status: &str, headers: &str) {
        let head = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n{headers}\r\n");
        self.send(&head).await;
    }

    /// Waits until the client has closed its end.
    pub(crate) async fn closed(&mut self) {
        let mut rest = Vec::new();
        // A reset is an end as well.
        let _ = patiently(self.stream.read_to_end(&mut rest)).await;
    }

    /// The request's body, as long as its head says.
    pub(crate) async fn body(&mut self) -> String {
        let length = self.header("content-length").and_then(|length| length.parse().ok());
        let mut body = vec![0; length.expect("a length")];
        patiently(self.stream.read_exact(&mut body)).await.expect("a body");
        String::from_utf8(body).expect("text")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.request.lines().find_map(|line| {
            let (found, value) = line.split_once(": ")?;
            found.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

pub(crate) async fn patiently<T>(step: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, step).await.expect("the step takes too long")
}

/// Updates until the state is the one asked for; what was delivered on the way.
pub(crate) async fn until(subscription: &mut Subscription, wanted: fn(State) -> bool) -> Seen {
    let mut seen = Seen::default();
    loop {
        let update = patiently(subscription.next()).await;
        let state = update.status.state;
        seen.add(update);
        if wanted(state) {
            return seen;
        }
    }
}

/// Updates until `count` items arrived.
pub(crate) async fn until_items(subscription: &mut Subscription, count: usize) -> Seen {
    let mut seen = Seen::default();
    while seen.seqs.len() < count {
        seen.add(patiently(subscription.next()).await);
    }
    seen
}

/// What some updates held.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) seqs: Vec<u64>,
    pub(crate) cause: Option<Cause>,
    pub(crate) failures: u32,
    pub(crate) dropped: u64,
}

impl Seen {
    fn add(&mut self, update: Update) {
        self.cause = update.status.cause;
        self.failures = update.status.failures;
        self.dropped += update.dropped;
        self.seqs.extend(update.deliveries.into_iter().map(|delivery| match delivery.item {
            Item::Event(event) => event.id.seq,
            Item::Gap(_) => 0,
        }));
    }
}

pub(crate) fn live(state: State) -> bool {
    state == State::Live
}

pub(crate) fn degraded(state: State) -> bool {
    state == State::Degraded
}

pub(crate) fn reconnecting(state: State) -> bool {
    matches!(state, State::Reconnecting { .. })
}
