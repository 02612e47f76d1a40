//! What Chromium's main thread does, task by task.

use std::collections::HashMap;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use thirtyfour::{CapabilitiesHelper, ChromiumLikeCapabilities};

use super::Screen;
use super::browser::ENGLISH;
use crate::http;

/// Time that there is for a frame, in ms.
pub const FRAME_MS: f64 = 1_000.0 / 60.0;

const CATEGORIES: &str = "devtools.timeline,disabled-by-default-devtools.timeline";

/// Done once for each frame, by the main thread.
const MAKES_FRAME: &str = "Layerize";

/// A piece of work that nothing interrupts, in ms; or what is done within one.
#[derive(Clone, Copy, Debug)]
struct Work {
    at: f64,
    time: f64,
}

/// What the main thread of a page did.
#[derive(Debug)]
pub struct Trace {
    /// By time.
    tasks: Vec<Work>,
    /// When it was making each frame.
    frames: Vec<f64>,
}

impl Screen {
    /// A browser that notes what it does; see [`trace`](Self::trace).
    ///
    /// # Errors
    ///
    /// As [`browser`](Self::browser).
    pub async fn traced_browser() -> Result<Self> {
        Self::browser_with(ENGLISH, |capabilities| {
            capabilities.set("goog:loggingPrefs", json!({ "performance": "ALL" }))?;
            let wanted =
                json!({ "enableNetwork": false, "enablePage": false, "traceCategories": CATEGORIES });
            Ok(capabilities.add_experimental_option("perfLoggingPrefs", wanted)?)
        })
        .await
    }

    /// What the page's main thread did in the last `time`. It can be asked for once.
    ///
    /// # Errors
    ///
    /// If it is no [`traced_browser`](Self::traced_browser), or did nothing.
    pub async fn trace(&self, time: Duration) -> Result<Trace> {
        let session = self.driver()?.session_id().to_string();
        let url = format!("{}/session/{session}/se/log", self.url);
        let answer = http()?.post(url).json(&json!({ "type": "performance" })).send().await?;
        let answer: Value = answer.error_for_status()?.json().await?;
        let lines = answer["value"].as_array().context("a log")?;
        let events = lines.iter().filter_map(|line| {
            let message: Value = serde_json::from_str(line["message"].as_str()?).ok()?;
            let message = &message["message"];
            (message["method"] == "Tracing.dataCollected").then(|| message["params"].clone())
        });
        Trace::of(&events.collect::<Vec<_>>(), time)
    }
}

impl Trace {
    fn of(events: &[Value], time: Duration) -> Result<Self> {
        let of_thread = |event: &Value| (event["pid"].as_u64(), event["tid"].as_u64());
        // The page's main thread is the one that makes frames.
        let is_frame = |event: &&Value| event["name"] == MAKES_FRAME;
        let mut counts = HashMap::new();
        for event in events.iter().filter(is_frame) {
            *counts.entry(of_thread(event)).or_insert(0) += 1;
        }
        let (main, _) = counts.into_iter().max_by_key(|(_, count)| *count).context("no frames")?;
        let own = || events.iter().filter(|event| of_thread(event) == main);
        let ms = |event: &Value, key: &str| event[key].as_f64().map(|micros| micros / 1_000.0);
        let mut frames: Vec<f64> =
            own().filter(is_frame).filter_map(|event| ms(event, "ts")).collect();
        let tasks = own().filter(|event| event["name"] == "RunTask");
        let mut tasks: Vec<Work> = tasks
            .filter_map(|event| Some(Work { at: ms(event, "ts")?, time: ms(event, "dur")? }))
            .collect();
        frames.sort_by(f64::total_cmp);
        tasks.sort_by(|a, b| a.at.total_cmp(&b.at));
        let end = tasks.last().context("no tasks")?.at;
        let since = end - time.as_secs_f64() * 1_000.0;
        tasks.retain(|task| task.at >= since);
        frames.retain(|frame| *frame >= since);
        Ok(Self { tasks, frames })
    }

    /// The work for each frame, in ms: of the task that makes it, and of those in the time of a frame before that.
    #[must_use]
    pub fn frames(&self) -> Vec<f64> {
        let work = self.frames.iter().filter_map(|frame| {
            let making = self.tasks.partition_point(|task| task.at <= *frame).checked_sub(1)?;
            let own = self.tasks[making];
            let since = own.at - FRAME_MS;
            let before = self.tasks[..making].iter().rev().map_while(|task| {
                let end = task.at + task.time;
                (end > since).then(|| end - task.at.max(since))
            });
            Some(own.time + before.sum::<f64>())
        });
        work.collect()
    }

    /// How long each task took, in ms.
    #[must_use]
    pub fn tasks(&self) -> Vec<f64> {
        self.tasks.iter().map(|task| task.time).collect()
    }

    /// For how long it was looked at, in ms.
    #[must_use]
    pub fn time(&self) -> f64 {
        let first = self.tasks.first().map_or(0.0, |task| task.at);
        self.tasks.last().map_or(0.0, |task| task.at + task.time - first)
    }

    /// What share of that it worked, in percent.
    #[must_use]
    pub fn share(&self) -> f64 {
        100.0 * self.tasks().iter().sum::<f64>() / self.time()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_a_frame_is_its_task_and_what_came_shortly_before_on_the_same_thread() {
        let event = |name: &str, tid: u64, ts: f64, dur: f64| json!({ "name": name, "pid": 1, "tid": tid, "ts": ts, "dur": dur });
        let events = [
            event("RunTask", 7, 0.0, 90_000.0),
            event("RunTask", 7, 95_000.0, 4_000.0),
            event("RunTask", 7, 100_000.0, 3_000.0),
            event("RunTask", 8, 100_000.0, 80_000.0),
            event(MAKES_FRAME, 7, 100_500.0, 100.0),
        ];
        let trace = Trace::of(&events, Duration::from_secs(1)).unwrap();
        let [work] = trace.frames()[..] else { panic!("one frame") };
        // Of the long task what lies within the time of a frame.
        assert!((work - (3.0 + 4.0 + 90.0 - (100.0 - FRAME_MS))).abs() < 1e-6, "{work}");
        assert_eq!(trace.tasks(), [90.0, 4.0, 3.0]);
        let late = Trace::of(&events, Duration::from_millis(6)).unwrap();
        assert_eq!(late.tasks(), [4.0, 3.0]);
        assert!(Trace::of(&events[..2], Duration::ZERO).is_err(), "nobody drew anything");
    }
}
