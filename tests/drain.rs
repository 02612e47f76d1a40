//! How a server with many streams open ends.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Server, ServerOptions, Wire, raise_descriptor_limit, wire};
use rustix::process::Signal;
use tokio::task::JoinSet;

/// Streams that are open when the server is told to end at once.
const MANY: usize = 5_000;

/// What they may take.
const MANY_END_WITHIN: Duration = Duration::from_secs(2);

/// Streams that are open when it is told to take its time, and the time.
const SPREAD: usize = 600;
const WINDOW: Duration = Duration::from_secs(3);

/// What comes on top: connections that did not end are cut, the journal is written.
const ON_TOP: Duration = Duration::from_secs(1);

/// Connects so many at a time.
const AT_ONCE: usize = 50;

/// Opens streams and reads the first frame of each.
async fn open(server: &Server, count: usize, path: &'static str) -> Result<Vec<Wire>> {
    let (address, token) = (server.address(), server.token()?);
    let mut tasks = JoinSet::<Result<Vec<Wire>>>::new();
    for task in 0..AT_ONCE {
        let token = token.clone();
        tasks.spawn(async move {
            let mut open = Vec::new();
            for _ in (task..count).step_by(AT_ONCE) {
                let (mut wire, head) = Wire::get(address, path, &token).await?;
                ensure!(head.status == 200, "{head:?}");
                wire.next().await?;
                open.push(wire);
            }
            Ok(open)
        });
    }
    let mut open = Vec::new();
    while let Some(wires) = tasks.join_next().await {
        open.extend(wires??);
    }
    ensure!(open.len() == count, "{} streams", open.len());
    Ok(open)
}

#[tokio::test]
async fn five_thousand_streams_end_properly_and_the_process_within_two_seconds() -> Result<()> {
    raise_descriptor_limit(MANY as u64 + 500)?;
    let mut server = Server::start().await?;
    // With a sample to each of them every second.
    let streams = open(&server, MANY, "/api/events").await?;

    let begun = Instant::now();
    ensure!(server.stop().await?.success(), "it did not end as it should");
    let taken = begun.elapsed();
    println!("{MANY} streams open: the server ended within {taken:?}");
    ensure!(taken <= MANY_END_WITHIN, "{taken:?}");
    for mut stream in streams {
        stream.body().await?;
        stream.closed().await?;
    }
    Ok(())
}

#[tokio::test]
async fn drained_streams_end_one_by_one_and_the_server_answers_meanwhile() -> Result<()> {
    let mut server =
        Server::start_with(ServerOptions::default().with_args(["--drain", "3s"])).await?;
    let (address, token) = (server.address(), server.token()?);
    let streams = open(&server, SPREAD, "/api/events?topic=app/x").await?;
    let mut kept = Wire::connect(address).await?;
    kept.send(wire::get("/readyz", &token)).await?;
    ensure!(kept.head().await?.status == 200, "not ready before");
    kept.body().await?;

    server.signal(Signal::TERM)?;
    let begun = Instant::now();
    let mut ends = JoinSet::new();
    for mut stream in streams {
        ends.spawn(async move {
            let body = stream.body().await?;
            let at = begun.elapsed();
            stream.closed().await?;
            anyhow::Ok((at, body.contains("\"data\":\"while draining\"")))
        });
    }

    // Connections that are there are served, new ones are not.
    harness::until("the server takes no new connections", harness::DEADLINE, || async {
        Ok(tokio::net::TcpStream::connect(address).await.is_err().then_some(()))
    })
    .await?;
    kept.send(wire::get("/readyz", &token)).await?;
    let head = kept.head().await?;
    let body = kept.body().await?;
    ensure!(head.status == 503 && body.contains("shutting_down"), "{head:?} {body}");
    ensure!(head.get("retry-after").is_some(), "{head:?}");
    kept.send(wire::publish("app/x", &token, "\"while draining\"")).await?;
    let head = kept.head().await?;
    ensure!(head.status == 200, "{head:?} {}", kept.body().await?);

    ensure!(server.ended().await?.success(), "it did not end as it should");
    let taken = begun.elapsed();
    ensure!(taken <= WINDOW + ON_TOP, "{taken:?}");

    let mut per_third = [0; 3];
    let mut reached = 0;
    while let Some(end) = ends.join_next().await {
        let (at, has_event) = end??;
        let third = (at.as_secs_f32() / WINDOW.as_secs_f32() * 3.0) as usize;
        per_third[third.min(2)] += 1;
        reached += usize::from(has_event);
    }
    println!("drained within {taken:?}; ends in each third of the window: {per_third:?}");
    // A third each by chance; half or a tenth of them would be some thing else.
    ensure!(per_third.iter().all(|ends| (SPREAD / 10..SPREAD / 2).contains(ends)), "{per_third:?}");
    ensure!(reached > SPREAD / 2, "published while draining, and {reached} of {SPREAD} have it");
    Ok(())
}

#[tokio::test]
async fn a_second_signal_ends_the_drain_at_once_and_tells_the_caller() -> Result<()> {
    let mut server =
        Server::start_with(ServerOptions::default().with_args(["--drain", "1m"])).await?;
    let mut streams = open(&server, 10, "/api/events").await?;
    server.signal(Signal::TERM)?;
    harness::until("the server is draining", harness::DEADLINE, || async {
        Ok(tokio::net::TcpStream::connect(server.address()).await.is_err().then_some(()))
    })
    .await?;
    streams[0].next().await.context("a stream of a server that drains")?;
    let begun = Instant::now();
    server.signal(Signal::TERM)?;
    let status = server.ended().await?;
    ensure!(status.code() == Some(1), "{status}");
    ensure!(begun.elapsed() < ON_TOP, "{:?}", begun.elapsed());
    Ok(())
}

#[tokio::test]
async fn a_client_that_does_not_read_holds_nobody_up() -> Result<()> {
    let mut server = Server::start().await?;
    let token = server.token()?;
    let stalled = open(&server, 5, "/api/events?topic=app/x").await?;
    let mut reading = open(&server, 1, "/api/events?topic=app/x").await?.remove(0);
    let filler = "x".repeat(200 << 10);
    let mut publisher = Wire::connect(server.address()).await?;
    // More than the sockets in between hold.
    for n in 0..60 {
        publisher.send(wire::publish("app/x", &token, &format!("\"{n}{filler}\""))).await?;
        ensure!(publisher.head().await?.status == 200, "not published");
        publisher.body().await?;
        reading.next().await?;
    }
    let begun = Instant::now();
    ensure!(server.stop().await?.success(), "it did not end as it should");
    ensure!(begun.elapsed() < MANY_END_WITHIN, "{:?}", begun.elapsed());
    reading.body().await?;
    drop(stalled);
    Ok(())
}
