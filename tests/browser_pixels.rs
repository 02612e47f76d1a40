//! From a sample of the machine, or a publish, to what somebody sees of it: in Chromium and in the desktop window.

#![expect(clippy::print_stdout, reason = "figures to look at")]

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use harness::{DEADLINE, Screen, Server, Spread, WINDOW_WITHIN, epoch_ms, http};
use serde_json::{Value, json};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// The proof consists of so many pieces, one after the other in each place and at each rate.
const PIECES: u32 = 12;

/// How long it takes, in seconds; an hour unless this variable says otherwise.
const SECONDS: &str = "TIDINGS_PROVE_SECONDS";

/// Time between two publishes of the higher rate.
const PUBLISH_EVERY: Duration = Duration::from_millis(50);

/// Longest of a hundred from a sample to its pixels, in ms, at one a second; and from a publish, at twenty.
const SAMPLES: f64 = 100.0;
const PUBLISHES: f64 = 250.0;

const TOPIC: &str = "work/pixels";

/// Has the page note what it shows of the CPU and of the topic's number, and when: at the beginning of the frame behind the one that has it, by
/// this machine's clock.
const WATCH: &str = "
    window.drawn = { cpu: [], number: [] };
    const watch = (drawn, css) => {
        let last;
        const look = () => {
            const text = document.querySelector(css)?.textContent ?? '';
            if (text === last) return;
            last = text;
            requestAnimationFrame(() => requestAnimationFrame(() => drawn.push([text, Date.now()])));
        };
        new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true });
    };
    watch(window.drawn.cpu, '[data-testid=cpu-total]');
    watch(window.drawn.number, '[data-topic=\"work/pixels\"] .number-value');
    return null;";

/// Where somebody looks.
#[derive(Clone, Copy, Debug)]
enum Place {
    Browser,
    Window,
}

/// What the page noted: a text, and when it could be seen.
type Drawn = Vec<(String, f64)>;

async fn drawn(screen: &Screen, what: &str) -> Result<Drawn> {
    Ok(serde_json::from_value(screen.run(&format!("return window.drawn.{what};")).await?)?)
}

/// When the machine was sampled since then, and what the page says of each.
async fn samples(server: &Server, since: f64) -> Result<Drawn> {
    let path = "/api/metrics/history?metric=cpu.total&range=10m";
    let told: Value = server.get(path)?.send().await?.error_for_status()?.json().await?;
    let from = told["from"].as_f64().context("a time")?;
    let times = told["times"].as_array().context("times")?;
    let values = told["series"][0]["values"].as_array().context("values")?;
    let samples = times.iter().zip(values).filter_map(|(at, value)| {
        let (at, value) = (from + at.as_f64()?, value.as_f64()? as f32);
        (at >= since).then(|| (format!("{:.1}\u{202f}%", f64::from(value)), at))
    });
    Ok(samples.collect())
}

/// How long it took each sample that another text stands for until that could be seen; and how many were never seen.
fn of_samples(samples: &Drawn, drawn: &Drawn) -> (Vec<f64>, usize) {
    let (mut times, mut unseen) = (Vec::new(), 0);
    for pair in samples.windows(2) {
        let [(before, _), (text, taken)] = pair else { continue };
        if text == before {
            continue;
        }
        match drawn.iter().find(|(shown, at)| shown == text && at >= taken) {
            Some((_, at)) => times.push(at - taken),
            None => unseen += 1,
        }
    }
    (times, unseen)
}

/// How long it took each published number until it or a later one could be seen.
fn of_publishes(published: &[f64], drawn: &Drawn) -> Vec<f64> {
    let number = |text: &str| text.replace(|c: char| !c.is_ascii_digit(), "").parse::<usize>();
    let drawn: Vec<_> =
        drawn.iter().filter_map(|(text, at)| Some((number(text).ok()?, *at))).collect();
    let mut times = Vec::new();
    for (at, sent) in published.iter().enumerate() {
        let seen = drawn.iter().find(|(shown, seen)| *shown >= at && seen >= sent);
        times.extend(seen.map(|(_, seen)| seen - sent));
    }
    times
}

