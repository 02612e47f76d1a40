//! What a flood of events costs the desktop window.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Firehose, Load, Screen, WINDOW_WITHIN, until};

/// Before it comes: so many rounds of it are a warm-up, in which lists fill and code is compiled.
const WARM_UP_ROUNDS: usize = 1;

/// Rounds of which it consists.
const ROUNDS: usize = 20;

/// One of them: 2,000,000 events in all.
const ROUND: Load = Load { events: 100_000, rate: 4_000, bytes: 200 };

/// After a round, before its memory is looked at.
const REST: Duration = Duration::from_secs(5);

/// Most bytes that it may leave behind.
const MOST: u64 = 20_000_000;

/// A flood in rounds, into the real window.
struct Flood {
    load: Load,
    firehose: Firehose,
    screen: Screen,
    arrived: u64,
}

impl Flood {
    async fn new(load: Load) -> Result<Self> {
        let firehose = Firehose::start(load).await?;
        let variables = [("TIDINGS_SERVER", &*firehose.url()), ("TIDINGS_TOKEN", "any")];
        let screen = Screen::desktop_with(&variables).await?;
        screen.wait_for_state("live", WINDOW_WITHIN).await?;
        let text = screen.text("events-received").await?;
        let arrived = received(&text).context("a number")?;
        Ok(Self { load, firehose, screen, arrived })
    }

    /// A round of it, of which everything arrives; how many bytes the window's processes hold after `rest`.
    async fn round(&mut self, rest: Duration) -> Result<u64> {
        self.arrived += self.load.events;
        self.firehose.open_tap();
        let time = Duration::from_secs(self.load.events / self.load.rate) + DEADLINE;
        until("every event is in the window", time, || async {
            let now = received(&self.screen.text("events-received").await?)?;
            ensure!(now >= self.arrived, "{now} of {}", self.arrived);
            Ok(Some(()))
        })
        .await?;
        self.screen.wait_for_state("live", DEADLINE).await?;
        // Not to be ready: memory is measured at rest.
        tokio::time::sleep(rest).await;
        self.screen.pss()
    }
}

fn received(text: &str) -> Result<u64> {
    Ok(text.replace(|c: char| !c.is_ascii_digit(), "").parse()?)
}

/// By how much these grow from one to the next, by the line that lies closest to all.
#[expect(clippy::cast_precision_loss, reason = "a figure to look at")]
fn slope(values: &[u64]) -> f64 {
    let middle = (values.len() as f64 - 1.0) / 2.0;
    let mean = values.iter().sum::<u64>() as f64 / values.len() as f64;
    let from_middle = || values.iter().enumerate().map(|(at, value)| (at as f64 - middle, *value));
    let rise: f64 = from_middle().map(|(at, value)| at * (value as f64 - mean)).sum();
    rise / from_middle().map(|(at, _)| at * at).sum::<f64>()
}

#[test]
fn what_grows_evenly_has_that_slope_and_what_swings_has_none() {
    assert_eq!(slope(&[10, 13, 16, 19]), 3.0);
    assert_eq!(slope(&[5, 9, 9, 5]), 0.0);
}

#[tokio::test]
async fn a_flood_of_events_arrives_whole_in_the_window() -> Result<()> {
    let load = Load { events: 4_000, rate: 4_000, bytes: 200 };
    let mut flood = Flood::new(load).await?;
    for _ in 0..2 {
        flood.round(Duration::ZERO).await?;
    }
    flood.screen.close().await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove soak"]
async fn prove_soak() -> Result<()> {
    let mut flood = Flood::new(ROUND).await?;
    let mut held = Vec::new();
    for round in 0..WARM_UP_ROUNDS + ROUNDS {
        held.push(flood.round(REST).await?);
        println!("after {} events: {} KiB", flood.arrived, held[round] >> 10);
    }
    let (before, after) = (held[WARM_UP_ROUNDS - 1], held[held.len() - 1]);
    let last = &held[held.len() - ROUNDS / 4 - 1..];
    let a_million = slope(last) * 1e6 / ROUND.events as f64;
    println!(
        "memory of all processes: {} MiB after a warm-up of {} events, {} MiB after {} more; in the last quarter {:+.1} MiB a million",
        before >> 20,
        WARM_UP_ROUNDS as u64 * ROUND.events,
        after >> 20,
        ROUNDS as u64 * ROUND.events,
        a_million / f64::from(1 << 20)
    );
    let grown = after.saturating_sub(before);
    flood.screen.close().await?;
    ensure!(grown <= MOST, "it grew by {grown} bytes");
    Ok(())
}
