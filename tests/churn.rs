//! Clients that come and go, in every way a connection can end.

#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, ProcessCost, Server, ServerOptions, Wire, wire};
use tokio::task::JoinSet;

/// Clients at a time.
const AT_ONCE: usize = 32;

/// Streams the clients' token may have; all of them must be free in the end.
const SLOTS: usize = 100;

/// Events of each topic that the server keeps; reached before memory is first looked at.
const HISTORY: usize = 200;

/// Clients before memory is first looked at, so that allocator and caches are warm.
const WARM_UP: usize = 3_000;

/// How often memory is looked at in between.
const LOOKS: usize = 5;

/// How much memory may grow after that, however many clients there were. In the long form a leak of 32 bytes a
/// client is more.
const GROWTH: u64 = 3 << 20;

/// Ways to come and go.
#[derive(Clone, Copy, Debug)]
enum Way {
    Nothing,
    HalfAHead,
    HalfAHeadReset,
    HalfABody,
    Unread,
    FirstFrame,
    FirstFrameReset,
    HalfClosed,
    MidReplay,
    MidReplayReset,
    WhilePublishing,
    Refused,
    Request,
}

const WAYS: [Way; 13] = [
    Way::Nothing,
    Way::HalfAHead,
    Way::HalfAHeadReset,
    Way::HalfABody,
    Way::Unread,
    Way::FirstFrame,
    Way::FirstFrameReset,
    Way::HalfClosed,
    Way::MidReplay,
    Way::MidReplayReset,
    Way::WhilePublishing,
    Way::Refused,
    Way::Request,
];

/// Who comes and goes.
#[derive(Clone, Debug)]
struct Clients {
    address: SocketAddr,
    token: String,
    /// Before all that history holds.
    cursor: String,
}

impl Clients {
    async fn one(&self, way: Way) -> Result<()> {
        let Self { address, token, cursor } = self;
        let live = "/api/events?topic=app/*";
        let replay = format!("{live}&last_event_id={cursor}");
        let mut wire = Wire::connect(*address).await?;
        match way {
            Way::Nothing => {}
            Way::HalfAHead | Way::HalfAHeadReset => {
                let head = wire::get(live, token);
                wire.send(&head[..head.len() / 2]).await?;
                if matches!(way, Way::HalfAHeadReset) {
                    wire.reset();
                }
            }
            Way::HalfABody => {
                let request = wire::publish("app/half", token, &"1".repeat(5_000));
                wire.send(&request[..request.len() - 3_000]).await?;
                wire.reset();
            }
            Way::Unread => wire.send(wire::get(&replay, token)).await?,
            Way::FirstFrame | Way::FirstFrameReset | Way::HalfClosed | Way::WhilePublishing => {
                wire.send(wire::get(live, token)).await?;
                stream(&mut wire).await?;
                match way {
                    Way::FirstFrameReset => wire.reset(),
                    Way::HalfClosed => wire.finish_sending().await?,
                    // Somebody publishes all the time.
                    Way::WhilePublishing => wire.next().await.map(drop)?,
                    _ => {}
                }
            }
            Way::MidReplay | Way::MidReplayReset => {
                wire.send(wire::get(&replay, token)).await?;
                stream(&mut wire).await?;
                wire.next().await?;
                if matches!(way, Way::MidReplayReset) {
                    wire.reset();
                }
            }
            Way::Refused => {
                wire.send(wire::get("/api/events?topic=other/x", token)).await?;
                ensure!(wire.head().await?.status == 403, "another's topic");
                wire.body().await?;
            }
            Way::Request => {
                wire.send(wire::get("/healthz", token)).await?;
                ensure!(wire.head().await?.status == 200, "no answer");
                wire.body().await?;
            }
        }
        Ok(())
    }

    /// So many of them, each way in turn.
    async fn come_and_go(&self, count: usize) -> Result<()> {
        let next = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::<Result<()>>::new();
        for _ in 0..AT_ONCE {
            let (clients, next) = (self.clone(), Arc::clone(&next));
            tasks.spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Ok(());
                    }
                    let way = WAYS[number % WAYS.len()];
                    clients.one(way).await.with_context(|| format!("client {number}, {way:?}"))?;
                }
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.context("a task")??;
        }
        Ok(())
    }
}