/// Publishes a number that grows, until `end`; when each was published.
async fn publish(server: &Server, end: Instant) -> Result<Vec<f64>> {
    let (client, url, token) =
        (http()?, server.url(&format!("/api/publish/{TOPIC}")), server.token()?);
    let mut ticks = interval(PUBLISH_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut published = Vec::new();
    while Instant::now() < end {
        ticks.tick().await;
        let body = json!({ "number": published.len() });
        published.push(epoch_ms()?);
        let request = client.post(&url).bearer_auth(&token).json(&body);
        request.send().await?.error_for_status()?;
    }
    Ok(published)
}

/// What was measured in one place.
#[derive(Debug, Default)]
struct Measured {
    samples: Vec<f64>,
    publishes: Vec<f64>,
    unseen: usize,
}

impl Measured {
    fn add(&mut self, other: Self) {
        self.samples.extend(other.samples);
        self.publishes.extend(other.publishes);
        self.unseen += other.unseen;
    }
}

/// Looks at a page for so long, while somebody publishes or nobody does.
async fn piece(place: Place, publishes: bool, time: Duration) -> Result<Measured> {
    let server = Server::start().await?;
    let screen = match place {
        Place::Browser => Screen::signed_in(&server).await?,
        Place::Window => Screen::desktop_watching(&server).await?,
    };
    screen.wait_for_state("live", WINDOW_WITHIN).await?;
    screen.wait_for_figure("cpu-total", "").await?;
    screen.run(WATCH).await?;
    let (since, end) = (epoch_ms()?, Instant::now() + time);
    let published = if publishes { publish(&server, end).await? } else { Vec::new() };
    sleep_until(end).await;
    let taken = samples(&server, since).await?;
    if let Some((last, _)) = taken.last() {
        // What was taken or published last may be on its way.
        let numbers = published.len().saturating_sub(1);
        let script = format!(
            "const {{ cpu, number }} = window.drawn;
            return cpu.some(one => one[0] === {last:?}) && (!{publishes} || number.some(one => one[0].replace(/\\D/g, '') === '{numbers}'));"
        );
        screen.wait_for("the last ones can be seen", &script).await?;
    }
    let (times, unseen) = of_samples(&taken, &drawn(&screen, "cpu").await?);
    let of_numbers = of_publishes(&published, &drawn(&screen, "number").await?);
    ensure!(of_numbers.len() == published.len(), "{} of {}", of_numbers.len(), published.len());
    println!("{place:?}: {} samples taken, {unseen} never seen", taken.len());
    screen.close().await?;
    Ok(Measured { samples: times, publishes: of_numbers, unseen })
}

#[tokio::test]
async fn each_sample_and_each_publish_can_be_seen_in_browser_and_window() -> Result<()> {
    for place in [Place::Browser, Place::Window] {
        let measured = piece(place, true, DEADLINE / 2).await?;
        println!("{place:?}, publishes: {}", Spread::of(measured.publishes)?);
        // On a machine that is busy all the time each sample says the same.
        let seen = measured.samples.len();
        ensure!(seen >= 3 * measured.unseen, "{seen} were seen, {} not", measured.unseen);
    }
    Ok(())
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove pixels"]
async fn prove_pixels() -> Result<()> {
    let seconds = std::env::var(SECONDS).ok().and_then(|text| text.parse().ok()).unwrap_or(3_600);
    let time = Duration::from_secs(seconds) / PIECES;
    let kinds = [
        (Place::Browser, false),
        (Place::Window, false),
        (Place::Browser, true),
        (Place::Window, true),
    ];
    let mut measured: [Measured; 4] = Default::default();
    for _ in 0..PIECES / 4 {
        for ((place, publishes), all) in kinds.into_iter().zip(&mut measured) {
            all.add(piece(place, publishes, time).await?);
        }
    }
    let mut late = Vec::new();
    for ((place, publishes), all) in kinds.into_iter().zip(measured) {
        let samples = Spread::of(all.samples)?;
        ensure!(all.unseen * 100 <= samples.count(), "{} samples were never seen", all.unseen);
        let (what, spread, limit) = if publishes {
            println!("{place:?}, samples while 20 events a second come: {samples}");
            ("20 events a second", Spread::of(all.publishes)?, PUBLISHES)
        } else {
            ("one sample a second", samples, SAMPLES)
        };
        println!("{place:?}, {what}: {spread}");
        if spread.percentile(99) > limit {
            late.push(format!("{place:?}, {what}: more than {limit} ms"));
        }
    }
    ensure!(late.is_empty(), "{late:?}");
    Ok(())
}
