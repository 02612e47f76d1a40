//! What a page says of the freshness of what it shows, and when it says so.

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

use super::Screen;
use super::tabs::Tab;

/// Notes each change of a panel's state in `window.__shown`, and when what came last in `window.__heard`. All times are in ms since the
/// epoch by the monotonic clock of the page, whatever becomes of its `Date`.
const WATCH: &str = r"
    const origin = performance.timeOrigin, now = () => origin + performance.now();
    const heard = window.__heard = {};
    let read;
    const note = text => {
        heard.any = now();
        let message;
        try { message = JSON.parse(text); } catch { return; }
        if (!message.topic) return;
        heard[message.topic] = now();
        if (!message.topic.startsWith('metrics/')) return;
        heard.metrics = now();
        const processes = message.data.processes;
        if (processes && processes.at !== read) {
            read = processes.at;
            heard.processes = now();
            heard.pace = processes.intervalMs;
        }
    };
    window.EventSource = class extends EventSource {
        constructor(...all) {
            super(...all);
            this.addEventListener('message', event => note(event.data));
        }
    };
    const shown = window.__shown = [], states = {};
    new MutationObserver(() => {
        const there = {};
        for (const element of document.querySelectorAll('[data-panel][data-freshness], [data-testid=status]')) {
            there[element.dataset.panel ?? 'badge'] = element.dataset.freshness ?? element.dataset.state;
        }
        for (const name of new Set([...Object.keys(states), ...Object.keys(there)])) {
            const state = there[name] ?? 'gone';
            if (states[name] === state) continue;
            states[name] = state;
            shown.push([now(), name, state]);
        }
    }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['data-freshness', 'data-state'] });";

/// From then on a panel said so.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// In ms since the epoch.
    pub at: f64,
    /// Its `data-panel`, or `badge`.
    pub panel: String,
    /// Its `data-freshness`, the badge's `data-state`, or `gone`.
    pub state: String,
}

/// Now, in ms since the epoch, as [`Shown`] has it.
///
/// # Errors
///
/// If this machine's clock stands before the epoch.
pub fn epoch_ms() -> Result<f64> {
    Ok(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs_f64() * 1_000.0)
}

impl Screen {
    /// Opens `url` in a tab of its own, and notes from its first moment on how fresh its panels say that they are.
    ///
    /// # Errors
    ///
    /// If it does not load.
    pub async fn open_watched(&self, url: &str) -> Result<Tab> {
        let tab = self.blank_tab().await?;
        let script = json!({ "source": format!("(() => {{ {WATCH} }})();") });
        self.devtools("Page.addScriptToEvaluateOnNewDocument", script).await?;
        self.open(url).await?;
        Ok(tab)
    }

    /// All that panels said since the page was opened, in the order of time.
    ///
    /// # Errors
    ///
    /// If it was not opened by [`open_watched`](Self::open_watched).
    pub async fn shown(&self) -> Result<Vec<Shown>> {
        let told = self.run("return window.__shown;").await?;
        let shown = told.as_array().context("a page that is watched")?.iter().map(|one| {
            let text = |at: usize| one[at].as_str().map(str::to_owned);
            let (at, panel, state) = (one[0].as_f64(), text(1), text(2));
            let parts = at.zip(panel).zip(state).context("time, panel and state")?;
            let ((at, panel), state) = parts;
            Ok(Shown { at, panel, state })
        });
        shown.collect()
    }

    /// When what came last on the stream of this very tab: `any`, `metrics` of any machine, newly read `processes`, or what came on a topic; of `pace`,
    /// in how many ms those processes are read anew.
    ///
    /// # Errors
    ///
    /// If nothing of the kind did, or the page is not watched.
    pub async fn heard(&self, what: &str) -> Result<f64> {
        let at = self
            .run(&format!("return window.__heard[{};", Value::from(what).to_string() + "]"))
            .await?;
        at.as_f64().with_context(|| format!("{what} never came"))
    }

    /// Stops all processes of the browser, as a machine that sleeps does, or lets them go on. Its driver is none of them.
    ///
    /// # Errors
    ///
    /// If the system does not tell which they are.
    pub fn signal_browser(&self, signal: Signal) -> Result<()> {
        let driver = self.driver_id().context("a driver")?;
        let mut parents = Vec::new();
        for entry in std::fs::read_dir("/proc")? {
            let folder = entry?.path();
            let id = folder.file_name().and_then(|name| name.to_str()?.parse::<i32>().ok());
            let Some(id) = id else { continue };
            // One may end between two looks. The name of its program may hold spaces, and stands in parentheses.
            let Ok(stat) = std::fs::read_to_string(folder.join("stat")) else { continue };
            let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(1));
            if let Some(parent) = parent.and_then(|parent| parent.parse::<i32>().ok()) {
                parents.push((id, parent));
            }
        }
        let mut found = vec![driver];
        while let Some(next) = parents.iter().position(|(_, parent)| found.contains(parent)) {
            let (id, _) = parents.swap_remove(next);
            found.push(id);
        }
        for pid in found[1..].iter().filter_map(|id| Pid::from_raw(*id)) {
            let _ = kill_process(pid, signal);
        }
        Ok(())
    }
}
