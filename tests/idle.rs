//! What Tidings costs while nothing happens but a sample a second. Figures for `docs/performance.md`.

use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use harness::{DEADLINE, Events, ProcessCost, Screen, Server, TrayService, WINDOW_WITHIN, until};

/// How long processor time is counted.
const WATCH: Duration = Duration::from_secs(60);

/// Time before, in which caches settle.
const SETTLE: Duration = Duration::from_secs(15);

/// The same of windows, whose web views collect garbage now and then.
const WATCH_WINDOWS: Duration = Duration::from_secs(600);

/// A window that was closed is let go of after this long.
const RELEASED_AFTER: Duration = Duration::from_secs(5 * 60);

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
    screen.close().await
}

/// What a window costs while it is watched.
async fn watch(screens: &[&Screen], time: Duration) -> Result<Vec<(ProcessCost, f64)>> {
    let pids = |screen: &&Screen| -> Result<Vec<_>> {
        Ok(screen.processes()?.iter().map(|process| process.pid).collect())
    };
    let pids: Vec<_> = screens.iter().map(pids).collect::<Result<_>>()?;
    let before: Vec<_> = pids.iter().map(|pids| ProcessCost::of(pids)).collect::<Result<_>>()?;
    tokio::time::sleep(time).await;
    let costs = pids.iter().zip(&before).map(|(pids, before)| {
        let cost = ProcessCost::of(pids)?;
        let share = cost.share_of_a_core_since(before);
        Ok((cost, share))
    });
    costs.collect()
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove window"]
async fn prove_window() -> Result<()> {
    let empty = Screen::empty_window().await?;
    let service = TrayService::start().await?;
    let bus = [("DBUS_SESSION_BUS_ADDRESS", service.address())];
    let screen = Screen::desktop_with(&bus).await?;
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    tokio::time::sleep(SETTLE).await;
    let costs = watch(&[&empty, &screen], WATCH_WINDOWS).await?;
    let [(least, least_share), (cost, share)] = &costs[..] else { bail!("two windows") };
    let more = (cost.pss() as f64 - least.pss() as f64) / f64::from(1 << 20);
    println!("an empty window: {least}, {least_share:.2}% of a core");
    println!("the app's, visible: {cost}, {share:.2}% of a core: {more:+.1} MiB");
    empty.close().await?;

    screen.strike("ctrl+w").await?;
    until("the window is hidden", DEADLINE, || async {
        Ok((!screen.is_shown().await?).then_some(()))
    })
    .await?;
    tokio::time::sleep(SETTLE).await;
    let hidden = watch(&[&screen], WATCH).await?;
    tokio::time::sleep(RELEASED_AFTER).await;
    let released = watch(&[&screen], WATCH).await?;
    for (what, costs) in [("hidden", &hidden), ("let go of", &released)] {
        let (cost, share) = costs.first().context("a window")?;
        println!("the app's, {what}: {cost}, {share:.2}% of a core");
        ensure!(*share <= 0.3, "nobody looks at it");
    }
    ensure!(*share <= 2.0 * least_share, "more than twice an empty window");
    ensure!(more <= 60.0, "more than 60 MiB beside an empty window");
    Ok(())
}
