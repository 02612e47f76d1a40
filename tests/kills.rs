//! `tidings tail` through `kill -9` of a durable server, against a ledger of what was acknowledged.

#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harness::{DEADLINE, Server, ServerOptions, Wire, command, free_address, until, wire};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// Each has a publisher of its own.
const TOPICS: [&str; 3] = ["app/a", "app/b", "app/c/deep"];

/// Longest wait of the client between two attempts, and time to catch up.
const RETURN_WITHIN: Duration = Duration::from_secs(60);

/// The client's waits grow with each attempt, until a connection has lasted for so long.
const SETTLED_AFTER: Duration = Duration::from_millis(5_200);

/// The client is behind by so many events while history is replayed to it.
const BEHIND: usize = 30;

/// When a server is killed.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// Before it listens.
    Starting,
    /// While the client waits for its next attempt.
    Away,
    /// Once the first events have come after the last kill: while the others are on their way.
    Replay,
    /// A while after that.
    Live,
    /// When the client has been back for so long that its next wait is a short one again.
    Settled,
}

/// What was sent and what arrived.
#[derive(Debug, Default)]
struct Ledger {
    /// By topic, the numbers that were acknowledged.
    acknowledged: [Vec<u64>; TOPICS.len()],
    /// By topic, the numbers of which nobody knows whether they were taken.
    unknown: [BTreeSet<u64>; TOPICS.len()],
    /// By topic, the numbers that arrived.
    arrived: [Vec<u64>; TOPICS.len()],
    /// Sequence number of the last that arrived, over all topics.
    last: u64,
}

type Shared = Arc<Mutex<Ledger>>;

fn lock(ledger: &Shared) -> MutexGuard<'_, Ledger> {
    ledger.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ledger {
    fn arrive(&mut self, line: &str) -> Result<()> {
        let event: Value = serde_json::from_str(line).with_context(|| line.to_owned())?;
        let topic = TOPICS.iter().position(|topic| event["topic"] == *topic);
        let topic = topic.with_context(|| format!("no event that was sent: {line}"))?;
        let seq = event["id"].as_str().and_then(|id| id.split_once('-')?.1.parse().ok());
        let seq = seq.with_context(|| format!("an id: {line}"))?;
        ensure!(seq > self.last, "{seq} after {}: {line}", self.last);
        self.last = seq;
        self.arrived[topic].push(event["data"].as_u64().context("a number")?);
        Ok(())
    }

    fn arrived(&self) -> usize {
        self.arrived.iter().map(Vec::len).sum()
    }

    fn acknowledged(&self) -> usize {
        self.acknowledged.iter().map(Vec::len).sum()
    }

    /// Whether the newest of what was acknowledged has arrived.
    fn is_settled(&self) -> bool {
        let pairs = self.arrived.iter().zip(&self.acknowledged);
        pairs.into_iter().all(|(arrived, sent)| arrived.last() >= sent.last())
    }

    /// Acknowledged numbers have arrived once each and in order; others at most once, in their place.
    fn check(&self) -> Result<()> {
        for (topic, name) in TOPICS.iter().enumerate() {
            let arrived = &self.arrived[topic];
            ensure!(
                arrived.is_sorted_by(|one, next| one < next),
                "{name}: repeated or out of order"
            );
            let known: BTreeSet<u64> = self.acknowledged[topic].iter().copied().collect();
            let found: BTreeSet<u64> = arrived.iter().copied().collect();
            let lost: Vec<_> = known.difference(&found).collect();
            ensure!(lost.is_empty(), "{name}: acknowledged and lost: {lost:?}");
            let mut others = found.difference(&known);
            let invented = others.find(|number| !self.unknown[topic].contains(number));
            ensure!(invented.is_none(), "{name}: never sent: {invented:?}");
        }
        Ok(())
    }
}

