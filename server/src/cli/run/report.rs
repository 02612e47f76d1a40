//! Reports a program that runs here, as far as a server can be reached. Whatever goes wrong, the program runs on.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tidings_client::{Client, ClientError};
use tidings_protocol::api::ErrorCode;
use tidings_protocol::job::{Job, JobPatch, JobState, NewJob};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::news::News;
use crate::cli::say;

/// For how long a server waits for us before it calls the job lost, in seconds: so long that two attempts that fail, however
/// long they take, leave time for a third.
pub(super) const LEASE_SECONDS: u64 = 60;
/// Longest time without a report. More often than the lease needs: the answer says whether somebody asked for the end.
const AT_LEAST_EVERY: Duration = Duration::from_secs(5);
/// Shortest time between two reports.
const AT_MOST_EVERY: Duration = Duration::from_millis(200);
/// Waits between attempts, doubled after each, while the program runs.
const SHORTEST_WAIT: Duration = Duration::from_millis(500);
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// Longest time that a report may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Wait between attempts once it has ended: somebody waits for us then.
const LAST_WAIT: Duration = Duration::from_millis(250);

/// How long a server may take to hear of a job whose program has ended.
const LAST_BEGINNING: Duration = Duration::from_secs(2);

/// How a program has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ended {
    pub(super) state: JobState,
    pub(super) exit_code: Option<i32>,
    pub(super) error: Option<String>,
}

/// Reports one program.
#[derive(Debug)]
pub(super) struct Reporter {
    pub(super) client: Client,
    pub(super) new: NewJob,
    pub(super) news: News,
    /// Some once the program has ended.
    pub(super) ended: watch::Receiver<Option<Ended>>,
    /// Cancelled when somebody asks the server for the job's end.
    pub(super) cancel: CancellationToken,
    pub(super) notes: Notes,
}

/// Says what people should know, each thing once; clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Notes {
    quiet: bool,
    said: Arc<Mutex<Said>>,
}

/// What people were told last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Said {
    #[default]
    Nothing,
    /// That nothing is reported.
    Unreported,
    /// That it is again.
    Reported,
}

impl Notes {
    pub(super) fn new(quiet: bool) -> Self {
        Self { quiet, said: Arc::default() }
    }

    /// Says why nothing is reported, unless that was said before.
    pub(super) fn unreported(&self, why: impl std::fmt::Display) {
        self.say(Said::Nothing, Said::Unreported, format_args!("not reported: {why}"));
    }

    /// Says that it is reported, if people believe that it is not.
    pub(super) fn reported(&self) {
        self.say(Said::Unreported, Said::Reported, "it is reported now");
    }

    /// Says that nobody was told the end, unless people believe so.
    pub(super) fn end_unreported(&self) {
        let text = "its end could not be reported";
        self.say(Said::Nothing, Said::Unreported, text);
        self.say(Said::Reported, Said::Unreported, text);
    }

    fn say(&self, from: Said, to: Said, text: impl std::fmt::Display) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if *said == from {
            *said = to;
            if !self.quiet {
                say::note(text);
            }
        }
    }
}

/// How an attempt went.
enum Step<T> {
    Done(T),
    /// There is no such job any more, or it was called lost.
    Gone,
    /// It may be better later.
    Later(Option<Duration>),
    /// It will not be.
    Never,
}