async fn stream(wire: &mut Wire) -> Result<()> {
    let head = wire.head().await?;
    ensure!(head.status == 200, "{head:?} {}", wire.body().await?);
    wire.next().await.map(drop)
}

/// Publishes until it is enough, and at least what history holds.
async fn publish(address: SocketAddr, token: String, enough: Arc<AtomicBool>) -> Result<usize> {
    let mut wire = Wire::connect(address).await?;
    let data = format!("\"{}\"", "x".repeat(1_000));
    let mut published = 0;
    while published < 2 * HISTORY || !enough.load(Ordering::Relaxed) {
        wire.send(wire::publish("app/x", &token, &data)).await?;
        let head = wire.head().await?;
        ensure!(head.status == 200, "{head:?}");
        wire.body().await?;
        published += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    Ok(published)
}

fn threads(server: &Server) -> Result<usize> {
    let pid = server.pid()?.as_raw_nonzero();
    Ok(std::fs::read_dir(format!("/proc/{pid}/task"))?.count())
}

async fn churn(count: usize) -> Result<()> {
    let config = format!(
        "[hub]\nhistory_events = {HISTORY}\n[limits]\nstreams_per_token = {SLOTS}\nevents_per_second = 100000\n\
         user_events_per_second = 100000"
    );
    let server = Server::start_with(ServerOptions::with_config(config)).await?;
    let token = server.scoped_token(&["read:app/*", "publish:app/*"]).await?;
    let address = server.address();
    let (mut first, _) = Wire::get(address, "/api/events?topic=app/*", &token).await?;
    let cursor = first.next().await?.id.context("an id")?;
    drop(first);
    let before = server.open_files_at_rest().await?;

    let clients = Clients { address, token: token.clone(), cursor };
    publish(address, token.clone(), Arc::new(AtomicBool::new(true))).await?;
    let enough = Arc::new(AtomicBool::new(false));
    let publisher = tokio::spawn(publish(address, token.clone(), Arc::clone(&enough)));
    clients.come_and_go(WARM_UP).await?;
    server.closes_down_to(before + 1, DEADLINE).await?;
    let (warm, warm_threads) = (ProcessCost::of(&[server.pid()?])?, threads(&server)?);

    let begun = Instant::now();
    for _ in 0..LOOKS {
        clients.come_and_go(count / LOOKS).await?;
        println!("{} clients: {}", count / LOOKS, ProcessCost::of(&[server.pid()?])?);
    }
    let taken = begun.elapsed();
    server.closes_down_to(before + 1, DEADLINE).await?;
    enough.store(true, Ordering::Relaxed);
    let published = publisher.await??;
    server.closes_down_to(before, DEADLINE).await?;

    let after = ProcessCost::of(&[server.pid()?])?;
    println!("{count} clients in {taken:?}, {published} events meanwhile: {warm}, then {after}");
    let grown = after.rss().saturating_sub(warm.rss());
    ensure!(grown <= GROWTH, "memory grew by {grown} bytes");
    // The pool of threads for files grows and shrinks by itself, within its bound.
    ensure!(threads(&server)? <= warm_threads + 8, "{} threads", threads(&server)?);

    // Each subscription holds a slot: all of them are free.
    let mut streams = Vec::new();
    for _ in 0..SLOTS {
        let (mut wire, _) = Wire::get(address, "/api/events?topic=app/x", &token).await?;
        wire.next().await.context("a slot is lost")?;
        streams.push(wire);
    }
    let (_, head) = Wire::get(address, "/api/events?topic=app/x", &token).await?;
    ensure!(head.status == 503, "the slots are not counted");
    Ok(())
}

#[tokio::test]
async fn clients_that_come_and_go_in_every_way_leave_nothing_behind() -> Result<()> {
    churn(5_000).await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove churn"]
async fn prove_churn() -> Result<()> {
    churn(100_000).await
}
