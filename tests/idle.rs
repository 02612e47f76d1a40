//! What Tidings costs while nothing happens but a sample a second. Figures for `docs/performance.md`.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Events, ProcessCost, Screen, Server};

/// How long processor time is counted.
const WATCH: Duration = Duration::from_secs(60);

/// Time before, in which caches settle.
const SETTLE: Duration = Duration::from_secs(15);

/// How often the app is started.
const STARTS: usize = 10;

#[tokio::test]
#[ignore = "long proof: cargo xtask prove idle"]
async fn prove_idle() -> Result<()> {
    let server = Server::start().await?;
    let mut client = Events::open(server.get("/api/events")?).await?;
    tokio::spawn(async move { while client.next().await.is_ok() {} });
    tokio::time::sleep(SETTLE).await;
    let before = ProcessCost::of(&[server.pid()?])?;
    tokio::time::sleep(WATCH).await;
    let cost = ProcessCost::of(&[server.pid()?])?;
    let share = cost.share_of_a_core_since(&before);
    println!("server, one client: {cost}, {share:.2}% of a core");
    ensure!(share < 1.0, "the server's budget is 1% of a core");
    drop(server);

    let screen = Screen::desktop().await?;
    screen.wait_for_state("live", Duration::from_secs(60)).await?;
    tokio::time::sleep(SETTLE).await;
    let pids: Vec<_> = screen.processes()?.iter().map(|process| process.pid).collect();
    let before = ProcessCost::of(&pids)?;
    tokio::time::sleep(WATCH).await;
    let cost = ProcessCost::of(&pids)?;
    let share = cost.share_of_a_core_since(&before);
    println!("desktop, {} processes: {cost}, {share:.2}% of a core", pids.len());
    screen.close().await?;

    let mut starts = Vec::new();
    for _ in 0..STARTS {
        let begun = Instant::now();
        let screen = Screen::desktop().await?;
        screen.wait_for_figure("cpu-total", "").await?;
        starts.push(begun.elapsed());
        screen.close().await?;
    }
    starts.sort_unstable();
    let (least, most) = (starts.first().context("a start")?, starts.last().context("a start")?);
    println!(
        "cold start to the first value, display and driver included: {:?} ({least:?} to {most:?}, {STARTS} starts)",
        starts[STARTS / 2]
    );
    Ok(())
}
