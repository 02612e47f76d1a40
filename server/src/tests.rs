//! The whole server in one process, where what it holds can be counted.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::*;

mod churn;
mod forwarded;
mod tokens;

const TOKEN: &str = "token";

struct Running {
    address: SocketAddr,
    state: AppState,
    shutdown: CancellationToken,
    task: JoinHandle<()>,
    /// Runtimes of the threads that serve connections.
    workers: Vec<Handle>,
}

async fn start(connections: usize) -> Running {
    start_with(Config::bundled(TOKEN.to_owned()), connections).await
}

async fn start_with(config: Config, connections: usize) -> Running {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let server = Server::open(listener, config, connections).await.unwrap();
    let (address, state, workers) =
        (server.address(), server.state.clone(), server.workers.handles());
    let shutdown = CancellationToken::new();
    let running = server.run(shutdown.clone());
    let task = tokio::spawn(async { running.await.unwrap() });
    Running { address, state, shutdown, task, workers }
}

/// Opens a stream and reads until `text` was seen.
async fn open(address: SocketAddr, text: &str) -> TcpStream {
    let mut stream = request(address, "/api/events").await;
    read_until(&mut stream, text).await;
    stream
}

async fn request(address: SocketAddr, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request =
        format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {TOKEN}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen[seen.len().saturating_sub(4096)..]).contains(text) {
        let more = tokio::time::timeout(Duration::from_secs(10), stream.read_buf(&mut seen)).await;
        assert_ne!(more.expect(text).unwrap(), 0, "closed without {text}");
    }
    String::from_utf8_lossy(&seen).into_owned()
}

pub(crate) async fn eventually(what: &str, condition: impl Fn() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), wait).await.expect(what);
}

#[tokio::test]
async fn clients_that_vanish_leave_no_subscription_and_no_slot_behind() {
    // A sixteenth is kept for what is no stream.
    let server = start(160).await;
    let mut clients = Vec::new();
    for _ in 0..150 {
        clients.push(open(server.address, "connected").await);
    }
    assert_eq!(server.state.hub.subscribers(), 150);
    assert!(server.state.streams.take().is_none());

    drop(clients);
    eventually("every subscription is gone", || server.state.hub.subscribers() == 0).await;
    assert!(server.state.streams.take().is_some());
}

#[tokio::test]
async fn one_stream_too_many_is_told_to_come_later() {
    let server = start(16).await;
    let mut streams = Vec::new();
    for _ in 0..15 {
        streams.push(open(server.address, "connected").await);
    }
    let mut refused = request(server.address, "/api/events").await;
    let answer = read_until(&mut refused, "too_many_streams").await;
    assert!(answer.starts_with("HTTP/1.1 503") && answer.contains("retry-after: "), "{answer}");
}

#[tokio::test]
async fn a_connection_too_many_waits_for_a_place() {
    let server = start(2).await;
    let first = open(server.address, "connected").await;
    let _second = open(server.address, "connected").await;
    let mut third = request(server.address, "/healthz").await;
    let waits = tokio::time::timeout(Duration::from_millis(100), third.readable()).await;
    assert!(waits.is_err(), "it was served as a third of two");
    drop(first);
    read_until(&mut third, "ok").await;
}

#[tokio::test]
async fn the_link_leads_where_the_server_answers() {
    let url = async |listen: &str, allowed: &[&str], proxy: bool| {
        let mut config = Config::bundled(TOKEN.to_owned());
        config.server.behind_proxy = proxy.then_some(Ipv4Addr::LOCALHOST.into());
        config.server.allowed_hosts = allowed.iter().map(ToString::to_string).collect();
        let listener = TcpListener::bind(listen).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Server::open(listener, config, 10).await.unwrap();
        let host = server.url().split_once("://").unwrap().1.to_owned();
        assert!(server.state.hosts.allows(&host), "{host}");
        server.url().replace(&format!(":{port}"), ":PORT")
    };
    assert_eq!(url("127.0.0.1:0", &["box.lan"], false).await, "http://127.0.0.1:PORT");
    assert_eq!(url("0.0.0.0:0", &[], true).await, "http://127.0.0.1:PORT");
    assert_eq!(url("0.0.0.0:0", &["box.lan"], true).await, "https://box.lan");
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

#[tokio::test]
async fn a_reader_that_stalls_is_told_of_its_gap_and_slows_nobody() {
    let mut config = Config::bundled(TOKEN.to_owned());
    config.hub.history_events = 10;
    let server = start_with(config, 10).await;
    let mut stalled = request(server.address, "/api/events?topic=app/x").await;
    let mut quick = request(server.address, "/api/events?topic=app/x").await;
    read_until(&mut stalled, "connected").await;
    read_until(&mut quick, "connected").await;

    let topic = "app/x".parse().unwrap();
    let publish = async |n: u32| {
        // More than the sockets between the two hold.
        let data = format!("{{\"filler\":\"{}\",\"n\":{n}}}", "x".repeat(256 << 10));
        server.state.hub.publish(&topic, Default::default(), data.into()).await.unwrap();
    };
    for n in 1..=80 {
        publish(n).await;
        let seen = read_until(&mut quick, &format!("\"n\":{n}}}")).await;
        assert!(!seen.contains("event: gap"), "at {n}");
    }

    let seen = read_until(&mut stalled, "\"n\":80}").await;
    // It may have been slow before it stalled.
    let (_, gap) = seen.rsplit_once("event: gap").expect("a gap");
    assert!(gap.contains("\"topics\":[\"app/x\"]") && gap.contains("slow_consumer"));
    for n in 71..=80 {
        assert!(gap.contains(&format!("\"n\":{n}}}")), "{n} is kept and follows the gap");
    }
}

#[tokio::test]
async fn a_server_can_run_in_a_task_of_somebody_else() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let shutdown = CancellationToken::new();
    // It would not compile otherwise, and the desktop app with it.
    let running =
        tokio::spawn(serve(listener, Config::bundled(TOKEN.to_owned()), shutdown.clone()));
    shutdown.cancel();
    running.await.unwrap().unwrap();
}
