//! An hour of samples in Chromium: how fast it is there, and how little the page works while it is shown. The server has taken each of them,
//! by a clock of which an hour is six minutes.

#![cfg(target_os = "linux")]
#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{
    DEADLINE, FRAME_MS, Group, Screen, Server, ServerOptions, Spread, Trace, WallClock, until,
};
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

/// The least time between two samples.
const QUICK: &str = "[collectors]\ninterval_ms = 100\n";

/// How many times as fast as others the server's clock goes: samples are 1.02 s apart by it, so that an hour has 3,529 of them. An hour of
/// more than 3,600 would be told by every second one.
const HURRY: f64 = 10.2;

/// An hour of that clock, and a little.
const HOUR: Duration = Duration::from_secs(356);

/// Samples of that hour, of which a few may be late.
const SAMPLES: usize = 3_480;

/// How often the hour is fetched, and how long each may take until it can be seen, in ms, and in how many bytes.
const FETCHES: usize = 30;
const FETCHED_WITHIN: f64 = 150.0;
const MOST_BYTES: f64 = 100_000.0;

/// How long the page is looked at.
const WATCH: Duration = Duration::from_secs(60);

/// Longest task of that time, in ms.
const LONGEST_TASK: f64 = 50.0;

/// Processes besides those that are there anyhow.
const CROWD: usize = 1_000;

/// Chooses an hour, and waits until the CPU's chart is of so many points, and for the frame that shows them: in how many ms, in how many bytes, and
/// how long of it the request took.
const CHOOSE: &str = "
    window.chosen = null;
    const least = arguments_least, chart = document.querySelector('#chart-cpu');
    const asked = () => performance.getEntriesByType('resource').filter(entry => entry.name.includes('range=1h'));
    performance.clearResourceTimings();
    const begun = performance.now();
    const watch = new MutationObserver(() => {
        const points = +chart.dataset.points;
        if (points < least) return;
        watch.disconnect();
        requestAnimationFrame(() => requestAnimationFrame(() => {
            const [entry, ...more] = asked();
            window.chosen = [performance.now() - begun, entry.encodedBodySize, entry.duration, points, more.length];
        }));
    });
    watch.observe(chart, { attributes: true, attributeFilter: ['data-points'] });
    document.querySelector('[name=range][value=\"1h\"]').click();
    return null;";

/// A server whose clock hurries, its past, and somebody who is signed in.
struct Past {
    server: Server,
    hurry: AbortOnDropHandle<Result<()>>,
    screen: Screen,
}

impl Past {
    /// Waits until there are so many samples. Nobody looks at them meanwhile; `screen` shows the live page then.
    async fn of(samples: usize, screen: Screen) -> Result<Self> {
        let clock = WallClock::new().await?;
        let options = clock.given_to(ServerOptions::with_config(QUICK));
        let server = Server::start_with(options).await?;
        // At once, for the link does not last as long as the past.
        screen.open(&server.sign_in_link()).await?;
        screen.wait_for_state("live", DEADLINE).await?;
        screen.open("about:blank").await?;
        let hurry = tokio::spawn(async move { clock.hurry(HURRY, 3 * HOUR).await });
        let hurry = AbortOnDropHandle::new(hurry);
        let past = Self { server, hurry, screen };
        until("there is a past", HOUR + DEADLINE, || async {
            let found = past.samples().await?;
            tokio::time::sleep(Duration::from_millis(200)).await;
            ensure!(found >= samples, "{found} samples");
            Ok(Some(()))
        })
        .await?;
        past.screen.open(&past.server.url("/")).await?;
        past.screen.wait_for_state("live", DEADLINE).await?;
        Ok(past)
    }

    /// How many samples the server has of the last hour.
    async fn samples(&self) -> Result<usize> {
        ensure!(!self.hurry.is_finished(), "the clock goes no more");
        let path = "/api/metrics/history?metric=cpu.total&range=1h";
        let told: Value = self.server.get(path)?.send().await?.error_for_status()?.json().await?;
        ensure!(told["series"][0]["min"].is_null(), "they are put together");
        let values = told["series"][0]["values"].as_array().context("values")?;
        Ok(values.iter().filter(|value| !value.is_null()).count())
    }
}

/// Chooses an hour in a page that shows a minute, so often: in how many ms it could be seen each time, and the most bytes that came.
async fn fetch(screen: &Screen, least: usize, count: usize) -> Result<(Spread, Spread, f64)> {
    let (mut times, mut requests, mut most) = (Vec::new(), Vec::new(), 0.0_f64);
    for _ in 0..count {
        screen.key("1").await?;
        let is_short = format!(
            "return document.querySelector('[name=range]:checked').value === '1m'
                && +document.querySelector('#chart-cpu').dataset.points < {least};"
        );
        screen.wait_for("a minute is shown", &is_short).await?;
        screen.run(&CHOOSE.replace("arguments_least", &least.to_string())).await?;
        screen.wait_for("the hour is there", "return !!window.chosen;").await?;
        let told: [f64; 5] = serde_json::from_value(screen.run("return window.chosen;").await?)?;
        let [time, bytes, request, points, more] = told;
        ensure!(points >= least as f64, "{points} points");
        ensure!(more == 0.0, "all charts have one request");
        ensure!(bytes > 0.0, "it came from nowhere");
        times.push(time);
        requests.push(request);
        most = most.max(bytes);
    }
    Ok((Spread::of(times)?, Spread::of(requests)?, most))
}

