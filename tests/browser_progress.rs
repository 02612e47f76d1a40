//! Bars in Chromium: they follow what a program says of itself, and many of them at once do not hold the page up.

#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::collections::BTreeSet;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Screen, Server, ServerOptions, command, until};
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tokio::process::Command;

/// How often a job of many says how far it is, a second.
const UPDATES: usize = 10;

/// A task of the page's may take so long, in ms; Chromium tells of longer ones.
const LONGEST_TASK: f64 = 50.0;

/// Has the page note every place that each bar was at, by its job's name, and every task that takes too long: when, and how long.
const WATCH: &str = "
    window.bars = {}; window.tasks = []; window.watched = performance.now();
    new MutationObserver(changes => {
        for (const { target } of changes) {
            if (!target.matches('.job-meter [role=progressbar]') || !target.hasAttribute('aria-valuenow')) continue;
            const name = target.closest('[data-testid=job]').dataset.name;
            (window.bars[name] ??= []).push(parseFloat(target.getAttribute('aria-valuenow')));
        }
    }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['aria-valuenow'] });
    const ms = task => [Math.round(task.startTime - window.watched), task.duration];
    new PerformanceObserver(list => window.tasks.push(...list.getEntries().map(ms)))
        .observe({ type: 'longtask' });";

fn row(name: &str) -> String {
    format!("[data-testid=job][data-name='{name}']")
}

/// What the page has noted of the bars since it watches.
async fn bars(screen: &Screen) -> Result<Vec<(String, Vec<f64>)>> {
    let bars = screen.run("return Object.entries(window.bars);").await?;
    Ok(serde_json::from_value(bars)?)
}

/// An rsync of a file of so many MiB by `tidings run`, at this rate.
fn rsync(server: &Server, folder: &std::path::Path, rate: &str) -> Result<Command> {
    let limit = format!("--bwlimit={rate}");
    let mut command = command(server, &["run", "--", "rsync", "-a", "--info=progress2", &limit])?;
    command.arg(folder.join("from/")).arg(folder.join("to")).process_group(0);
    Ok(command)
}

/// The percentages that an rsync has printed.
fn printed(output: &[u8]) -> BTreeSet<u64> {
    let text = String::from_utf8_lossy(output);
    let words = text.split(|c: char| c.is_whitespace());
    words.filter_map(|word| word.strip_suffix('%')?.parse().ok()).collect()
}

async fn follow_rsync(mib: usize, rate: &str, within: Duration) -> Result<()> {
    let server = Server::start().await?;
    let screen = Screen::signed_in(&server).await?;
    screen.run(WATCH).await?;
    let folder = tempfile::tempdir()?;
    std::fs::create_dir(folder.path().join("from"))?;
    std::fs::write(folder.path().join("from/large"), vec![7; mib << 20])?;
    let copying = rsync(&server, folder.path(), rate)?.spawn()?;
    screen.wait_for_attribute(&row("rsync"), "data-state", "running", DEADLINE).await?;
    let copied = tokio::time::timeout(within, copying.wait_with_output()).await??;
    ensure!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    screen.wait_for_attribute(&row("rsync"), "data-state", "succeeded", DEADLINE).await?;
    let bars = bars(&screen).await?;
    let (_, bar) = bars.first().context("its bar has moved")?;
    let printed = printed(&copied.stdout);
    println!("{mib} MiB: rsync printed {printed:?}, the bar stood at {bar:?}");
    ensure!(bar.is_sorted(), "it ran backwards: {bar:?}");
    ensure!(bar.len() > 3, "it has hardly moved: {bar:?}");
    let own = |percent: &f64| printed.contains(&(percent.floor() as u64)) || *percent == 100.0;
    ensure!(bar.iter().all(own), "not what rsync said, {printed:?}: {bar:?}");
    screen.picture("jobs-rsync").await?;

    // Again, and Ctrl-C: a terminal sends that to all in the foreground.
    std::fs::remove_dir_all(folder.path().join("to"))?;
    let copying = rsync(&server, folder.path(), rate)?.stdout(Stdio::null()).spawn()?;
    let running = format!("{}[data-state=running] [role=progressbar][aria-valuenow]", row("rsync"));
    screen.wait_for("it runs", &format!("return !!document.querySelector({running:?});")).await?;
    let group = i32::try_from(copying.id().context("it runs")?)?;
    kill_process_group(Pid::from_raw(group).context("a group")?, Signal::INT)?;
    let copied = tokio::time::timeout(DEADLINE, copying.wait_with_output()).await??;
    assert_eq!(copied.status.code(), Some(20), "rsync's own");
    let cancelled =
        format!("return !!document.querySelector({:?});", row("rsync") + "[data-state=cancelled]");
    screen.wait_for("it is cancelled", &cancelled).await?;
    let all = std::fs::metadata(folder.path().join("to/large"));
    ensure!(all.is_err(), "rsync went on to its end");
    screen.close().await
}

#[tokio::test]
async fn the_bar_of_an_rsync_stands_where_rsync_says_and_ctrl_c_cancels_it() -> Result<()> {
    follow_rsync(8, "2m", DEADLINE).await
}

