//! How long the desktop app takes until somebody sees a figure: from its start, and when its window comes back. Looked at from outside, in
//! the pixels of the display, and without a driver.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use harness::{Area, DEADLINE, Spread, Stage, WINDOW_WITHIN, until};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use tokio::process::Child;

/// The figure that is waited for.
const FIGURE: &str = "cpu-total";

/// How often the app is started, from a disk that nothing is remembered of, and again from memory.
const STARTS: usize = 30;

/// How often its window comes back.
const RETURNS: usize = 10;

/// Longest that a start and a return may take, in ms.
const LONGEST: f64 = 1_000.0;

/// Where the kernel is told to forget what it remembers of files.
const FORGET: &str = "/proc/sys/vm/drop_caches";

/// A key that is heard shows within this.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

/// So long nothing changes in a picture that is done.
const SETTLE: Duration = Duration::from_millis(300);

/// A stage on which the app was started before, and where its figure is.
struct Rehearsed {
    stage: Stage,
    area: Area,
    /// So many of its pixels are written on once the figure is there.
    least: usize,
}

impl Rehearsed {
    async fn new() -> Result<Self> {
        let stage = Stage::start().await?;
        let folder = stage.home().join("dev.tidings.desktop");
        std::fs::create_dir_all(&folder)?;
        let settings = json!({ "window": { "releaseAfterSeconds": 1 } });
        std::fs::write(folder.join("settings.json"), settings.to_string())?;
        let area = stage.area_of(FIGURE).await?;
        // Once more, without paint.
        let rehearsed = Self { stage, area, least: 0 };
        let live = rehearsed.times_to_live().len();
        let app = rehearsed.stage.app()?;
        rehearsed.wait_for_times(live + 1).await?;
        let written = until("the figure is there", WINDOW_WITHIN, || async {
            let ink = rehearsed.stage.ink(&rehearsed.area)?;
            tokio::time::sleep(SETTLE).await;
            let is_settled = ink > 0 && rehearsed.stage.ink(&rehearsed.area)? == ink;
            Ok(is_settled.then_some(ink))
        })
        .await?;
        end(app).await?;
        Ok(Self { least: written / 2, ..rehearsed })
    }

    /// Starts the app, and says how long it took until the figure could be seen.
    async fn start(&self) -> Result<(Child, Duration)> {
        until("nothing is on the display", DEADLINE, || async {
            Ok((self.stage.ink(&self.area)? == 0).then_some(()))
        })
        .await?;
        let begun = Instant::now();
        let app = self.stage.app()?;
        let seen = self.stage.wait_for_ink(&self.area, self.least).await?;
        Ok((app, seen - begun))
    }

    /// Starts it so often, and ends it each time, when it was done; `before` each.
    async fn starts(&self, count: usize, before: impl Fn() -> Result<()>) -> Result<Spread> {
        let mut times = Vec::new();
        for _ in 0..count {
            before()?;
            let live = self.times_to_live().len();
            let (app, time) = self.start().await?;
            times.push(time);
            self.wait_for_times(live + 1).await?;
            end(app).await?;
        }
        Spread::of_times(times)
    }

    /// In how many ms pages had figures, by the log.
    fn times_to_live(&self) -> Vec<f64> {
        let log = self.stage.home().join("dev.tidings.desktop").join("logs").join("tidings.log");
        let text = std::fs::read_to_string(log).unwrap_or_default();
        let lines = text.lines().filter(|line| line.contains("the page is live"));
        let times = lines.filter_map(|line| line.split_once("milliseconds=")?.1.parse().ok());
        times.collect()
    }

    async fn wait_for_times(&self, count: usize) -> Result<Vec<f64>> {
        until(&format!("the page was live {count} times"), WINDOW_WITHIN, || async {
            let times = self.times_to_live();
            ensure!(times.len() >= count, "{times:?}");
            Ok(Some(times))
        })
        .await
    }

    /// Closes the window, waits until it is let go of, and wants it back: so often, in how long a figure can be seen each time.
    async fn returns(&self, count: usize) -> Result<Spread> {
        let (tray, mut times) = (&self.stage.tray, Vec::new());
        for _ in 0..count {
            until("the window is gone", DEADLINE, || async {
                // Until keys come to it, which somebody sees before.
                self.stage.strike("ctrl+w").await?;
                let gone = until("nothing is seen", HEARD_WITHIN, || async {
                    Ok((self.stage.ink(&self.area)? == 0).then_some(()))
                });
                Ok(gone.await.ok())
            })
            .await?;
            until("its web view is let go of", DEADLINE, || async {
                Ok((!self.stage.has_page()?).then_some(()))
            })
            .await?;
            let show = tray.menu().await?.into_iter().find(|entry| entry.label == "Show Tidings");
            let begun = Instant::now();
            tray.choose(show.context("an entry")?.id).await?;
            times.push(self.stage.wait_for_ink(&self.area, self.least).await? - begun);
        }
        Spread::of_times(times)
    }
}

/// Ends the app as the system does, and waits for it.
async fn end(mut app: Child) -> Result<()> {
    let pid = app.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
    kill_process(pid.context("it runs")?, Signal::TERM)?;
    let ended = tokio::time::timeout(DEADLINE, app.wait()).await.context("it goes on")??;
    ensure!(ended.success(), "it ended with {ended}");
    Ok(())
}

#[tokio::test]
async fn a_figure_can_be_seen_without_anybodys_help_and_again_in_a_window_that_comes_back()
-> Result<()> {
    let app = Rehearsed::new().await?;
    let live = app.times_to_live().len();
    let (running, seen) = app.start().await?;
    println!("from the start to a figure: {seen:?}");
    println!("from the tray to a figure: {}", app.returns(1).await?);
    // The log says it of each, and never before there are figures.
    let times = app.wait_for_times(live + 2).await?;
    println!("by the log: {:?} ms", &times[live..]);
    end(running).await
}

#[tokio::test]
#[ignore = "long proof: cargo xtask prove start"]
async fn prove_start() -> Result<()> {
    let app = Rehearsed::new().await?;
    let warm = app.starts(STARTS, || Ok(())).await?;
    println!("from the start to a figure in the window, files in memory: {warm}");
    match std::fs::OpenOptions::new().write(true).open(FORGET) {
        Err(error) => println!("files cannot be forgotten: {error}; as root they can"),
        Ok(_) => {
            let forget = || {
                rustix::fs::sync();
                Ok(std::fs::write(FORGET, "3")?)
            };
            let cold = app.starts(STARTS, forget).await?;
            println!("the same from the disk: {cold}");
        }
    }
    let live = app.times_to_live().len();
    let (running, _) = app.start().await?;
    let returns = app.returns(RETURNS).await?;
    println!("from the tray to a figure in a window made anew: {returns}");
    let times = app.wait_for_times(live + 1 + RETURNS).await?;
    println!("by the log: {}", Spread::of(times[live + 1..].iter().copied())?);
    end(running).await?;
    ensure!(warm.percentile(100) <= LONGEST, "a start took longer than {LONGEST} ms");
    ensure!(returns.percentile(100) <= LONGEST, "a return took longer than {LONGEST} ms");
    Ok(())
}
