//! The whole server in one process, where what it holds can be counted.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;

use super::*;

const TOKEN: &str = "token";

struct Running {
    address: SocketAddr,
    state: AppState,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
}

async fn start(streams: usize) -> Running {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let server = Server::new(listener, Config::bundled(TOKEN.to_owned()), streams).unwrap();
    let (address, state) = (server.address(), server.state.clone());
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(server.run(shutdown.clone()));
    Running { address, state, shutdown, task }
}

/// Opens a stream and reads until `text` was seen.
async fn open(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "GET /api/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains(text) {
        assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "closed without {text}");
    }
    stream
}

async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect(what);
}

#[tokio::test]
async fn clients_that_vanish_leave_no_subscription_and_no_slot_behind() {
    let server = start(100).await;
    let mut clients = Vec::new();
    for _ in 0..100 {
        clients.push(open(server.address, "connected").await);
    }
    assert_eq!(server.state.hub.subscribers(), 100);
    assert!(server.state.streams.take().is_none());

    drop(clients);
    eventually("every subscription is gone", || server.state.hub.subscribers() == 0).await;
    assert!(server.state.streams.take().is_some());
}

#[tokio::test]
async fn one_stream_too_many_is_told_to_come_later() {
    let server = start(1).await;
    let _first = open(server.address, "connected").await;
    let second = open(server.address, "too_many_streams").await;
    drop(second);
}

#[tokio::test]
async fn shutdown_ends_everything_with_streams_open() {
    let server = start(10).await;
    let mut client = open(server.address, "connected").await;
    server.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(2), server.task).await.unwrap().unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"0\r\n\r\n"), "a stream ends as HTTP says, not in the middle");
    assert_eq!(server.state.hub.subscribers(), 0);
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_does_not_hold_up_the_end() {
    let server = start(10).await;
    let mut client = TcpStream::connect(server.address).await.unwrap();
    client.write_all(b"GET /api/events HTTP/1.1\r\nHost:").await.unwrap();
    let _stream = open(server.address, "connected").await;
    server.shutdown.cancel();
    tokio::time::timeout(Duration::from_secs(5), server.task).await.unwrap().unwrap();
}
