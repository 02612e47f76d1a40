//! A peer that is cut off without a word: no FIN, no RST, and nothing that is sent ever fails.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use harness::{Namespace, Server, ServerOptions, Wire, wire};

/// How long after its link is cut a client may be kept.
const REAPED_WITHIN: Duration = Duration::from_secs(30);

/// Heartbeats that come while the client is missed, and none that do.
const HEARTBEATS: [u32; 2] = [15, 300];

/// A server that the namespace may speak to, one client of it there, and what shows that it is kept.
struct Watched {
    server: Server,
    token: String,
    before: usize,
    heartbeat: u32,
    /// A stream, and a connection that waits between two requests.
    _clients: [Wire; 2],
}

impl Watched {
    async fn start(namespace: &Namespace, heartbeat: u32) -> Result<Self> {
        let config =
            format!("[server]\nheartbeat_seconds = {heartbeat}\n[limits]\nstreams_per_token = 1");
        let options = ServerOptions {
            listen: Some(([0, 0, 0, 0], 0).into()),
            ..ServerOptions::with_config(config)
        };
        let proxy = namespace.address().to_string();
        let options = options.with_args(["--behind-proxy", &proxy]);
        let server = Server::start_with(options).await?;
        let token = server.scoped_token(&["read:app/*"]).await?;
        let before = server.open_files_at_rest().await?;

        let port = server.address().port();
        let mut stream = Wire::new(namespace.connect(port).await?);
        stream.send(wire::get("/api/events?topic=app/quiet", &token)).await?;
        ensure!(stream.head().await?.status == 200, "no stream");
        stream.next().await?;
        let mut idle = Wire::new(namespace.connect(port).await?);
        idle.send(wire::get("/healthz", &token)).await?;
        ensure!(idle.head().await?.status == 200, "no answer");
        idle.body().await?;
        let watched = Self { server, token, before, heartbeat, _clients: [stream, idle] };
        ensure!(watched.server.open_files()? >= before + 2, "two connections");
        ensure!(watched.opens_a_stream().await? == 503, "the token has one stream, and it is open");
        Ok(watched)
    }

    /// What the server says to one more stream of the token.
    async fn opens_a_stream(&self) -> Result<u16> {
        let path = "/api/events?topic=app/quiet";
        let (_, head) = Wire::get(self.server.address(), path, &self.token).await?;
        Ok(head.status)
    }

    /// Waits until the server has forgotten its clients.
    async fn forgotten(&self, since: Instant) -> Result<()> {
        let left = REAPED_WITHIN.saturating_sub(since.elapsed());
        self.server.closes_down_to(self.before, left).await?;
        println!(
            "heartbeat {} s: cut off, and let go after {:.1} s",
            self.heartbeat,
            since.elapsed().as_secs_f32()
        );
        // The subscription and its slot with the socket.
        ensure!(self.opens_a_stream().await? == 200, "the descriptor is closed and the slot kept");
        Ok(())
    }
}

#[tokio::test]
async fn a_client_whose_link_is_cut_is_let_go_within_thirty_seconds() -> Result<()> {
    if let Some(why) = Namespace::why_not()? {
        println!("SKIPPED: clients that are cut off need a network namespace: {why}");
        return Ok(());
    }
    let namespace = Namespace::create()?;
    let [often, seldom] = HEARTBEATS;
    let often = Watched::start(&namespace, often).await?;
    let seldom = Watched::start(&namespace, seldom).await?;
    namespace.cut()?;
    let cut = Instant::now();
    tokio::try_join!(often.forgotten(cut), seldom.forgotten(cut))?;
    Ok(())
}

#[tokio::test]
async fn a_client_that_stops_reading_is_cut_off_and_loses_nothing_by_it() -> Result<()> {
    let server = Server::start().await?;
    let (address, token) = (server.address(), server.token()?);
    let before = server.open_files_at_rest().await?;
    let (mut stream, _) = Wire::get(address, "/api/events?topic=app/x", &token).await?;
    let mut seen = stream.next().await?.id;
    // More than the sockets in between hold, and less than history does.
    let filler = "x".repeat(200 << 10);
    let mut publisher = Wire::connect(address).await?;
    for number in 1..=50 {
        let data = format!("[{number},\"{filler}\"]");
        publisher.send(wire::publish("app/x", &token, &data)).await?;
        ensure!(publisher.head().await?.status == 200, "not published");
        publisher.body().await?;
    }
    drop(publisher);
    let stopped = Instant::now();
    server.closes_down_to(before, REAPED_WITHIN).await?;
    println!("a client that does not read: let go after {:.1} s", stopped.elapsed().as_secs_f32());

    // It wakes up, reads what had reached it, and comes back for the rest.
    let mut next = 1;
    while let Ok(frame) = stream.next().await {
        if frame.comment.is_none() {
            ensure!(frame.json()?["data"][0] == next, "{next} was due");
            (next, seen) = (next + 1, frame.id);
        }
    }
    ensure!(next < 50, "the test is too small for the sockets");
    let path = format!("/api/events?topic=app/x&last_event_id={}", seen.unwrap_or_default());
    let (mut stream, _) = Wire::get(address, &path, &token).await?;
    stream.next().await?;
    for number in next..=50 {
        ensure!(stream.next().await?.json()?["data"][0] == number, "{number} was due");
    }
    Ok(())
}