impl Reporter {
    /// Reports until the end was told, or there is no use in it. Whether the end was told.
    pub(super) async fn run(mut self) -> bool {
        let mut wait = SHORTEST_WAIT;
        loop {
            let has_ended = self.ended.borrow().is_some();
            let id = match self.begin().await {
                Step::Done(id) => id,
                // Nobody waits for a server that may never come.
                Step::Later(_) if has_ended => return false,
                Step::Later(asked) => {
                    self.wait(wait.max(asked.unwrap_or_default())).await;
                    wait = (wait * 2).min(LONGEST_WAIT);
                    continue;
                }
                Step::Gone | Step::Never => return false,
            };
            match self.follow(&id, &mut wait).await {
                Step::Done(()) => return true,
                // It is made anew, though not over and over.
                Step::Gone => self.wait(wait).await,
                Step::Later(_) | Step::Never => return false,
            }
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }

    async fn begin(&mut self) -> Step<String> {
        let mut ended = self.ended.clone();
        let late = async {
            let _ = ended.wait_for(Option::is_some).await;
            sleep(LAST_BEGINNING).await;
        };
        let answer = tokio::select! {
            answer = self.client.report_job(&self.new) => answer,
            () = late => Err(ClientError::Network("no answer before the program ended".to_owned())),
        };
        match answer {
            Ok(job) => {
                self.notes.reported();
                self.heed(&job);
                Step::Done(job.id)
            }
            Err(error) => {
                self.notes.unreported(&error);
                self.failed(&error)
            }
        }
    }

    /// Tells of a job what is new until it has ended.
    async fn follow(&mut self, id: &str, wait: &mut Duration) -> Step<()> {
        let mut last = Instant::now();
        loop {
            self.due(last).await;
            let ended = self.ended.borrow().clone();
            let fresh = self.news.take();
            let patch = with_end(fresh.patch(), ended.as_ref());
            last = Instant::now();
            let late = |_| ClientError::Network("no answer in time".to_owned());
            let answer = timeout(PATIENCE, self.client.patch_job(id, &patch)).await;
            let error = match answer.map_err(late).and_then(|answer| answer) {
                Ok(job) => {
                    *wait = SHORTEST_WAIT;
                    self.notes.reported();
                    self.heed(&job);
                    if ended.is_some() {
                        return Step::Done(());
                    }
                    continue;
                }
                Err(error) => error,
            };
            if let Some(ended) = &ended
                && is_gone(&error)
                && self.has_ended_so(id, ended).await
            {
                return Step::Done(());
            }
            self.news.put_back(fresh);
            match self.failed(&error) {
                Step::Later(asked) => {
                    self.wait((*wait).max(asked.unwrap_or_default())).await;
                    *wait = (*wait * 2).min(LONGEST_WAIT);
                }
                step => return step,
            }
        }
    }

    /// Waits until there is something to tell, or it is time to tell that there is not.
    async fn due(&mut self, last: Instant) {
        let Self { news, ended, .. } = self;
        if ended.borrow().is_some() {
            return;
        }
        let is_new = async {
            sleep_until(last + AT_MOST_EVERY).await;
            news.changed().await;
        };
        tokio::select! {
            _ = ended.changed() => {}
            () = is_new => {}
            () = sleep_until(last + AT_LEAST_EVERY) => {}
        }
    }

    /// Whether an end that was refused was told before, by an attempt whose answer was lost.
    async fn has_ended_so(&self, id: &str, ended: &Ended) -> bool {
        self.client.job(id).await.is_ok_and(|job| job.state == ended.state)
    }

    fn heed(&self, job: &Job) {
        if job.cancel_requested {
            self.cancel.cancel();
        }
    }

    /// Waits before another attempt: until the program has ended, if that comes first.
    async fn wait(&mut self, wait: Duration) {
        if self.ended.borrow().is_some() {
            return sleep(LAST_WAIT).await;
        }
        // By chance, so that those who lost a server together do not come back together.
        let wait = wait.mul_f64(rand::random_range(0.75..1.25));
        tokio::select! {
            () = sleep(wait) => {}
            _ = self.ended.changed() => {}
        }
    }

    fn failed<T>(&mut self, error: &ClientError) -> Step<T> {
        if is_gone(error) {
            return Step::Gone;
        }
        self.notes.unreported(error);
        match error {
            ClientError::Unreachable(_) | ClientError::Network(_) => Step::Later(None),
            ClientError::Status { status: 408 | 409 | 425 | 429 | 500.., retry_after, .. } => {
                Step::Later(retry_after.map(|wait| wait.min(2 * LONGEST_WAIT)))
            }
            // It would be the same again.
            _ => Step::Never,
        }
    }
}

/// Whether there is no such job, or it has ended.
fn is_gone(error: &ClientError) -> bool {
    let ClientError::Status { detail: Some(detail), .. } = error else { return false };
    matches!(detail.code, ErrorCode::JobEnded | ErrorCode::NotFound)
}

fn with_end(patch: JobPatch<Value>, ended: Option<&Ended>) -> JobPatch<Value> {
    let Some(Ended { state, exit_code, error }) = ended else { return patch };
    JobPatch { state: Some(*state), exit_code: *exit_code, error: error.clone(), ..patch }
}

#[cfg(test)]
mod tests;
