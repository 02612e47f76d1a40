//! A job that has not ended, as the server that holds it has it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::value::RawValue;
use tidings_protocol::job::{FailedBecause, Job, JobState, Percent, topic};
use tidings_protocol::topic::Topic;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::estimate::Estimate;
use super::reporter::Reporter;
use crate::clock;

/// A job that this server holds.
#[derive(Debug)]
pub(super) struct Live {
    pub(super) id: String,
    pub(super) user_id: String,
    /// Where its events go; none if no topic can be named after it.
    pub(super) topic: Option<Topic>,
    pub(super) is_reported: bool,
    /// What work or whoever reports it has told.
    pub(super) reporter: Reporter,
    /// Cancelled when its work is to end.
    pub(super) cancelled: CancellationToken,
    begun: Instant,
    state: Mutex<State>,
    /// The job for those who follow it; with its end, once that was kept.
    told: watch::Sender<Told>,
}

/// What a follower sees.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) job: Arc<Job>,
    pub(super) end: Option<Arc<End>>,
}

/// How a job ended, besides what the job itself says.
#[derive(Clone, Debug, Default)]
pub(super) struct End {
    /// Why it has not succeeded; none if it has.
    pub(super) because: Option<FailedBecause>,
    /// What came of it; none if nothing did, or it is a file.
    pub(super) result: Option<Box<RawValue>>,
}

#[derive(Debug)]
struct State {
    job: Job,
    /// The past of `done`, and of how far it is.
    amount: Estimate,
    share: Estimate,
    /// Why its work was asked to end; what was asked first stands.
    cause: Option<FailedBecause>,
    end: Option<Arc<End>>,
    /// Version of the job that the database has.
    saved: u64,
    /// Whether the database is to hear of it though nothing has changed.
    is_heard: bool,
    /// For how long whoever reports it may be silent, and until when.
    lease: Duration,
    expires: Instant,
    /// When its newest event went out.
    published: Option<Instant>,
}

impl Live {
    pub(super) fn new(job: Job, lease: Duration) -> Arc<Self> {
        let job_now = Arc::new(job.clone());
        let now = Instant::now();
        Arc::new(Self {
            id: job.id.clone(),
            user_id: job.user_id.clone(),
            topic: topic(&job.id),
            is_reported: job.is_reported(),
            reporter: Reporter::resume(&job),
            cancelled: CancellationToken::new(),
            begun: now,
            told: watch::Sender::new(Told { job: job_now, end: None }),
            state: Mutex::new(State {
                amount: Estimate::default(),
                share: Estimate::default(),
                cause: None,
                end: None,
                saved: job.version,
                is_heard: false,
                lease,
                expires: now + lease,
                published: None,
                job,
            }),
        })
    }

    /// The job as it stands.
    pub(super) fn job(&self) -> Job {
        self.state().job.clone()
    }

    /// How it ended, if it has.
    pub(super) fn end(&self) -> Option<Arc<End>> {
        self.state().end.clone()
    }

    pub(super) fn is_active(&self) -> bool {
        self.state().job.state.is_active()
    }

    pub(super) fn lease(&self) -> Duration {
        self.state().lease
    }

    pub(super) fn follow(&self) -> watch::Receiver<Told> {
        self.told.subscribe()
    }

    /// Changes a job that has not ended, and gives it its next version. Whether it had not.
    pub(super) fn change(&self, change: impl FnOnce(&mut Job)) -> bool {
        let mut state = self.state();
        let is_active = state.job.state.is_active();
        if is_active {
            change(&mut state.job);
            state.stamp();
            self.show(&state);
        }
        is_active
    }

    /// Takes over what was told to the reporter.
    pub(super) fn fold(&self) -> bool {
        let told = self.reporter.told();
        let now = self.begun.elapsed();
        let mut state = self.state();
        if !state.job.state.is_active() {
            return false;
        }
        let State { job, amount, share, .. } = &mut *state;
        job.progress = told.progress;
        job.message = told.message;
        (job.done, job.total, job.unit, job.lines) = (told.done, told.total, told.unit, told.lines);
        job.done.into_iter().for_each(|done| amount.note(now, done));
        told.progress.into_iter().for_each(|part| share.note(now, part.tenths().into()));
        state.estimate(now);
        state.stamp();
        self.show(&state);
        true
    }

    /// Takes back what was said of a job's rate that stands still. Whether that was news.
    pub(super) fn settle(&self) -> bool {
        let now = self.begun.elapsed();
        let mut state = self.state();
        let job = &state.job;
        let was_told = (job.rate.is_some(), job.eta_seconds.is_some());
        let (rate, left) = state.estimated(now);
        let is_taken_back = was_told.0 && rate.is_none() || was_told.1 && left.is_none();
        if !job.state.is_active() || !is_taken_back {
            return false;
        }
        state.estimate(now);
        state.stamp();
        self.show(&state);
        true
    }

