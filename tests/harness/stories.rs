//! What must hold in a browser and in the desktop window alike.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use rustix::process::Signal;

use crate::{DEADLINE, Screen, Server};

/// A panel is stale three seconds after its last sample, which came up to a second before the server
/// froze; a slow machine may paint late.
const STALE_WITHIN: RangeInclusive<Duration> =
    Duration::from_millis(1_500)..=Duration::from_secs(5);

/// Longest wait between two attempts, and time to connect.
const RETURN_WITHIN: Duration = Duration::from_secs(40);

/// Stops the server that a live `screen` shows and starts it again: values stay meanwhile, and new ones
/// come without a reload. Leaves the picture `{name}-reconnecting`.
///
/// # Errors
///
/// If it is otherwise.
pub async fn stops_and_returns(screen: &Screen, server: &mut Server, name: &str) -> Result<()> {
    screen.wait_for_figure("cpu-total", "").await?;
    screen.mark().await?;

    server.stop().await?;
    screen.wait_for_state("reconnecting", DEADLINE).await?;
    let kept = screen.text("cpu-total").await?;
    ensure!(kept.contains(|c: char| c.is_ascii_digit()), "the last figure was wiped out: {kept:?}");
    screen.picture(&format!("{name}-reconnecting")).await?;

    server.start_again().await?;
    screen.wait_for_state("live", RETURN_WITHIN).await?;
    let updated = screen.text("updated").await?;
    screen.wait_for_figure("updated", &updated).await?;
    ensure!(screen.is_marked().await?, "the page was reloaded");
    Ok(())
}

/// Freezes the server that a live `screen` shows and lets it go on: every panel is stale at its deadline,
/// not earlier, and live again without a reload. Leaves the picture `{name}-stale`.
///
/// # Errors
///
/// If it is otherwise.
pub async fn freezes_and_goes_on(screen: &Screen, server: &Server, name: &str) -> Result<()> {
    let cpu = "[data-panel=cpu]";
    screen.wait_for_attribute(cpu, "data-freshness", "live", DEADLINE).await?;
    screen.mark().await?;

    server.signal(Signal::STOP)?;
    let frozen = Instant::now();
    screen.wait_for_state("stale", DEADLINE).await?;
    for panel in ["cpu", "memory", "disks", "network"] {
        let css = format!("[data-panel={panel}]");
        screen.wait_for_attribute(&css, "data-freshness", "stale", DEADLINE).await?;
    }
    let waited = frozen.elapsed();
    ensure!(STALE_WITHIN.contains(&waited), "stale after {waited:?}");
    screen.picture(&format!("{name}-stale")).await?;

    server.signal(Signal::CONT)?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.wait_for_attribute(cpu, "data-freshness", "live", DEADLINE).await?;
    ensure!(screen.is_marked().await?, "the page was reloaded");
    Ok(())
}
