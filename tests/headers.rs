//! Every stream there is, byte by byte: its head, its first frame, its heartbeat, and requests that are not
//! what a browser sends.

use std::collections::{BTreeSet, HashSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Head, Server, ServerOptions, Wire, wire};
use tokio::task::JoinSet;

/// A stream, and how to ask for it.
struct Stream {
    /// File below `server/src/routes` that answers it.
    source: &'static str,
    path: &'static str,
    /// Whether a heartbeat is a message instead of a comment.
    is_unnamed: bool,
    /// Type of what it says next to `connected`, before anything has happened.
    says: Option<&'static str>,
}

/// All of them; a test holds the list against the server's source.
const STREAMS: &[Stream] = &[
    Stream {
        source: "events.rs",
        path: "/api/events?topic=app/quiet",
        is_unnamed: false,
        says: None,
    },
    Stream {
        source: "events.rs",
        path: "/api/events?topic=app/quiet&unnamed=1",
        is_unnamed: true,
        says: None,
    },
    Stream { source: "channel.rs", path: "/api/events/owner", is_unnamed: false, says: None },
    Stream {
        source: "notifications/stream.rs",
        path: "/api/notifications/stream",
        is_unnamed: false,
        says: Some("initial"),
    },
    Stream {
        source: "notifications/stream.rs",
        path: "/api/notifications/stream?unnamed=1",
        is_unnamed: true,
        says: Some("initial"),
    },
];

/// The file below `server/src/routes` that answers a request with a stream of what comes of it.
const POSTED: &str = "process.rs";

/// Bounds of `retry:`, in ms.
const RETRY: std::ops::Range<u64> = 500..2_000;

/// How long a client may take for its request's head; docs and server agree on 30 s.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

async fn server() -> Result<Server> {
    let config = "[server]\nheartbeat_seconds = 1\nallowed_origins = [\"https://a.example\"]";
    Server::start_with(ServerOptions::with_config(config)).await
}

fn request(method: &str, path: &str, version: &str, token: &str, more: &str) -> String {
    format!(
        "{method} {path} HTTP/{version}\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Accept-Encoding: gzip, deflate, br, zstd\r\n{more}\r\n"
    )
}

fn check_head(head: &Head, version: &str) -> Result<()> {
    ensure!(head.status == 200, "{head:?}");
    for (name, value) in [
        ("content-type", "text/event-stream"),
        ("cache-control", "no-cache, no-transform"),
        ("x-accel-buffering", "no"),
        ("x-content-type-options", "nosniff"),
    ] {
        ensure!(head.get(name) == Some(value), "{name} in {head:?}");
    }
    let (connection, coding) =
        if version == "1.1" { ("keep-alive", Some("chunked")) } else { ("close", None) };
    ensure!(head.get("connection") == Some(connection), "{head:?}");
    ensure!(head.get("transfer-encoding") == coding, "{head:?}");
    ensure!(head.get("date").is_some(), "{head:?}");
    for name in ["content-encoding", "content-length", "etag", "last-modified"] {
        ensure!(head.get(name).is_none(), "{name} in {head:?}");
    }
    Ok(())
}

async fn expect_connected(wire: &mut Wire) -> Result<u64> {
    let first = wire.next().await?;
    ensure!(first.event.is_none() && first.id.is_some(), "{first:?}");
    ensure!(first.json()?["type"] == "connected", "{first:?}");
    Ok(first.retry.context("a retry")?.parse()?)
}

#[tokio::test]
async fn every_stream_has_its_head_its_first_frame_and_its_heartbeat_on_either_version()
-> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    let mut tasks = JoinSet::new();
    for stream in STREAMS {
        for version in ["1.1", "1.0"] {
            let (address, token) = (server.address(), token.clone());
            tasks.spawn(async move {
                let walked = walk(stream, version, address, &token).await;
                walked.with_context(|| format!("{} by HTTP/{version}", stream.path))
            });
        }
    }
    all(tasks).await
}