    /// Asks its work to end.
    pub(super) fn ask_to_end(&self, because: FailedBecause) {
        self.state().cause.get_or_insert(because);
        self.cancelled.cancel();
    }

    /// Why its work was asked to end.
    pub(super) fn cause(&self) -> Option<FailedBecause> {
        self.state().cause
    }

    /// Notes that it has ended; nobody who follows it hears of that before [`tell_end`](Self::tell_end).
    /// Whether it had not ended before.
    pub(super) fn finish(&self, end: End, change: impl FnOnce(&mut Job)) -> bool {
        let mut state = self.state();
        if !state.job.state.is_active() {
            return false;
        }
        let job = &mut state.job;
        (job.place, job.rate, job.eta_seconds) = (None, None, None);
        change(job);
        if job.state == JobState::Succeeded {
            job.progress = Some(Percent::FULL);
        }
        state.stamp();
        state.job.ended_at = Some(state.job.updated_at);
        state.end = Some(Arc::new(end));
        true
    }

    /// Gives a job that has ended a version that is no less than this.
    pub(super) fn outrun(&self, version: u64) {
        let mut state = self.state();
        state.job.version = state.job.version.max(version);
    }

    /// Takes back how it ended for what another server has said before.
    pub(super) fn overrule(&self, job: Job) {
        let because = match job.state {
            JobState::Succeeded => None,
            JobState::Cancelled => Some(FailedBecause::Cancelled),
            JobState::Interrupted => Some(FailedBecause::Interrupted),
            JobState::Lost => Some(FailedBecause::Unknown),
            _ => Some(FailedBecause::Failed),
        };
        let mut state = self.state();
        state.end = Some(Arc::new(End { because, result: None }));
        state.job = job;
    }

    /// Tells those who follow it how it ended.
    pub(super) fn tell_end(&self) {
        self.show(&self.state());
    }

    /// Notes that whoever reports it was heard of, and for how long it may be silent from now on.
    pub(super) fn hear(&self) {
        let mut state = self.state();
        state.expires = Instant::now() + state.lease;
        state.is_heard = true;
    }

    /// Whether whoever reports it has been silent for too long.
    pub(super) fn has_expired(&self) -> bool {
        self.is_reported && self.state().expires <= Instant::now()
    }

    /// The job, if the database has an older one, or has to hear of it.
    pub(super) fn to_save(&self) -> Option<Job> {
        let state = self.state();
        let is_new = state.job.version > state.saved || state.is_heard;
        (is_new && state.job.state.is_active()).then(|| state.job.clone())
    }

    /// Notes what the database has.
    pub(super) fn saved(&self, version: u64) {
        let mut state = self.state();
        state.saved = state.saved.max(version);
        state.is_heard = false;
    }

    /// Notes that the database may not have the newest.
    pub(super) fn unsaved(&self) {
        self.state().is_heard = true;
    }

    /// When its next event may go out, at the earliest.
    pub(super) fn may_publish(&self, spacing: Duration) -> Instant {
        let published = self.state().published;
        published.map_or_else(Instant::now, |at| at + spacing)
    }

    /// Notes that an event of it goes out, and gives what that says: no end that those who follow it are not told of.
    pub(super) fn publish(&self) -> Job {
        self.state().published = Some(Instant::now());
        Job::clone(&self.told.borrow().job)
    }

    fn show(&self, state: &State) {
        let told = Told { job: Arc::new(state.job.clone()), end: state.end.clone() };
        self.told.send_replace(told);
    }

    /// A panic elsewhere cannot leave it half changed, so a poisoned lock is used on.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The next version: the time, so that whoever takes the job over goes on behind it, and never twice the same.
    fn stamp(&mut self) {
        let now = clock::now_ms();
        self.job.version = now.max(self.job.version + 1);
        self.job.updated_at = now.max(self.job.created_at);
    }

    fn estimate(&mut self, now: Duration) {
        (self.job.rate, self.job.eta_seconds) = self.estimated(now);
    }

    /// Rate and time left.
    fn estimated(&self, now: Duration) -> (Option<f64>, Option<u64>) {
        let job = &self.job;
        let rate = job.done.and_then(|_| self.amount.rate(now));
        let left = match (job.done, job.total) {
            (Some(_), Some(total)) => self.amount.seconds_left(now, total),
            // What nobody has counted may have an end all the same.
            _ => job
                .progress
                .and_then(|_| self.share.seconds_left(now, Percent::FULL.tenths().into())),
        };
        (rate.map(|rate| (rate * 10.0).round() / 10.0), left)
    }
}
