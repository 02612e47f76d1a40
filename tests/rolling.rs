//! Servers on one Redis and one Postgres behind the real nginx, which gives each request to the next of them, are restarted one after
//! the other under load.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::ledger::{self, Door, Ledger, RETURN_WITHIN, SharedLedger, Traffic};
use harness::{DEADLINE, Fleet, until};

/// So many events show that it goes on.
const SOME: usize = 50;

async fn is_ready(fleet: &Fleet, at: usize) -> Result<()> {
    until("it is ready", DEADLINE, || async {
        let status = fleet.servers[at].get("/readyz")?.send().await?.status();
        ensure!(status == 200, "{status}");
        Ok(Some(()))
    })
    .await
}

/// Waits until the ledger has so many more of something.
async fn more(ledger: &SharedLedger, what: &str, count: fn(&Ledger) -> usize) -> Result<()> {
    let before = count(&ledger::lock(ledger));
    until(what, RETURN_WITHIN, || async {
        let now = count(&ledger::lock(ledger));
        ensure!(now >= before + SOME, "{now} after {before}");
        Ok(Some(()))
    })
    .await
}

async fn rolling_restarts(instances: usize, rounds: usize) -> Result<()> {
    let args = ["--behind-proxy", "127.0.0.1"];
    let mut fleet = Fleet::start(instances, "[hub]\nhistory_events = 1000000", &args).await?;
    let nginx = fleet.behind_nginx().await?;
    let token = fleet.servers[0].scoped_token(&["read:app/*", "publish:app/*"]).await?;
    let door = Door { address: nginx.address(), token };
    let ledger = SharedLedger::default();
    let reader = ledger::follow(&door, &door.cursor().await?, Arc::clone(&ledger))?;
    let wait = Duration::from_millis(5);
    let traffic = Traffic::among(&[door], wait, Arc::clone(&ledger), reader);
    let restarting = async {
        more(&ledger, "the reader gets what is published", Ledger::arrived).await?;
        for round in 0..rounds {
            for at in 0..instances {
                let restarted = async {
                    ensure!(
                        fleet.servers[at].stop().await?.success(),
                        "it did not end as it should"
                    );
                    more(&ledger, "the others take events", Ledger::acknowledged).await?;
                    fleet.servers[at].start_again().await?;
                    is_ready(&fleet, at).await?;
                    more(&ledger, "the reader gets them", Ledger::arrived).await
                };
                restarted.await.with_context(|| format!("server {at}, round {round}"))?;
            }
        }
        Ok(())
    };
    traffic.through(restarting).await?;
    let ledger = ledger::lock(&ledger);
    ledger.check()?;
    let unknown: usize = ledger.unknown.iter().map(|numbers| numbers.len()).sum();
    println!(
        "{} restarts of {instances}: {} acknowledged and arrived, {unknown} unknown",
        rounds * instances,
        ledger.acknowledged()
    );
    Ok(())
}

#[tokio::test]
async fn two_servers_restarted_in_turns_behind_a_proxy_lose_and_repeat_nothing() -> Result<()> {
    rolling_restarts(2, 2).await
}

#[tokio::test]
async fn three_servers_restarted_in_turns_behind_a_proxy_lose_and_repeat_nothing() -> Result<()> {
    rolling_restarts(3, 1).await
}
