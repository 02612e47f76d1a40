//! A dashboard that is live, and all that can go wrong around it.

use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::{
    DEADLINE, Proxy, Screen, Server, ServerOptions, Shown, Verdicts, WallClock, epoch_ms, until,
};

/// A stream is stale after two of these without a word, and given up after three.
pub const HEARTBEAT_SECONDS: u32 = 5;

/// Every part of the page that says how fresh it is; there may be more.
const PANELS: [&str; 12] = [
    "badge",
    "cpu",
    "memory",
    "disks",
    "network",
    "processes",
    "temperatures",
    "topics",
    "events",
    "jobs",
    "alerts",
    "notifications",
];

/// Deadline of what is sampled once a second: three intervals.
const SAMPLE_MS: f64 = 3_000.0;

/// Longer than any panel's deadline: what is said falsely is said within it.
pub const QUIET: Duration = Duration::from_secs(8);

/// When a panel is to say something.
#[derive(Clone, Copy, Debug)]
pub enum Due {
    /// At its own deadline, by what came last.
    Deadline,
    /// So many ms after anything came last.
    Silence(f64),
    /// Three seconds after the last event of this topic.
    Topic(&'static str),
    /// Then, in ms since the epoch.
    At(f64),
}

/// A dashboard that is live, and all that can go wrong around it.
#[derive(Debug)]
pub struct Scene {
    /// Goes by `clock`.
    pub server: Server,
    /// The server's.
    pub clock: WallClock,
    /// Between server and page.
    pub proxy: Proxy,
    /// The page.
    pub screen: Screen,
    verdicts: Verdicts,
    /// By how much a state may be late.
    late: Duration,
}

impl Scene {
    /// A server whose clock can be set, behind a proxy, and its page in Chromium with the inbox open. A state may be so late.
    ///
    /// # Errors
    ///
    /// If it does not come up.
    pub async fn start(late: Duration) -> Result<Self> {
        let clock = WallClock::new().await?;
        let config = format!("[server]\nheartbeat_seconds = {HEARTBEAT_SECONDS}");
        let options = clock.given_to(ServerOptions::with_config(config));
        let server = Server::start_with(options).await?;
        let proxy = Proxy::start(server.address()).await?;
        let screen = Screen::browser().await?;
        let page = format!("http://{}/#code={}", proxy.address(), server.code());
        screen.open_watched(&page).await?;
        let scene = Self { server, clock, proxy, screen, verdicts: Verdicts::default(), late };
        scene.all_live().await?;
        Ok(scene)
    }

    /// Waits until every panel says that it is live, with the inbox open.
    ///
    /// # Errors
    ///
    /// If one does not in time.
    pub async fn all_live(&self) -> Result<()> {
        self.screen.wait_for_state("live", DEADLINE).await?;
        let inbox =
            "return document.querySelector('[data-testid=inbox]').matches(':popover-open');";
        if self.screen.run(inbox).await? != true {
            self.screen.key("n").await?;
        }
        // A page that is new knows no topic before something is published.
        self.server.publish("work/scene")?.body("1").send().await?.error_for_status()?;
        self.wait_for(&|_| "live").await
    }

    /// Waits until each panel says what is wanted of it.
    async fn wait_for(&self, wanted: &dyn Fn(&str) -> &'static str) -> Result<()> {
        let deadline = self.late + Duration::from_secs(u64::from(3 * HEARTBEAT_SECONDS));
        until("every panel says what it should", deadline, || async {
            let shown = self.screen.shown().await?;
            for panel in PANELS {
                let state = state(&shown, panel);
                ensure!(state == Some(wanted(panel)), "{panel} says {state:?}");
            }
            Ok(Some(()))
        })
        .await
    }

    /// Waits until each panel says what it should, and notes how late that was; `since` is when the fault came.
    ///
    /// # Errors
    ///
    /// If one does not in time, or said so before.
    pub async fn says(
        &mut self,
        fault: &'static str,
        since: f64,
        due: Due,
        wanted: &dyn Fn(&str) -> &'static str,
    ) -> Result<()> {
        self.wait_for(wanted).await.with_context(|| format!("{fault}: {:?}", wanted("cpu")))?;
        let shown = self.screen.shown().await?;
        for panel in PANELS {
            let wanted = wanted(panel);
            let said = |one: &&Shown| one.at >= since && one.panel == panel && one.state == wanted;
            let said = shown.iter().find(said);
            if said.is_none() && wanted == "live" {
                self.verdicts.note(fault, panel, wanted, None);
                continue;
            }
            let said = said.with_context(|| format!("{fault}: {panel} said {wanted} before"))?;
            let due = match due {
                Due::At(at) => at,
                Due::Topic(topic) => self.screen.heard(topic).await? + SAMPLE_MS,
                Due::Silence(ms) => self.screen.heard("any").await? + ms,
                Due::Deadline if panel == "processes" => self.processes_due().await?,
                Due::Deadline => self.screen.heard("metrics").await? + SAMPLE_MS,
            };
            self.verdicts.note(fault, panel, wanted, Some(said.at - due));
        }
        Ok(())
    }

