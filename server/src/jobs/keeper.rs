//! Keeps jobs: writes how they stand, holds on to them, and says how those ended that nobody holds any more.

use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::job::{FailedBecause, JobState};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::live::{End, Live};
use super::{JobError, Jobs, files, rows, to_its_end};
use crate::clock;
use crate::store::{JobBounds, JobLeft, JobRow, Renewed, StoreError};

/// How often the database hears of what has changed; of the first and the last of a job it hears at once.
const SAVE_EVERY: Duration = Duration::from_secs(1);

/// How often jobs are renewed that other servers could take.
const RENEW_EVERY: Duration = Duration::from_secs(5);

/// How often it is looked for what other servers were asked to end of this one's.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How often what is past its bounds is removed.
const TRIM_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked for files of jobs that there are no more, and how many bytes all of them may have.
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);
const MOST_BYTES: u64 = 1 << 30;

/// For how long the hub has the last word of a job that has ended, and of how many of them.
const TOLD_FOR: Duration = Duration::from_secs(10 * 60);
const MOST_TOLD: usize = 1_000;

/// Most jobs that are written at once.
const MOST_SAVED: usize = 200;

/// Most rounds of one look or trim: whatever is left waits for the next.
const MOST_ROUNDS: usize = 100;

/// What became of an end that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// The database has it.
    Here,
    /// The job is another server's, which says how it ends.
    Elsewhere,
    /// The database has no time; it is tried again.
    Later,
}

/// Keeps jobs until `stop`.
pub(super) async fn run(jobs: &Jobs, stop: &CancellationToken) {
    let every = |period| {
        let mut ticks = tokio::time::interval_at(Instant::now() + period, period);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        ticks
    };
    let mut saves = every(SAVE_EVERY);
    let mut renews = every(if jobs.0.is_alone { RENEW_EVERY } else { LOOK_EVERY });
    let mut trims = every(TRIM_EVERY);
    let mut tidies = every(TIDY_EVERY);
    jobs.remove_strays().await;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = saves.tick() => {
                if let Err(error) = jobs.save_all().await {
                    tracing::warn!(%error, "jobs are not kept for now");
                }
                jobs.forget_topics().await;
            }
            _ = renews.tick() => {
                let renewed = jobs.renew().await;
                let looked = async { jobs.end_orphans(false).await.map(drop) };
                if let Err(error) = if renewed.is_ok() { looked.await } else { renewed } {
                    tracing::warn!(%error, "jobs are not renewed for now");
                }
            }
            _ = trims.tick() => {
                if let Err(error) = jobs.trim().await {
                    tracing::warn!(%error, "jobs are not trimmed for now");
                }
                jobs.trim_files(MOST_BYTES).await;
            }
            _ = tidies.tick() => jobs.remove_strays().await,
        }
    }
}

