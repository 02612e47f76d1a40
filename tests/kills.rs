//! `tidings tail` through `kill -9` of a durable server, against a ledger of what was acknowledged.

#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use harness::ledger::{RETURN_WITHIN, SharedLedger, Traffic, lock};
use harness::{Chance, Server, ServerOptions, free_address, until};
use tokio::time::sleep;

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

struct Story {
    server: Server,
    ledger: SharedLedger,
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
                return self.server.start_again_after_kill().await;
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
        self.server.start_again_after_kill().await
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
    let traffic = Traffic::begin(&server).await?;
    let ledger = traffic.ledger();

    let mut story = Story { server, ledger: Arc::clone(&ledger), chance: Chance(seed), behind: 0 };
    let begun = Instant::now();
    let mut count = 0;
    let killing = async {
        for moment in moments {
            story.kill(moment).await.with_context(|| format!("kill {count}, {moment:?}"))?;
            count += 1;
            if count % 20 == 0 {
                let arrived = lock(&ledger).arrived();
                println!("{count} kills, {arrived} events in {:?}", begun.elapsed());
            }
        }
        Ok(())
    };
    traffic.through(killing).await?;
    let ledger = lock(&ledger);
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
