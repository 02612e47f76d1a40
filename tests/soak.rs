//! What a flood of events costs the desktop window.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Firehose, Load, Screen, until};

/// Time before the first look at the memory: caches and compiled code settle.
const WARM_UP: Duration = Duration::from_secs(20);

/// Time after the last event before the second look.
const COOL_DOWN: Duration = Duration::from_secs(10);

/// Pours `load` into the real window and returns what its processes held before and after, in bytes.
async fn soak(load: Load, warm_up: Duration, cool_down: Duration) -> Result<(u64, u64)> {
    let firehose = Firehose::start(load).await?;
    let screen =
        Screen::desktop_with(&[("TIDINGS_SERVER", &firehose.url()), ("TIDINGS_TOKEN", "any")])
            .await?;
    screen.wait_for_state("live", Duration::from_secs(60)).await?;
    // Not to be ready: memory is measured at rest.
    tokio::time::sleep(warm_up).await;
    let before = screen.pss()?;

    let received = |text: &str| text.replace(|c: char| !c.is_ascii_digit(), "").parse::<u64>();
    let already = received(&screen.text("events-received").await?).context("a number")?;
    firehose.open_tap();
    let time = Duration::from_secs(load.events / load.rate) + DEADLINE;
    until("every event is in the window", time, || async {
        let now = received(&screen.text("events-received").await?)?;
        ensure!(now >= already + load.events, "{now} of {}", already + load.events);
        Ok(Some(()))
    })
    .await?;
    screen.wait_for_state("live", DEADLINE).await?;
    tokio::time::sleep(cool_down).await;

    let after = screen.pss()?;
    screen.close().await?;
    Ok((before, after))
}

#[tokio::test]
async fn a_flood_of_events_arrives_whole_in_the_window() -> Result<()> {
    let load = Load { events: 8_000, rate: 4_000, bytes: 200 };
    soak(load, Duration::ZERO, Duration::ZERO).await.map(drop)
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove soak"]
async fn prove_soak() -> Result<()> {
    let load = Load { events: 200_000, rate: 4_000, bytes: 200 };
    let (before, after) = soak(load, WARM_UP, COOL_DOWN).await?;
    let grown = after.saturating_sub(before);
    println!("memory of all processes: {} -> {} MiB", before >> 20, after >> 20);
    ensure!(grown <= 40 << 20, "grew by {} MiB", grown >> 20);
    Ok(())
}