impl Jobs {
    /// Writes what has changed of each job, and ends those that nobody reports any more.
    async fn save_all(&self) -> Result<(), StoreError> {
        let held = self.board().all();
        let mut due = Vec::new();
        for live in held {
            if !live.is_active() {
                // The database had no time for its end when that came, or has none yet.
                self.try_keep_end(&live).await?;
                self.board().forget(&live.id);
            } else if live.has_expired() {
                self.give_up(&live).await;
            } else {
                if live.settle() {
                    self.0.herald.tell(&live);
                }
                due.extend(self.unsaved(&live).map(|row| (live, row)));
            }
        }
        for some in due.chunks(MOST_SAVED) {
            let rows: Vec<_> = some.iter().map(|(_, row)| row.clone()).collect();
            some.iter().for_each(|(live, row)| live.saved(row.version));
            match self.0.store.save_jobs(&self.0.holder, &rows).await {
                Ok(found) => self.hear(&found).await,
                Err(error) => {
                    due.iter().for_each(|(live, _)| live.unsaved());
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// Lets go of the topics of jobs that have ended a while ago: of names there would be no end.
    async fn forget_topics(&self) {
        loop {
            let next = {
                let mut ended = self.0.herald.ended();
                let is_beyond = ended.len() > MOST_TOLD;
                let is_past = |(at, _): &mut (Instant, _)| is_beyond || at.elapsed() >= TOLD_FOR;
                ended.pop_front_if(is_past)
            };
            let Some((_, topic)) = next else { return };
            self.0.hub.forget(&topic).await;
        }
    }

    /// The row of a job that goes on, if the database has another.
    fn unsaved(&self, live: &Live) -> Option<JobRow> {
        rows::row(&live.to_save()?, live, &self.0.holder).ok()
    }

    /// Ends a job of which nobody was heard.
    async fn give_up(&self, live: &Arc<Live>) {
        let end = End { because: Some(FailedBecause::Unknown), result: None };
        self.finish(live, end, rows::orphaned).await;
    }

    /// Writes how a job stands that goes on; if the database fails, a later one does.
    pub(super) async fn save(&self, live: &Arc<Live>) {
        if let Err(error) = self.try_save(live).await {
            tracing::warn!(%error, id = live.id, "a job is not kept for now");
        }
    }

    async fn try_save(&self, live: &Arc<Live>) -> Result<(), StoreError> {
        let Some(row) = self.unsaved(live) else { return Ok(()) };
        live.saved(row.version);
        match self.0.store.save_job(&row, None).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.lose(live).await;
                Ok(())
            }
            Err(error) => {
                live.unsaved();
                Err(error)
            }
        }
    }

    /// Writes the last state of what programs elsewhere report, and leaves them to the next server.
    pub(super) async fn keep_reported(&self) {
        let held = self.board().all();
        for live in held {
            let kept = if live.is_active() {
                self.try_save(&live).await
            } else {
                self.try_keep_end(&live).await.map(drop)
            };
            if let Err(error) = kept {
                tracing::warn!(%error, id = live.id, "the last of a job is not kept");
                return;
            }
            self.board().forget(&live.id);
        }
    }

    /// Writes how a job ended; if the database fails, a later attempt does.
    pub(super) async fn keep_end(&self, live: &Live) -> Kept {
        let kept = self.try_keep_end(live).await;
        kept.unwrap_or_else(|error| {
            tracing::warn!(%error, id = live.id, "the end of a job is not kept for now");
            Kept::Later
        })
    }

    /// Writes how a job ended. That it is not this server's any more is an end as well.
    async fn try_keep_end(&self, live: &Live) -> Result<Kept, StoreError> {
        if self.write_end(live).await? {
            return Ok(Kept::Here);
        }
        let store = &self.0.store;
        let is_reported_end = live.is_reported && live.job().state != JobState::Lost;
        if is_reported_end && let Some(row) = store.take_job(&live.id, &self.0.holder).await? {
            // Its reporter has turned to another server, and back again before that was seen here: what it says last counts.
            live.outrun(row.version);
            if self.write_end(live).await? {
                return Ok(Kept::Here);
            }
        }
        let Some(row) = store.job(&live.id).await? else { return Ok(Kept::Here) };
        if let Some(job) = rows::job(&row).filter(|_| !row.is_active) {
            live.overrule(job);
        }
        Ok(Kept::Elsewhere)
    }

    /// Whether the job was this server's.
    async fn write_end(&self, live: &Live) -> Result<bool, StoreError> {
        let job = live.job();
        let Ok(row) = rows::row(&job, live, &self.0.holder) else { return Ok(true) };
        let log = live.reporter.lines(0);
        let result = live.end().and_then(|end| end.result.as_ref().map(|json| json.get().into()));
        let log = (!log.lines.is_empty()).then(|| serde_json::to_string(&log).ok()).flatten();
        self.0.store.save_job(&row, Some(&JobLeft { result, log })).await
    }

    /// Holds on to what this server has, and hears what others did to it.
    async fn renew(&self) -> Result<(), StoreError> {
        let held = self.board().all();
        let ids: Vec<_> =
            held.iter().filter(|live| live.is_active()).map(|live| live.id.clone()).collect();
        if ids.is_empty() {
            return Ok(());
        }
        let found = self.0.store.renew_jobs(&self.0.holder, &ids).await?;
        self.hear(&found).await;
        Ok(())
    }

    /// Hears what others did to jobs of this server's.
    async fn hear(&self, found: &Renewed) {
        for live in found.to_cancel.iter().filter_map(|id| self.held(id)) {
            if !self.withdraw(&live, FailedBecause::Cancelled).await {
                self.ask_to_end(&live);
            }
        }
        for live in found.gone.iter().filter_map(|id| self.held(id)) {
            self.lose(&live).await;
        }
    }

    /// Lets go of a job that another server has said of how it ended, or goes on with.
    async fn lose(&self, live: &Arc<Live>) {
        if !live.is_active() {
            return;
        }
        tracing::warn!(id = live.id, "a job is not this server's any more");
        if live.is_reported {
            self.board().forget(&live.id);
        } else if !self.withdraw(live, FailedBecause::Interrupted).await {
            live.ask_to_end(FailedBecause::Interrupted);
        }
    }

    /// Says of jobs that nobody holds any more how they ended. With `alone`, of all that no reporter may go on with.
    pub(super) async fn end_orphans(&self, alone: bool) -> Result<(), StoreError> {
        let Self(inner) = self;
        for _ in 0..MOST_ROUNDS {
            let rows = inner.store.take_orphans(&inner.holder, alone).await?;
            if rows.is_empty() {
                return Ok(());
            }
            for row in &rows {
                if let Some(live) = self.held(&row.id) {
                    // This server was away for so long that it took its own job.
                    self.keep_taken(&live).await;
                    continue;
                }
                let Some(job) = rows::taken(row) else { continue };
                tracing::info!(id = row.id, "a job is told how it ended: nobody has it any more");
                let live = Live::new(job, rows::lease(row));
                self.board().hold(Arc::clone(&live));
                let end = End { because: Some(FailedBecause::Interrupted), result: None };
                self.finish(&live, end, rows::orphaned).await;
                files::remove(inner.folder.as_deref(), &row.id).await;
            }
        }
        Ok(())
    }

    async fn keep_taken(&self, live: &Arc<Live>) {
        if live.has_expired() {
            self.give_up(live).await;
        } else {
            live.unsaved();
            self.save(live).await;
        }
    }

    /// Removes what is past its bounds, and the files that were theirs.
    pub(super) async fn trim(&self) -> Result<(), StoreError> {
        let config = &self.0.config;
        let age = config.keep_days * 24 * 60 * 60 * 1_000;
        let bounds = JobBounds { most: config.keep, oldest: clock::now_ms().saturating_sub(age) };
        for _ in 0..MOST_ROUNDS {
            let gone = self.0.store.trim_jobs(bounds).await?;
            if gone.is_empty() {
                break;
            }
            for id in gone {
                files::remove(self.0.folder.as_deref(), &id).await;
            }
        }
        Ok(())
    }

    /// Removes the oldest files there are until all of them have no more than so many bytes.
    pub(super) async fn trim_files(&self, most: u64) {
        let Some(folder) = &self.0.folder else { return };
        let mut results = files::results(folder).await.unwrap_or_default();
        results.sort_unstable();
        let mut bytes: u64 = results.iter().map(|result| result.bytes).sum();
        for files::Kept { id, bytes: own, .. } in results {
            if bytes <= most {
                return;
            }
            tracing::info!(id, "the file of a job goes: there are too many bytes of them");
            files::remove(Some(folder), &id).await;
            bytes -= own;
        }
    }

    /// Removes files of jobs that there are no more: another server has removed them, or they went with their user, or this
    /// one was ended before it was done.
    async fn remove_strays(&self) {
        let Some(folder) = &self.0.folder else { return };
        let ids = files::ids(folder).await.unwrap_or_default();
        for id in ids {
            match self.0.store.job(&id).await {
                Ok(None) => files::remove(Some(folder), &id).await,
                Ok(Some(_)) => {}
                Err(_) => return,
            }
        }
    }

    /// Removes a job that has ended, and what came of it. Must be called within a tokio runtime; a caller that goes away
    /// leaves nothing half done.
    ///
    /// # Errors
    ///
    /// If there is none, it has not ended, or the database fails.
    pub(crate) async fn remove(&self, id: &str) -> Result<(), JobError> {
        let (this, id) = (self.clone(), id.to_owned());
        to_its_end(async move { this.remove_now(&id).await }).await
    }

    async fn remove_now(&self, id: &str) -> Result<(), JobError> {
        const ACTIVE: &str = "the job has not ended: cancel it first, by DELETE without `remove`";
        if let Some(live) = self.held(id) {
            if live.is_active() {
                return Err(JobError::Active(ACTIVE));
            }
            self.try_keep_end(&live).await?;
            self.board().forget(id);
        }
        if !self.0.store.remove_job(id).await? {
            let row = self.0.store.job(id).await?;
            return Err(if row.is_some() { JobError::Active(ACTIVE) } else { JobError::NoSuch });
        }
        files::remove(self.0.folder.as_deref(), id).await;
        Ok(())
    }
}