/// Jobs that each say so often how far they are, for so long, in a page that is watched and shows all of them; when a task of the page took
/// too long meanwhile, and how long, in ms.
async fn many(jobs: usize, seconds: usize) -> Result<Vec<(f64, f64)>> {
    let steps = seconds * UPDATES;
    let pause = 1.0 / UPDATES as f64;
    let folder = tempfile::tempdir()?;
    let (begin, end) = (folder.path().join("begin"), folder.path().join("end"));
    // All of them begin once the page shows all, and end once somebody has looked at the last bar of each. A perl sleeps without a
    // process for each pause.
    let script = format!(
        "$| = 1; sub rest {{ select(undef, undef, undef, {pause}) }} rest until -e {begin:?}; \
         for $n (1..{steps}) {{ print \"$n of {steps}\\n\"; rest }} rest until -e {end:?};"
    );
    let config = format!(
        "[jobs]\nmax_running = {jobs}\n[jobs.commands.steps]\nargv = {}\npattern = '(?<done>\\d+) of (?<total>\\d+)'\n",
        json!(["perl", "-e", script])
    );
    let server = Server::start_with(ServerOptions::with_config(config)).await?;
    let screen = Screen::signed_in(&server).await?;
    screen.run(WATCH).await?;
    let names: Vec<_> = (0..jobs).map(|n| format!("job {n:03}")).collect();
    let mut streams = Vec::new();
    for name in &names {
        let body = json!({ "kind": "command", "name": name, "args": { "name": "steps" } });
        let answer = server.post("/api/process")?.json(&body).send().await?.error_for_status()?;
        streams.push(tokio::spawn(answer.text()));
    }
    let in_page = |state: &str| {
        let css = format!("[data-testid=job][data-state={state}]");
        format!("return document.querySelectorAll({css:?}).length === {jobs};")
    };
    let all = "document.querySelector('[data-testid=jobs-more] button, button[data-testid=jobs-more]')?.click();";
    screen.wait_for("the page shows all", &format!("{all} {}", in_page("running"))).await?;
    let began = since_watched(&screen).await?;
    std::fs::write(&begin, "")?;
    let full = format!(
        "return document.querySelectorAll('.job-meter [aria-valuenow=\"100.0\"]').length === {jobs};"
    );
    let within = DEADLINE + Duration::from_secs(seconds as u64);
    until_true(&screen, "each bar is full", &full, within).await?;
    let filled = since_watched(&screen).await?;
    screen.run("document.getElementById('jobs').scrollIntoView();").await?;
    screen.picture("jobs-many").await?;
    let bars = bars(&screen).await?;
    std::fs::write(&end, "")?;
    for stream in streams {
        let told = stream.await??;
        ensure!(told.contains("event: complete"), "{}", &told[told.len().saturating_sub(300)..]);
    }
    screen.wait_for("the page shows how each ended", &in_page("succeeded")).await?;
    let page: Value = server.get("/api/jobs?limit=200")?.send().await?.json().await?;
    let listed = page["jobs"].as_array().context("jobs")?;
    ensure!(listed.len() == jobs, "{} jobs", listed.len());
    for job in listed {
        let end = (&job["state"], &job["progress"], &job["done"], &job["total"]);
        ensure!(end == (&json!("succeeded"), &json!(100), &json!(steps), &json!(steps)), "{job}");
    }
    ensure!(bars.len() == jobs, "of {jobs} bars {} have moved", bars.len());
    for (name, bar) in &bars {
        ensure!(bar.is_sorted(), "{name} ran backwards: {bar:?}");
        ensure!(bar.last() == Some(&100.0), "{name} stood still before its end: {bar:?}");
    }
    let moves: usize = bars.iter().map(|(_, bar)| bar.len()).sum();
    let tasks = screen.run("return window.tasks;").await?;
    println!(
        "{jobs} jobs, from {began} to {filled} ms: {} bars moved {moves} times; tasks over 50 ms, each with its time: {tasks}",
        bars.len()
    );
    screen.close().await?;
    // Of the time in which all of them tell how far they are: before it they begin, and after it somebody takes a picture.
    let all: Vec<(f64, f64)> = serde_json::from_value(tasks)?;
    let (began, filled) = (began.as_f64().context("a time")?, filled.as_f64().context("a time")?);
    let is_within = |(at, time): &(f64, f64)| at + time > began && *at < filled;
    Ok(all.into_iter().filter(is_within).collect())
}

/// How long the page is watched by now, in ms.
async fn since_watched(screen: &Screen) -> Result<Value> {
    screen.run("return Math.round(performance.now() - window.watched);").await
}

async fn until_true(screen: &Screen, what: &str, script: &str, within: Duration) -> Result<()> {
    until(what, within, || async {
        ensure!(screen.run(script).await? == json!(true), "not yet");
        Ok(Some(()))
    })
    .await
}

#[tokio::test]
async fn many_jobs_at_once_end_as_they_should_and_no_bar_runs_backwards() -> Result<()> {
    many(100, 5).await.map(drop)
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove jobs"]
async fn prove_jobs() -> Result<()> {
    let tasks = many(100, 60).await?;
    ensure!(tasks.iter().all(|task| task.1 <= LONGEST_TASK), "tasks of so many ms: {tasks:?}");
    Ok(())
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove rsync"]
async fn prove_rsync() -> Result<()> {
    follow_rsync(500, "25m", Duration::from_secs(120)).await
}
