//! Streams by HTTP/2: many on a connection, clients that misbehave, and the end.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::tls::{STREAM, open, publish, server};
use harness::{DEADLINE, Http2, Wire, tls, until, wire};
use tokio::task::JoinSet;

/// Streams of each version that are open when the server is told to end.
const MANY: usize = 250;

/// What they may take.
const MANY_END_WITHIN: Duration = Duration::from_secs(2);

/// Most requests of a connection; the documentation says so.
const MAX_REQUESTS: usize = 100;

/// Within this time a client that answers no ping is let go; the documentation says so.
const GONE: Duration = Duration::from_secs(20);

/// What a busy machine adds.
const SLACK: Duration = Duration::from_secs(5);

#[tokio::test]
async fn a_replay_by_http_2_is_no_storm_of_small_frames() -> Result<()> {
    let server = server("").await?;
    let (address, token) = (server.address(), server.token()?);
    let first = publish(address, &token, "0").await?;
    let mut publisher = Wire::secure(address).await?;
    for number in 1..=2_000 {
        publisher.send(wire::publish("app/x", &token, &number.to_string())).await?;
        ensure!(publisher.head().await?.status == 200, "it is not taken");
        publisher.body().await?;
    }
    let mut connection = Http2::connect(address).await?;
    let mut events = connection.open(STREAM, &token, &[("last-event-id", &first)]).await?;
    events.next().await?;
    for number in 1..=2_000 {
        let frame = events.next().await?;
        ensure!(frame.json()?["data"] == number, "{number}: {frame:?}");
    }
    ensure!(events.pieces < 200, "{} pieces", events.pieces);
    Ok(())
}

#[tokio::test]
async fn five_hundred_streams_by_tls_end_properly() -> Result<()> {
    let mut server = server("").await?;
    let (address, token) = (server.address(), server.token()?);
    let mut tasks = JoinSet::<Result<Vec<Wire>>>::new();
    for _ in 0..10 {
        let token = token.clone();
        tasks.spawn(async move {
            let mut wires = Vec::new();
            for _ in 0..MANY / 10 {
                let mut wire = open(address, &token, "").await?;
                wire.next().await?;
                wires.push(wire);
            }
            Ok(wires)
        });
    }
    let mut ones = Vec::new();
    while let Some(wires) = tasks.join_next().await {
        ones.extend(wires??);
    }
    let (mut connections, mut twos) = (Vec::new(), Vec::new());
    while twos.len() < MANY {
        let mut connection = Http2::connect(address).await?;
        for _ in 0..MAX_REQUESTS.min(MANY - twos.len()) {
            let mut events = connection.open(STREAM, &token, &[]).await?;
            events.next().await?;
            twos.push(events);
        }
        connections.push(connection);
    }
    let (full, _) = connections.split_first_mut().context("a connection")?;
    let more = tokio::time::timeout(Duration::from_millis(300), full.open(STREAM, &token, &[]));
    ensure!(more.await.is_err(), "a connection takes more than {MAX_REQUESTS} at once");

    let begun = Instant::now();
    server.signal(rustix::process::Signal::TERM)?;
    for events in &mut twos {
        events.ended().await?;
    }
    for wire in &mut ones {
        wire.body().await?;
    }
    for connection in &mut connections {
        match connection.closed(DEADLINE).await? {
            // All its streams have ended, and what it still had to say found the server gone.
            Err(error) if error.get_io().is_some_and(|io| io.kind() == ErrorKind::BrokenPipe) => {}
            closed => closed.context("it is told that no more is taken")?,
        }
    }
    ensure!(server.ended().await?.success(), "it did not end as it should");
    ensure!(begun.elapsed() < MANY_END_WITHIN + SLACK, "it took {:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_drain_sends_clients_of_http_2_elsewhere_before_their_streams_end() -> Result<()> {
    let mut server = server("drain_seconds = 3").await?;
    let (address, token) = (server.address(), server.token()?);
    let mut connection = Http2::connect(address).await?;
    let mut events = connection.open(STREAM, &token, &[]).await?;
    events.next().await?;
    server.signal(rustix::process::Signal::TERM)?;
    until("no more requests are taken", DEADLINE, || {
        let asked = connection.requests();
        async move { Ok(asked.ready().await.is_err().then_some(())) }
    })
    .await?;
    events.ended().await?;
    ensure!(server.ended().await?.success(), "it did not end as it should");
    Ok(())
}

#[tokio::test]
async fn a_client_that_takes_its_requests_back_at_once_is_let_go_and_harms_nobody() -> Result<()> {
    let server = server("heartbeat_seconds = 1").await?;
    let (address, token) = (server.address(), server.token()?);
    let mut bystander = Http2::connect(address).await?;
    let mut events = bystander.open(STREAM, &token, &[]).await?;
    events.next().await?;
    let mut flood = Http2::connect(address).await?;
    let mut sent = 0;
    while sent < 100_000 && flood.send(STREAM, &token, &[]).await.is_ok() {
        // Dropped, the request is reset.
        sent += 1;
        if sent % 10 == 0 {
            tokio::task::yield_now().await;
        }
    }
    ensure!(sent < 100_000, "nobody stops it");
    let id = publish(address, &token, "1").await?;
    let frame = events.past_heartbeats().await?;
    ensure!(frame.id == Some(id), "{frame:?}");
    Ok(())
}

#[tokio::test]
async fn a_client_that_answers_no_ping_is_let_go() -> Result<()> {
    let server = server("heartbeat_seconds = 1").await?;
    let token = server.token()?;
    let before = server.open_files_at_rest().await?;
    let stream = tls::connect(server.address(), &["h2"]).await?;
    let (mut requests, mut connection) = h2::client::handshake(stream).await?;
    let request = http::Request::get(format!("https://localhost{STREAM}"))
        .header("authorization", format!("Bearer {token}"));
    let (answer, _) = requests.send_request(request.body(())?, true)?;
    let answer = tokio::select! {
        ended = &mut connection => anyhow::bail!("{ended:?}"),
        answer = answer => answer?,
    };
    ensure!(answer.status() == 200, "{answer:?}");
    // From here on nobody looks at what the server sends, pings and heartbeats among it.
    server.closes_down_to(before, GONE + SLACK).await
}

#[tokio::test]
async fn a_stream_ends_at_its_time_though_its_client_reads_nothing() -> Result<()> {
    let server = server("max_stream_seconds = 4").await?;
    let (address, token) = (server.address(), server.token()?);
    let mut connection = Http2::connect(address).await?;
    let mut events = connection.open(STREAM, &token, &[]).await?;
    events.gives_room = false;
    events.next().await?;
    let begun = Instant::now();
    // More than the window of a client that gives no room.
    let large = format!("\"{}\"", "x".repeat(100_000));
    for _ in 0..3 {
        publish(address, &token, &large).await?;
    }
    let ended = events.ended().await;
    ensure!(ended.is_err(), "it is reset, for it could not be written out");
    ensure!(begun.elapsed() < Duration::from_secs(4) + SLACK, "after {:?}", begun.elapsed());
    // What it kept of the connection's window is free again.
    drop(events);
    let mut again = connection.open(STREAM, &token, &[]).await?;
    ensure!(again.next().await?.json()?["type"] == "connected", "the connection is spoilt");
    Ok(())
}
