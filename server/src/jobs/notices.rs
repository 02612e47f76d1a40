//! One notification a job: that it takes its time, how far it is, in its place, and how it ended.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidings_protocol::job::{Job, JobState, Percent};
use tidings_protocol::notification::{Level, MAX_TITLE_CHARS, NewNotification};
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Jobs;
use super::live::Live;
use crate::clock;
use crate::notifications::{Notifications, NotifyError};

/// What notifications of jobs come from.
const SOURCE: &str = "jobs";

/// How often it is looked for what users are to be told.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Least time between two updates of one notification, in ms, and what must be new: an inbox is not a progress bar.
const UPDATE_EVERY: u64 = 15_000;
const UPDATE_STEP: u16 = 50;

/// When one is updated though nothing is new, in ms, and when it goes by itself, in seconds: a job whose server is gone for
/// good is not said to run for ever.
const RENEW_EVERY: u64 = 30 * 60 * 1_000;
const EXPIRES: u64 = 60 * 60;

/// Most ends that wait for a database that is away.
const MOST_WAITING: usize = 1_000;

/// What users have been told of jobs.
#[derive(Debug)]
pub(super) struct Notices {
    notifications: Option<Notifications>,
    /// How long a job must have taken, in ms.
    after: u64,
    posted: Mutex<HashMap<String, Posted>>,
    /// Ends that are still to be said.
    waiting: Mutex<VecDeque<Job>>,
    /// Held while something is said: of two that say something of one job the later has the last word.
    turn: tokio::sync::Mutex<()>,
}

/// What was last said of a job that goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Posted {
    at: u64,
    progress: Option<Percent>,
    /// Whether its user has surely been told that it goes on.
    is_said: bool,
}

impl Notices {
    /// Notices of jobs that take longer than `after`; none where there are no notifications.
    pub(super) fn new(notifications: Option<Notifications>, after: Duration) -> Self {
        let after = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Self {
            notifications,
            after,
            posted: Mutex::default(),
            waiting: Mutex::default(),
            turn: Default::default(),
        }
    }

    /// Says how a job ended, unless it is not worth it; if something else is just being said, or the database fails, with a
    /// later look.
    pub(super) async fn end(&self, job: &Job) {
        let was_posted = self.posted().remove(&job.id).is_some();
        if !is_worth_telling(job, was_posted, self.after) {
            return;
        }
        let Ok(_turn) = self.turn.try_lock() else { return self.wait(job) };
        if self.post(ended(job)).await.is_err() {
            self.wait(job);
        }
    }

    /// Says how a job ended, unless it is not worth it, with the next look.
    pub(super) fn end_later(&self, job: &Job) {
        if is_worth_telling(job, false, self.after) {
            self.wait(job);
        }
    }

    /// Says how those jobs ended of which that could not be said before. Given up half-way, the rest still waits.
    pub(super) async fn settle(&self) {
        let _turn = self.turn.lock().await;
        loop {
            let Some(job) = self.waiting().front().cloned() else { return };
            // The others would fail as well.
            if self.post(ended(&job)).await.is_err() {
                self.waiting().rotate_left(1);
                return;
            }
            self.waiting().pop_front();
        }
    }

    fn wait(&self, job: &Job) {
        let mut waiting = self.waiting();
        if waiting.len() < MOST_WAITING {
            waiting.push_back(job.clone());
        }
    }

    async fn look(&self, held: &[Arc<Live>]) {
        self.settle().await;
        self.posted().retain(|id, _| held.iter().any(|live| live.id == *id));
        for live in held {
            // Whoever ends meanwhile says so behind this, and not before.
            let _turn = self.turn.lock().await;
            let (job, now) = (live.job(), clock::now_ms());
            if job.state != JobState::Running {
                continue;
            }
            let posted = self.posted().get(&job.id).copied();
            let Some(update) = due(&job, posted, now, self.after) else { continue };
            let told = Posted { at: now, progress: job.progress, is_said: true };
            self.posted().insert(job.id.clone(), told);
            // What fails is said anew a little later; it may be there all the same.
            if self.post(going_on(&job, update)).await.is_err() {
                let is_said = update && posted.is_none_or(|posted| posted.is_said);
                let unsaid = Posted { is_said, ..told };
                self.posted().entry(job.id.clone()).and_modify(|posted| *posted = unsaid);
                return;
            }
        }
    }