async fn walk(stream: &Stream, version: &str, address: SocketAddr, token: &str) -> Result<()> {
    let begun = Instant::now();
    let mut wire = Wire::connect(address).await?;
    wire.send(request("GET", stream.path, version, token, "")).await?;
    check_head(&wire.head().await?, version)?;
    expect_connected(&mut wire).await?;
    if let Some(says) = stream.says {
        let said = wire.next().await?;
        let kind = said.event.clone().or_else(|| Some(said.json().ok()?["type"].as_str()?.into()));
        ensure!(kind.as_deref() == Some(says) && said.event.is_none() == stream.is_unnamed);
    }
    // The first one of a client that sees them tells that there is no more to read, and comes at once.
    for _ in 0..if stream.is_unnamed { 3 } else { 2 } {
        let beat = wire.next_within(Duration::from_secs(3)).await?;
        if stream.is_unnamed {
            ensure!(beat.json()?["type"] == "heartbeat" && beat.id.is_some(), "{beat:?}");
        } else {
            ensure!(beat.comment.as_deref() == Some("heartbeat"), "{beat:?}");
        }
    }
    ensure!(begun.elapsed() > Duration::from_millis(1_900), "two in {:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn the_stream_of_a_job_has_its_head_its_first_message_and_its_heartbeat_on_either_version()
-> Result<()> {
    let config =
        "[server]\nheartbeat_seconds = 1\n[jobs.commands.wait]\nargv = [\"sleep\", \"600\"]";
    let server = Server::start_with(ServerOptions::with_config(config)).await?;
    let token = server.token()?;
    let before = server.open_files_at_rest().await?;
    let job = r#"{"kind":"command","args":{"name":"wait"}}"#;
    // As `curl -d` sends it.
    let more = format!(
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n",
        job.len()
    );
    let path = "/api/process?cancelOnDisconnect=true";
    for version in ["1.1", "1.0"] {
        let mut wire = Wire::connect(server.address()).await?;
        wire.send(request("POST", path, version, &token, &more) + job).await?;
        let head = wire.head().await?;
        check_head(&head, version).context(version)?;
        let location = head.get("location").context("a location")?.to_owned();
        let first = wire.next().await?;
        ensure!(first.event.is_none() && first.id.is_none() && first.retry.is_none(), "{first:?}");
        ensure!(location == format!("/api/jobs/{}", first.json()?["id"].as_str().context("id")?));
        for _ in 0..2 {
            let beat = wire.next_within(Duration::from_secs(3)).await?;
            ensure!(beat.comment.as_deref() == Some("heartbeat"), "{beat:?}");
        }
        wire.reset();
    }
    // Stream, connection and what the commands took are gone.
    server.closes_down_to(before, harness::DEADLINE).await
}

/// Waits for tasks, none of which may fail.
async fn all(mut tasks: JoinSet<Result<()>>) -> Result<()> {
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    Ok(())
}

#[test]
fn every_stream_of_the_server_is_in_this_files_list() -> Result<()> {
    let mut posted = BTreeSet::new();
    let routes = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src/routes");
    let (mut found, mut folders) = (BTreeSet::new(), vec![routes.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path)?;
            let name =
                || path.strip_prefix(&routes).map(|path| path.to_string_lossy().into_owned());
            if text.contains("EventStream") {
                found.insert(name()?);
            }
            if text.contains("ProcessStream") {
                posted.insert(name()?);
            }
        }
    }
    let listed: BTreeSet<_> = STREAMS.iter().map(|stream| stream.source.to_owned()).collect();
    assert_eq!(found, listed, "add the new stream to STREAMS");
    assert_eq!(posted, BTreeSet::from([POSTED.to_owned()]), "have a story ask for it");
    Ok(())
}

#[tokio::test]
async fn clients_are_told_to_come_back_at_times_of_their_own() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    for stream in STREAMS {
        let mut times = HashSet::new();
        for _ in 0..12 {
            let (mut wire, _) = Wire::get(server.address(), stream.path, &token).await?;
            let retry = expect_connected(&mut wire).await?;
            ensure!(RETRY.contains(&retry), "{retry}");
            times.insert(retry);
        }
        // Two of twelve may meet by chance.
        ensure!(times.len() >= 8, "{times:?}");
    }
    Ok(())
}

#[tokio::test]
async fn head_has_the_headers_alone_and_leaves_the_connection_and_no_stream_behind() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    for stream in STREAMS {
        let mut wire = Wire::connect(server.address()).await?;
        for _ in 0..3 {
            wire.send(request("HEAD", stream.path, "1.1", &token, "")).await?;
            let head = wire.head_of("HEAD").await?;
            ensure!(head.get("content-type") == Some("text/event-stream"), "{head:?}");
            ensure!(head.status == 200 && head.get("content-encoding").is_none(), "{head:?}");
        }
        wire.send(wire::get("/healthz", &token)).await?;
        ensure!(wire.head().await?.status == 200, "no answer behind HEAD");
        ensure!(wire.body().await? == "ok\n", "a body where HEAD has none");
    }
    Ok(())
}

