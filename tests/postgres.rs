//! A durable server on a real Postgres: both are killed and started again under publishers and a reader.
#![cfg(target_os = "linux")]

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use harness::ledger::{Ledger, RETURN_WITHIN, SharedLedger, Traffic, lock};
use harness::{DEADLINE, Server, ServerOptions, Wire, free_address, until, wire};
use test_postgres::{Cluster, Database};

/// So many events show that it goes on.
const SOME: usize = 50;

struct Story {
    server: Server,
    database: Database,
    ledger: SharedLedger,
}

impl Story {
    /// Waits until the ledger has so many more of something.
    async fn more(&self, what: &str, count: fn(&Ledger) -> usize, by: usize) -> Result<()> {
        let before = count(&lock(&self.ledger));
        until(what, RETURN_WITHIN, || async {
            let now = count(&lock(&self.ledger));
            ensure!(now >= before + by, "{now} after {before}");
            Ok(Some(()))
        })
        .await
    }

    async fn readiness_is(&self, status: u16) -> Result<()> {
        until("readiness is told", DEADLINE, || async {
            let told = self.server.get("/readyz")?.send().await?.status().as_u16();
            ensure!(told == status, "{told}");
            Ok(Some(()))
        })
        .await
    }

    async fn server_is_killed(&mut self) -> Result<()> {
        self.server.kill().await?;
        self.server.start_again().await?;
        self.more("the reader is back", Ledger::arrived, SOME).await
    }

    async fn database_is_killed(&self) -> Result<()> {
        self.database.cluster.kill().await?;
        self.more("publishes answer 503", |ledger| ledger.refused, 5).await?;
        self.readiness_is(503).await?;
        self.database.cluster.restart().await?;
        self.readiness_is(200).await?;
        self.more("publishes are taken again", Ledger::acknowledged, SOME).await?;
        self.more("the reader gets them", Ledger::arrived, SOME).await
    }
}

#[tokio::test]
async fn what_was_acknowledged_arrives_once_though_server_and_database_are_killed() -> Result<()> {
    let database = Database::of(Cluster::private().await?).await?;
    let config = "[hub]\nhistory_events = 1000000";
    let options =
        ServerOptions { listen: Some(free_address()?), ..ServerOptions::with_config(config) };
    let url = database.url();
    let options = options.with_args(["--durable", "--database", &url]);
    let server = Server::start_with(options).await?;
    ensure!(!server.data_dir().join("tidings.db").exists(), "a file beside the database");
    let traffic = Traffic::begin(&server).await?;
    let ledger = traffic.ledger();
    let mut story = Story { server, database, ledger: Arc::clone(&ledger) };
    let killing = async {
        story.more("the reader gets what is published", Ledger::arrived, SOME).await?;
        for round in 0..2 {
            story.server_is_killed().await.with_context(|| format!("server, {round}"))?;
            story.database_is_killed().await.with_context(|| format!("database, {round}"))?;
        }
        Ok(())
    };
    traffic.through(killing).await?;
    lock(&ledger).check()
}

/// Where publishes do not wait for the database, it may be away, and crash, without anybody's notice.
#[tokio::test]
async fn a_server_that_does_not_wait_for_its_database_loses_nothing_by_its_crash() -> Result<()> {
    let database = Database::of(Cluster::private().await?).await?;
    let url = database.url();
    // A hundred of these events are in memory, if they can be had from the database.
    let options = ServerOptions::with_config("[hub]\nmemory_bytes = 1048576");
    let mut server = Server::start_with(options.with_args(["--database", &url])).await?;
    let token = server.token()?;
    let (mut first, _) = Wire::get(server.address(), "/api/events?topic=app/*", &token).await?;
    let cursor = first.next().await?.id.context("an id")?;
    drop(first);
    let mut publisher = Wire::connect(server.address()).await?;
    publish(&mut publisher, &token, 0..400).await?;
    database.cluster.kill().await?;
    publish(&mut publisher, &token, 400..500).await?;
    // From the beginning, while the first of it can be had from nowhere: it waits, and is told of no gap.
    let path = format!("/api/events?topic=app/*&last_event_id={cursor}");
    let (mut reader, _) = Wire::get(server.address(), &path, &token).await?;
    reader.next().await?;
    database.cluster.restart().await?;
    gets(&mut reader, 0..500).await?;
    server.stop().await?;
    server.start_again().await?;
    let (mut reader, _) = Wire::get(server.address(), &path, &token).await?;
    reader.next().await?;
    gets(&mut reader, 0..500).await.context("after a restart")
}

async fn publish(wire: &mut Wire, token: &str, numbers: Range<u32>) -> Result<()> {
    for number in numbers {
        wire.send(wire::publish("app/x", token, &format!("\"{number:>3000}\""))).await?;
        let status = wire.head().await?.status;
        let told = wire.body().await?;
        ensure!(status == 200, "{number}: {told}");
    }
    Ok(())
}

/// Reads events of these numbers, and nothing else.
async fn gets(reader: &mut Wire, numbers: Range<u32>) -> Result<()> {
    for number in numbers {
        let frame = reader.next().await?;
        let end = format!(" {number}\"}}");
        let is_it = frame.data.as_ref().is_some_and(|data| data.ends_with(&end));
        ensure!(is_it, "{frame:?} in the place of {number}");
    }
    Ok(())
}