    async fn post(&self, (user_id, new): (String, NewNotification)) -> Result<(), NotifyError> {
        let Some(notifications) = &self.notifications else { return Ok(()) };
        match notifications.send_notification(&user_id, new, SOURCE).await {
            Ok(_) | Err(NotifyError::NoStore) => Ok(()),
            // Nor would it be one later.
            Err(NotifyError::Invalid(error)) => {
                tracing::error!(%error, "nobody is told of a job");
                Ok(())
            }
            Err(error) => {
                tracing::warn!(%error, "users are told of a job later");
                Err(error)
            }
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Job>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn posted(&self) -> MutexGuard<'_, HashMap<String, Posted>> {
        self.posted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells users of jobs that take their time, until `stop`.
pub(super) async fn run(jobs: &Jobs, stop: &CancellationToken) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let held = jobs.board().all();
        tokio::select! {
            () = stop.cancelled() => return,
            () = jobs.0.notices.look(&held) => {}
        }
    }
}

/// Whether to say how a job stands that goes on: as an update of what was said before, or as news.
fn due(job: &Job, posted: Option<Posted>, now: u64, after: u64) -> Option<bool> {
    let taken = now.saturating_sub(job.started_at?);
    let Some(posted) = posted else {
        // Another server began with it, or this one before it was started anew: it has said so.
        let is_taken_over = taken >= after.saturating_add(UPDATE_EVERY);
        return (taken >= after).then_some(is_taken_over);
    };
    let passed = now.saturating_sub(posted.at);
    let step = |progress: Option<Percent>| progress.map(|progress| progress.tenths() / UPDATE_STEP);
    let is_news = step(job.progress) != step(posted.progress);
    let is_due = passed >= RENEW_EVERY || (is_news || !posted.is_said) && passed >= UPDATE_EVERY;
    is_due.then_some(posted.is_said)
}

/// Whether somebody who does not look at the page wants to hear of this end.
fn is_worth_telling(job: &Job, was_posted: bool, after: u64) -> bool {
    let begun = job.started_at.unwrap_or(job.created_at);
    let has_taken = job.ended_at.unwrap_or(job.updated_at).saturating_sub(begun) >= after;
    match job.state {
        // Whoever cancels it knows, and reads only what became of what was said before, by this server or another.
        JobState::Succeeded | JobState::Cancelled => was_posted || has_taken,
        _ => true,
    }
}

fn going_on(job: &Job, update: bool) -> (String, NewNotification) {
    let progress = job.progress.map_or_else(
        || "Running; how far it is nobody knows".to_owned(),
        |progress| format!("{}% done", progress.tenths() / 10),
    );
    let left = job.eta_seconds.map(|left| format!(", about {} left", spoken(left)));
    let message = progress + left.as_deref().unwrap_or_default();
    let new = NewNotification { expires_in_seconds: Some(EXPIRES), update, ..new(job) };
    let title = title(&job.name, " is running");
    (job.user_id.clone(), NewNotification { title: Some(title), message: Some(message), ..new })
}

fn ended(job: &Job) -> (String, NewNotification) {
    let (what, level) = match job.state {
        JobState::Succeeded => (" is done", Level::Success),
        JobState::Cancelled => (" was cancelled", Level::Info),
        JobState::Interrupted => (" was interrupted", Level::Warning),
        JobState::Lost => (" was lost", Level::Warning),
        _ => (" failed", Level::Error),
    };
    let begun = job.started_at.unwrap_or(job.created_at);
    let taken = job.ended_at.unwrap_or(job.updated_at).saturating_sub(begun) / 1_000;
    let why = job.error.as_deref().unwrap_or(&job.message);
    let message = format!("After {}: {why}", spoken(taken));
    let message = message.trim_end_matches(|end: char| end == ':' || end.is_whitespace());
    let new = NewNotification {
        title: Some(title(&job.name, what)),
        message: Some(multiline(message)),
        level: Some(level),
        update: job.state == JobState::Cancelled,
        ..new(job)
    };
    (job.user_id.clone(), new)
}

fn new(job: &Job) -> NewNotification {
    NewNotification {
        link: Some(format!("/#jobs/{}", job.id)),
        source: Some(SOURCE.to_owned()),
        dedupe_key: Some(format!("job:{}", job.id)),
        ..NewNotification::default()
    }
}

/// A name and what became of it, in what a title may have.
fn title(name: &str, what: &str) -> String {
    let room = MAX_TITLE_CHARS - what.chars().count();
    let mut title: String = name.chars().take(room).collect();
    title.push_str(what);
    title
}

/// What a message may have of a text.
fn multiline(text: &str) -> String {
    let mut text: String =
        text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    text.truncate(text.floor_char_boundary(tidings_protocol::notification::MAX_MESSAGE_BYTES));
    text
}

/// A time as one says it.
fn spoken(seconds: u64) -> String {
    let (number, unit) = match seconds {
        0..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {unit}{plural}")
}

#[cfg(test)]
mod tests;