/// A page with an hour of six figures, the chart of one that a program publishes, and the table of all processes, in which somebody
/// scrolls now and then.
async fn watch(samples: usize, crowd: usize, time: Duration) -> Result<Trace> {
    let processes = Group::start(&format!("for n in $(seq {crowd}); do sleep 86413 & done; wait"))?;
    let past = Past::of(samples, Screen::traced_browser().await?).await?;
    let screen = &past.screen;
    screen.key("3").await?;
    let drawn =
        format!("return +document.querySelector('#chart-cpu').dataset.points >= {samples};");
    screen.wait_for("the hour is drawn", &drawn).await?;
    past.server.publish("work/queue")?.json(&json!({ "depth": 1 })).send().await?;
    screen
        .wait_for("the topic", "return !!document.querySelector('[data-testid=topic-number]');")
        .await?;
    screen
        .run("document.querySelector('[data-testid=topic-number]').click(); return null;")
        .await?;
    screen.wait_for("its chart", "return !!document.querySelector('#chart-topic canvas');").await?;
    let there = "return !!document.querySelector('[data-panel=processes] tbody');";
    screen.wait_for("there are processes", there).await?;
    let all = "[data-testid=processes-all]";
    screen.run(&format!("document.querySelector({all:?}).click(); return null;")).await?;
    screen.wait_for_attribute(all, "aria-pressed", "true", DEADLINE).await?;
    screen.run("document.querySelector('[data-panel=processes]').scrollIntoView();").await?;
    let count = "return +document.querySelector('[data-testid=process-grid]')?.ariaRowCount;";
    until("all processes are there", DEADLINE, || async {
        let found = screen.run(count).await?.as_u64().unwrap_or_default();
        ensure!(found > crowd as u64, "{found} rows");
        Ok(Some(()))
    })
    .await?;
    screen.run("document.querySelector('[data-panel=processes]').scrollIntoView();").await?;
    let end = tokio::time::Instant::now() + time;
    let mut depth = 0;
    while tokio::time::Instant::now() < end {
        depth += 1;
        past.server.publish("work/queue")?.json(&json!({ "depth": depth })).send().await?;
        let scroll = format!(
            "document.querySelector('[data-testid=process-grid]').scrollBy(0, {});",
            if depth % 10 < 5 { 320 } else { -320 }
        );
        screen.run(&scroll).await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let trace = screen.trace(time).await?;
    screen.wait_for_state("live", DEADLINE).await?;
    screen.picture("hour").await?;
    past.screen.close().await?;
    drop(processes);
    println!(
        "{crowd} processes, charts of {samples} samples: {:.1} s, the main thread worked {:.1} %; for a frame: {}; a task: {}",
        trace.time() / 1_000.0,
        trace.share(),
        Spread::of(trace.frames())?,
        Spread::of(trace.tasks())?
    );
    Ok(trace)
}

#[tokio::test]
async fn what_is_fetched_for_another_range_is_there_with_one_request_for_all_charts() -> Result<()>
{
    let past = Past::of(300, Screen::browser().await?).await?;
    let (times, requests, bytes) = fetch(&past.screen, 290, 3).await?;
    println!("{times}; of it the request {requests}; {bytes} bytes");
    ensure!(bytes <= MOST_BYTES, "{bytes} bytes");
    past.screen.close().await
}

#[tokio::test]
async fn a_page_that_shows_much_makes_frames() -> Result<()> {
    let trace = watch(100, 200, Duration::from_secs(5)).await?;
    ensure!(trace.frames().len() >= 5, "{} frames", trace.frames().len());
    Ok(())
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove hour"]
async fn prove_hour() -> Result<()> {
    let past = Past::of(SAMPLES, Screen::browser().await?).await?;
    let (times, requests, bytes) = fetch(&past.screen, SAMPLES, FETCHES).await?;
    println!(
        "an hour of {SAMPLES} samples and six figures, from the click to its picture: {times}"
    );
    println!("of that the request: {requests}; at most {bytes} bytes");
    past.screen.close().await?;
    ensure!(bytes <= MOST_BYTES, "{bytes} bytes");
    ensure!(times.percentile(100) <= FETCHED_WITHIN, "more than {FETCHED_WITHIN} ms");
    Ok(())
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove frames"]
async fn prove_frames() -> Result<()> {
    let trace = watch(SAMPLES, CROWD, WATCH).await?;
    let (frames, tasks) = (Spread::of(trace.frames())?, Spread::of(trace.tasks())?);
    // A page that stops drawing works little.
    let watched = WATCH.as_millis() as f64;
    ensure!(trace.time() >= watched * 0.95, "a trace of {:.0} ms", trace.time());
    ensure!(trace.frames().len() as u64 >= WATCH.as_secs(), "{} frames", trace.frames().len());
    ensure!(frames.percentile(99) <= FRAME_MS, "more than {FRAME_MS:.1} ms for a frame");
    ensure!(tasks.percentile(100) <= LONGEST_TASK, "a task of more than {LONGEST_TASK} ms");
    Ok(())
}