    /// When the processes are stale: they are read every few seconds, and less often where there are many.
    async fn processes_due(&self) -> Result<f64> {
        let pace = self.screen.heard("pace").await?;
        let own = self.screen.heard("processes").await? + (3.0 * pace).max(SAMPLE_MS);
        let of_stream =
            self.screen.heard("any").await? + f64::from(2 * HEARTBEAT_SECONDS) * 1_000.0;
        Ok(own.min(of_stream))
    }

    /// Nothing is said of what is no fault, and what is shown goes on.
    ///
    /// # Errors
    ///
    /// If something is said, or nothing comes any more.
    pub async fn stays_live(&mut self, fault: &'static str, since: f64) -> Result<()> {
        tokio::time::sleep(QUIET).await;
        let shown = self.screen.shown().await?;
        for panel in PANELS {
            let said: Vec<_> =
                shown.iter().filter(|one| one.at >= since && one.panel == panel).collect();
            ensure!(said.is_empty(), "{fault}: {said:?}");
            self.verdicts.note(fault, panel, "live", None);
        }
        let heard = self.screen.heard("metrics").await?;
        ensure!(heard > since, "{fault}: nothing comes any more");
        Ok(())
    }

    /// Nobody says *stale* of what was late for no fault of the server's, and everything is live again.
    ///
    /// # Errors
    ///
    /// If one is not in time, or somebody says *stale*.
    pub async fn is_live_again(&mut self, fault: &'static str, since: f64) -> Result<()> {
        self.wait_for(&|_| "live").await.context(fault)?;
        let shown = self.screen.shown().await?;
        for panel in PANELS {
            let mut said = shown.iter().filter(|one| one.at >= since && one.panel == panel);
            ensure!(!said.clone().any(|one| one.state == "stale"), "{fault}: {panel} said stale");
            // One that had nothing else to say was live from the first moment.
            let live = said.rfind(|one| one.state == "live").map_or(0.0, |one| one.at - since);
            self.verdicts.note(fault, panel, "live", Some(live));
        }
        Ok(())
    }

    /// Once what was wrong is over, somebody presses "Retry now", and everything is live.
    ///
    /// # Errors
    ///
    /// If it is not in time.
    pub async fn retried(&mut self, fault: &'static str) -> Result<()> {
        let since = epoch_ms()?;
        // An attempt by the page itself may come first.
        let press = "const [retry, badge] = ['retry', 'status'].map(id => document.querySelector(`[data-testid=${id}]`));\
                     retry?.click(); return !!retry || badge.dataset.state === 'live';";
        self.screen.wait_for("there is a button to try again", press).await.context(fault)?;
        self.all_live().await.context(fault)?;
        let shown = self.screen.shown().await?;
        for panel in PANELS {
            let said = shown.iter().rfind(|one| one.panel == panel && one.state == "live");
            let at = said.with_context(|| format!("{fault}: {panel} was never live"))?.at;
            // The inbox closes with a click elsewhere, and is opened again by this test.
            if panel != "notifications" {
                // Of a server that stood still the processes are still to be read.
                let pace =
                    if panel == "processes" { self.screen.heard("pace").await? } else { 0.0 };
                let due = since + pace;
                self.verdicts.note(fault, panel, "live", Some((at - due).max(0.0)));
            }
        }
        Ok(())
    }

    /// What is said of the connection, beside the badge: cause, and what comes or is to be done.
    ///
    /// # Errors
    ///
    /// If it is not in time.
    pub async fn is_told(&self, css: &str, words: &str) -> Result<()> {
        let script = format!(
            "return document.querySelector({css:?})?.innerText.includes({words:?}) === true;"
        );
        self.screen.wait_for(&format!("{css} says {words:?}"), &script).await
    }

    /// Old values stay, and step back.
    ///
    /// # Errors
    ///
    /// If they are gone, or look like new ones.
    pub async fn keeps_what_it_showed(&self) -> Result<()> {
        let kept = self.screen.text("cpu-total").await?;
        ensure!(
            kept.contains(|c: char| c.is_ascii_digit()),
            "the last figure was wiped out: {kept:?}"
        );
        let colour = "return getComputedStyle(document.querySelector('[data-testid=cpu-total]')).color \
                      === getComputedStyle(document.querySelector('[data-panel=cpu] .stat-label')).color;";
        self.screen.wait_for("old values step back", colour).await
    }

    /// Prints and judges what was noted, and closes all.
    ///
    /// # Errors
    ///
    /// If a state came too early or too late.
    #[expect(clippy::print_stdout, reason = "a table to look at")]
    pub async fn end(self) -> Result<Verdicts> {
        println!("{}", self.verdicts.table());
        self.verdicts.judge(self.late)?;
        println!("latest: {:?} past its deadline", self.verdicts.latest()?);
        self.screen.close().await?;
        Ok(self.verdicts)
    }
}

/// What a panel said last.
fn state<'a>(shown: &'a [Shown], panel: &str) -> Option<&'a str> {
    Some(&shown.iter().rfind(|one| one.panel == panel)?.state)
}