/// Publishes the numbers from 1 on, one after the other. One that surely was not taken is sent again; one
/// that may have been is noted as such and left.
async fn publish(
    topic: usize,
    address: SocketAddr,
    token: String,
    ledger: Shared,
    enough: Arc<AtomicBool>,
) -> Result<()> {
    let mut kept = None;
    let mut number = 1;
    while !enough.load(Ordering::Relaxed) {
        let mut wire = match kept.take() {
            Some(wire) => wire,
            None => match Wire::connect(address).await {
                Ok(wire) => wire,
                Err(_) => {
                    sleep(Duration::from_millis(5)).await;
                    continue;
                }
            },
        };
        let request = wire::publish(TOPICS[topic], &token, &number.to_string());
        let answer = async {
            wire.send(request).await?;
            let status = wire.head().await?.status;
            anyhow::Ok((status, wire.body().await?))
        };
        match answer.await {
            Ok((200, _)) => lock(&ledger).acknowledged[topic].push(number),
            Ok((503, body)) if !body.contains("unconfirmed") => {
                kept = Some(wire);
                continue;
            }
            Ok((status, body)) if status != 503 => bail!("{status}: {body}"),
            // No answer, or one that does not say what became of it.
            Ok(_) | Err(_) => {
                lock(&ledger).unknown[topic].insert(number);
                number += 1;
                continue;
            }
        }
        kept = Some(wire);
        number += 1;
    }
    Ok(())
}

/// Starts `tidings tail` behind an event.
fn tail(server: &Server, cursor: &str) -> Result<(Child, ChildStdout)> {
    let mut tail = command(server, &["tail", "app/*", "--json", "--since", cursor])?;
    let mut tail = tail.stderr(Stdio::null()).spawn()?;
    let stdout = tail.stdout.take().context("standard output is piped")?;
    Ok((tail, stdout))
}

async fn follow(stdout: ChildStdout, ledger: Shared) -> Result<()> {
    let mut lines = BufReader::new(stdout).lines();
    while let Some(line) = lines.next_line().await? {
        lock(&ledger).arrive(&line)?;
    }
    bail!("tail ended")
}

/// Numbers that look like chance and are the same each time. Source: Steele and others, SplitMix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn millis(&mut self, bound: u64) -> Duration {
        Duration::from_millis(self.below(bound))
    }
}

struct Story {
    server: Server,
    ledger: Shared,
    chance: Chance,
    /// Kills that hit a client that was behind.
    behind: usize,
}

impl Story {
    /// Waits for the moment, kills the server and starts it again.
    async fn kill(&mut self, moment: Moment) -> Result<()> {
        match moment {
            Moment::Starting => {
                self.server.kill().await?;
                // Given up, it is killed wherever it is.
                let start = self.server.start_again();
                if let Ok(started) = tokio::time::timeout(self.chance.millis(300), start).await {
                    started?;
                    self.server.kill().await?;
                }
                return self.start_again().await;
            }
            Moment::Away => sleep(self.chance.millis(300)).await,
            Moment::Replay => {
                self.wait_for_events().await?;
                sleep(self.chance.millis(15)).await;
            }
            Moment::Live => {
                self.wait_for_events().await?;
                sleep(Duration::from_millis(300) + self.chance.millis(500)).await;
            }
            Moment::Settled => {
                self.wait_for_events().await?;
                sleep(SETTLED_AFTER + self.chance.millis(500)).await;
            }
        }
        self.server.kill().await?;
        let (acknowledged, arrived) = {
            let ledger = lock(&self.ledger);
            (ledger.acknowledged(), ledger.arrived())
        };
        let is_behind = matches!(moment, Moment::Replay) && acknowledged > arrived + BEHIND;
        self.behind += usize::from(is_behind);
        self.start_again().await
    }

