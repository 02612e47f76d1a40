//! Nobody is told that something is stale because the machine has no time, or because a tab stood still.
#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{
    Busy, Chance, DEADLINE, Events, Screen, Server, ServerOptions, Shown, Tab, epoch_ms,
};
use rustix::process::Signal;

/// Tabs that show the dashboard: one has the stream, and each comes to have it.
const TABS: usize = 3;

/// A panel is stale so long behind its last sample, at the earliest.
const DEADLINE_MS: f64 = 3_000.0;

/// How long the proof takes, in seconds; an hour unless this variable says otherwise.
const SECONDS: &str = "TIDINGS_PROVE_SECONDS";

/// When samples came to a native client on the same machine, in ms since the epoch.
type Samples = Arc<Mutex<Vec<f64>>>;

async fn note_samples(mut events: Events, samples: Samples) -> Result<()> {
    loop {
        events.next_event().await?;
        samples.lock().unwrap_or_else(PoisonError::into_inner).push(epoch_ms()?);
    }
}

/// Whether the server's last sample was young enough at `at` for nobody to say *stale*.
fn is_false(samples: &[f64], at: f64) -> bool {
    let last = samples.iter().rfind(|sample| **sample <= at);
    last.is_some_and(|last| at - last < DEADLINE_MS)
}

/// One tab stands still for a while, or the whole browser does.
async fn pause(screen: &Screen, tab: &Tab, chance: &mut Chance) -> Result<&'static str> {
    screen.switch_to(tab).await?;
    if chance.below(4) == 0 {
        screen.signal_browser(Signal::STOP)?;
        tokio::time::sleep(Duration::from_secs(1) + chance.millis(7_000)).await;
        screen.signal_browser(Signal::CONT)?;
        return Ok("browsers stopped");
    }
    screen.freeze(true).await?;
    tokio::time::sleep(Duration::from_secs(1) + chance.millis(15_000)).await;
    screen.freeze(false).await?;
    Ok("tabs frozen")
}

async fn holds_out(time: Duration) -> Result<()> {
    let server = Server::start().await?;
    let samples = Samples::default();
    let events = Events::open(server.get("/api/events?topic=metrics/*")?).await?;
    let noting = tokio::spawn(note_samples(events, samples.clone()));
    let screen = Screen::browser().await?;
    screen.open(&server.sign_in_link()).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.open("about:blank").await?;
    let mut tabs = Vec::new();
    for _ in 0..TABS {
        tabs.push(screen.open_watched(&server.url("/")).await?);
        screen.wait_for_state("live", DEADLINE).await?;
    }

    let busy = Busy::start()?;
    let (begun, mut chance) = (Instant::now(), Chance(6));
    let mut done = BTreeMap::new();
    while begun.elapsed() < time {
        let any = |chance: &mut Chance| usize::try_from(chance.below(TABS as u64));
        screen.bring_to_front(&tabs[any(&mut chance)?]).await?;
        let what = pause(&screen, &tabs[any(&mut chance)?], &mut chance).await?;
        *done.entry(what).or_insert(0) += 1;
        tokio::time::sleep(Duration::from_secs(1) + chance.millis(9_000)).await;
    }
    println!("{time:?} beside {} busy processes: {done:?}", busy.count());
    drop(busy);

    let mut said = BTreeMap::new();
    let mut stale = Vec::<Shown>::new();
    for tab in &tabs {
        screen.switch_to(tab).await?;
        screen.wait_for_state("live", DEADLINE).await?;
        for one in screen.shown().await? {
            *said.entry(one.state.clone()).or_insert(0) += 1;
            stale.extend((one.state == "stale").then_some(one));
        }
    }
    noting.abort();
    let samples = samples.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let gap = samples.windows(2).map(|two| two[1] - two[0]).max_by(f64::total_cmp);
    println!(
        "{} samples, at most {:.1} s apart; states shown: {said:?}",
        samples.len(),
        gap.context("samples")? / 1_000.0
    );
    let wrong: Vec<_> = stale.iter().filter(|one| is_false(&samples, one.at)).collect();
    ensure!(wrong.is_empty(), "falsely stale: {wrong:?}");
    ensure!(stale.is_empty() || gap > Some(DEADLINE_MS), "stale for no reason: {stale:?}");
    screen.close().await
}

#[tokio::test]
async fn for_a_minute_on_a_busy_machine_nobody_says_stale_of_what_is_not() -> Result<()> {
    holds_out(Duration::from_secs(60)).await
}

/// Longer than the two heartbeats after which a stream counts as silent, and shorter than the three after which it is given up.
const STANDSTILL_MS: u64 = 13_000;

#[tokio::test]
async fn a_page_that_stood_still_reads_what_came_before_it_says_stale() -> Result<()> {
    let quick = ServerOptions::with_config("[server]\nheartbeat_seconds = 5");
    let server = Server::start_with(quick).await?;
    let screen = Screen::browser().await?;
    screen.open(&server.sign_in_link()).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.open_watched(&server.url("/")).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    // Somebody looks at it before it has read anything.
    let stands_still = format!(
        "const begun = performance.now();
        while (performance.now() - begun < {STANDSTILL_MS});
        document.dispatchEvent(new Event('visibilitychange'));
        return performance.now() - begun;"
    );
    let stood = screen.run(&stands_still).await?;
    let figure = screen.text("updated").await?;
    screen.wait_for_figure("updated", &figure).await?;
    let said: Vec<_> =
        screen.shown().await?.into_iter().filter(|one| one.state == "stale").collect();
    ensure!(said.is_empty(), "after {stood} ms: {said:?}");
    screen.close().await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove freshness"]
async fn prove_freshness() -> Result<()> {
    let seconds = std::env::var(SECONDS).ok();
    let seconds = seconds.map_or(Ok(3_600), |seconds| seconds.parse()).context(SECONDS)?;
    holds_out(Duration::from_secs(seconds)).await
}