#[tokio::test]
async fn options_lets_allowed_pages_send_their_cursor_and_others_nothing() -> Result<()> {
    let server = server().await?;
    for stream in STREAMS {
        for (origin, is_allowed) in [("https://a.example", true), ("https://b.example", false)] {
            let mut wire = Wire::connect(server.address()).await?;
            let more = format!(
                "Origin: {origin}\r\nAccess-Control-Request-Method: GET\r\n\
                 Access-Control-Request-Headers: authorization,last-event-id\r\n"
            );
            let preflight =
                format!("OPTIONS {} HTTP/1.1\r\nHost: localhost\r\n{more}\r\n", stream.path);
            wire.send(preflight).await?;
            let head = wire.head().await?;
            let allowed = head.get("access-control-allow-headers").unwrap_or_default();
            let allows_cursor = allowed.to_ascii_lowercase().contains("last-event-id");
            let found = head.get("access-control-allow-origin") == Some(origin) && allows_cursor;
            ensure!(found == is_allowed, "{origin}: {head:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_request_before_the_streams_is_answered_first_and_one_behind_it_harms_nothing()
-> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    let stream = wire::get("/api/events?topic=app/x", &token);
    let health = wire::get("/healthz", &token);
    let mut wire = Wire::connect(server.address()).await?;
    wire.send(format!("{health}{health}{stream}{health}")).await?;
    for _ in 0..2 {
        ensure!(wire.head().await?.status == 200, "no answer");
        ensure!(wire.body().await? == "ok\n", "another body");
    }
    check_head(&wire.head().await?, "1.1")?;
    expect_connected(&mut wire).await?;

    // The very kind of request that published the event, from a connection that goes on to be a stream.
    let mut publisher = Wire::connect(server.address()).await?;
    publisher.send(wire::publish("app/x", &token, "1")).await?;
    ensure!(publisher.head().await?.status == 200, "not published");
    publisher.body().await?;
    publisher.send(&stream).await?;
    check_head(&publisher.head().await?, "1.1")?;
    expect_connected(&mut publisher).await?;

    let event = wire.next().await?;
    ensure!(event.event.as_deref() == Some("update") && event.json()?["data"] == 1, "{event:?}");
    Ok(())
}

#[tokio::test]
async fn a_stream_asked_for_in_an_odd_way_is_a_stream_all_the_same() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    let long_body = format!("Content-Length: 3000\r\n\r\n{}", "x".repeat(3000 - 2));
    let odd = [
        "Connection: close\r\n",
        "Connection: keep-alive, Upgrade\r\nUpgrade: h2c\r\n",
        "Content-Length: 5\r\n\r\nhel",
        "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
        "Expect: 100-continue\r\nContent-Length: 5\r\n",
        &long_body,
        "Accept: application/json\r\n",
        "Range: bytes=0-10\r\nIf-None-Match: *\r\n",
    ];
    let mut tasks = JoinSet::new();
    for more in odd {
        let address = server.address();
        let request = request("GET", "/api/events?topic=app/x", "1.1", &token, more);
        let what = more[..more.len().min(60)].to_owned();
        tasks.spawn(async move {
            let mut wire = Wire::connect(address).await?;
            wire.send(request).await?;
            check_head(&wire.head().await?, "1.1").context(what.clone())?;
            expect_connected(&mut wire).await?;
            let beat = wire.next().await.context(what)?;
            ensure!(beat.comment.is_some(), "{beat:?}");
            Ok(())
        });
    }
    all(tasks).await
}

#[tokio::test]
async fn a_client_that_closes_its_half_or_talks_on_without_end_is_let_go() -> Result<()> {
    let server = server().await?;
    let token = server.token()?;
    let before = server.open_files_at_rest().await?;

    // Its request and the end of what it has to say at once, and the end a while later.
    for is_at_once in [true, false] {
        let mut wire = Wire::connect(server.address()).await?;
        wire.send(wire::get("/api/events?topic=app/x", &token)).await?;
        if !is_at_once {
            wire.head().await?;
            expect_connected(&mut wire).await?;
        }
        wire.finish_sending().await?;
        server.closes_down_to(before, harness::DEADLINE).await?;
    }

    let (mut wire, _) = Wire::get(server.address(), "/api/events?topic=app/x", &token).await?;
    expect_connected(&mut wire).await?;
    // As much as the server takes; then the connection breaks.
    while wire.send([b'x'; 4096]).await.is_ok() {}
    server.closes_down_to(before, harness::DEADLINE).await
}

#[tokio::test]
async fn a_head_that_comes_a_byte_at_a_time_is_given_up() -> Result<()> {
    let server = server().await?;
    let before = server.open_files_at_rest().await?;
    let begun = Instant::now();
    let mut wire = Wire::connect(server.address()).await?;
    let head = request("GET", "/api/events", "1.1", &server.token()?, "");
    let mut drip = tokio::time::interval(Duration::from_millis(500));
    for byte in head.bytes() {
        drip.tick().await;
        let gone = wire.send([byte]).await.is_err() || server.open_files()? <= before;
        if gone && begun.elapsed() > Duration::from_secs(1) {
            break;
        }
        ensure!(begun.elapsed() < HEAD_TIMEOUT + Duration::from_secs(5), "it is still there");
    }
    ensure!(begun.elapsed() > HEAD_TIMEOUT - Duration::from_secs(2), "{:?}", begun.elapsed());
    server.closes_down_to(before, harness::DEADLINE).await
}