    /// The one before may not be gone altogether.
    async fn start_again(&mut self) -> Result<()> {
        let begun = Instant::now();
        loop {
            match self.server.start_again().await {
                Err(error) if begun.elapsed() > DEADLINE => return Err(error),
                Err(_) => sleep(Duration::from_millis(20)).await,
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn wait_for_events(&mut self) -> Result<()> {
        let before = lock(&self.ledger).arrived();
        let back = until("the client is back", RETURN_WITHIN, || async {
            Ok((lock(&self.ledger).arrived() > before).then_some(()))
        });
        tokio::select! {
            back = back => back,
            ended = self.server.gone() => bail!("the server ended by itself: {}", ended?),
        }
    }
}

async fn kills(seed: u64, moments: impl IntoIterator<Item = Moment>) -> Result<usize> {
    let config = "[hub]\nhistory_events = 10000000\nhistory_bytes = 4294967296";
    let options =
        ServerOptions { listen: Some(free_address()?), ..ServerOptions::with_config(config) };
    let server = Server::start_with(options.with_args(["--durable"])).await?;
    let (address, token) = (server.address(), server.token()?);
    let (mut first, _) = Wire::get(address, "/api/events?topic=app/*", &token).await?;
    let cursor = first.next().await?.id.context("an id")?;
    drop(first);

    let ledger = Shared::default();
    let (_tail, stdout) = tail(&server, &cursor)?;
    let mut following = tokio::spawn(follow(stdout, Arc::clone(&ledger)));
    let enough = Arc::new(AtomicBool::new(false));
    let mut publishers = JoinSet::new();
    for topic in 0..TOPICS.len() {
        let (ledger, enough) = (Arc::clone(&ledger), Arc::clone(&enough));
        publishers.spawn(publish(topic, address, token.clone(), ledger, enough));
    }

    let mut story = Story { server, ledger, chance: Chance(seed), behind: 0 };
    let begun = Instant::now();
    let mut count = 0;
    let killing = async {
        for moment in moments {
            story.kill(moment).await.with_context(|| format!("kill {count}, {moment:?}"))?;
            count += 1;
            if count % 20 == 0 {
                let arrived = lock(&story.ledger).arrived();
                println!("{count} kills, {arrived} events in {:?}", begun.elapsed());
            }
        }
        enough.store(true, Ordering::Relaxed);
        while let Some(publisher) = publishers.join_next().await {
            publisher??;
        }
        until("all that was acknowledged has arrived", RETURN_WITHIN, || async {
            let ledger = lock(&story.ledger);
            ensure!(ledger.is_settled(), "{} of {}", ledger.arrived(), ledger.acknowledged());
            Ok(Some(()))
        })
        .await
    };
    tokio::select! {
        killed = killing => killed?,
        ended = &mut following => ended??,
    }
    let ledger = lock(&story.ledger);
    ledger.check()?;
    let (acknowledged, arrived) = (ledger.acknowledged(), ledger.arrived());
    let unknown: usize = ledger.unknown.iter().map(BTreeSet::len).sum();
    println!(
        "{count} kills in {:?}, {} of them during a replay: {acknowledged} acknowledged and arrived; \
         {unknown} neither acknowledged nor refused, of which {} arrived",
        begun.elapsed(),
        story.behind,
        arrived - acknowledged
    );
    ensure!(acknowledged > 20 * count, "too little was published to show anything");
    Ok(story.behind)
}

#[tokio::test]
async fn what_a_durable_server_acknowledged_arrives_once_and_in_order_through_kills() -> Result<()>
{
    use Moment::{Away, Live, Replay, Starting};
    kills(1, [Live, Away, Starting, Replay, Away]).await.map(drop)
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove kills"]
async fn prove_kills() -> Result<()> {
    let mut chance = Chance(7);
    let moments = (0..200).map(|_| match chance.below(10) {
        0 => Moment::Starting,
        1..5 => Moment::Away,
        5..8 => Moment::Replay,
        8 => Moment::Live,
        _ => Moment::Settled,
    });
    let behind = kills(8, moments).await?;
    ensure!(behind >= 10, "only {behind} kills during a replay");
    Ok(())
}
