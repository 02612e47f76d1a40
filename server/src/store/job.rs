//! What jobs need of a database.
//!
//! Each job that has not ended is held by one server, by a name that the server gives itself, and for so long from each
//! renewal, by the clock of the database. One that was not renewed in time is an orphan, which any server may take to say how it
//! ended. What a job is lies in one column as JSON: nobody asks the database about it.

use std::time::Duration;

use futures_util::future::BoxFuture;

use super::StoreError;

/// By how much a job's version grows when a server takes it: whoever had it may have told of so many that it did not save. They
/// are ms: a server that has lost the database goes on for the time of a lease, and its clock may be ahead.
pub const LEAP: u64 = 10 * 60 * 1_000;

/// A job as it is kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobRow {
    /// Never changes; no two are alike. Sorted as text, those of one user are in the order they came in.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// Grows with every change.
    pub version: u64,
    /// Whether it has not ended.
    pub is_active: bool,
    /// Whether a program elsewhere reports it: any server may go on with it then.
    pub is_reported: bool,
    /// Name of the server that has it.
    pub holder: String,
    /// For how long it has it from each renewal, in whole ms.
    pub lease: Duration,
    /// Whether somebody asked for its end.
    pub cancel_requested: bool,
    /// When it came, in ms since the epoch.
    pub created_at: u64,
    /// When it ended, in ms since the epoch: just where it is not active.
    pub ended_at: Option<u64>,
    /// The job, as JSON.
    pub record: String,
}

/// What is kept of a job that has ended, besides its row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct JobLeft {
    /// What came of it, as JSON.
    pub result: Option<String>,
    /// What it wrote last, as JSON.
    pub log: Option<String>,
}

/// Which jobs to read.
#[derive(Clone, Debug, Default)]
pub struct JobQuery {
    /// Only those of this user.
    pub user_id: Option<String>,
    /// Only those that have not ended, or only those that have.
    pub is_active: Option<bool>,
    /// Only those that come behind this one: its [`time`](Self::time) and `id`.
    pub before: Option<(u64, String)>,
    /// How many at most.
    pub limit: usize,
}

impl JobQuery {
    /// By what they are in order, the greatest first: where only those that have ended are read, when that was; else when they came.
    #[must_use]
    pub fn time(&self, row: &JobRow) -> u64 {
        match (self.is_active, row.ended_at) {
            (Some(false), Some(ended_at)) => ended_at,
            _ => row.created_at,
        }
    }
}

/// What a server finds out when it renews what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewed {
    /// Those whose end was asked for.
    pub to_cancel: Vec<String>,
    /// Those that are no longer its own: taken, ended or removed by others.
    pub gone: Vec<String>,
}

impl Renewed {
    /// Adds what was found out of further jobs.
    pub(super) fn extend(&mut self, more: Self) {
        self.to_cancel.extend(more.to_cancel);
        self.gone.extend(more.gone);
    }
}

/// How many jobs that have ended are kept.
#[derive(Clone, Copy, Debug)]
pub struct JobBounds {
    /// Most of them, of all users together.
    pub most: u64,
    /// What ended before this time goes, in ms since the epoch.
    pub oldest: u64,
}

/// The jobs. What changes them returns once that is on the disk, but for what is said of jobs that go on, which is soon said again:
/// [`save_job`](Self::save_job) of such a one, [`save_jobs`](Self::save_jobs) and [`renew_jobs`](Self::renew_jobs). Whether there
/// may be other servers [`NotificationStore::is_alone`](super::NotificationStore::is_alone) says.
pub trait JobStore: std::fmt::Debug + Send + Sync + 'static {
    /// Adds a job, which `row.holder` has from now on.
    ///
    /// # Errors
    ///
    /// If there is one of this id, or the database fails; what is the case with every method here.
    fn add_job<'a>(&'a self, row: &'a JobRow) -> BoxFuture<'a, Result<(), StoreError>>;

    /// Writes how a job stands that `row.holder` has, and renews it; `left` where it has ended. Whether it was still the
    /// holder's and active; or had ended in just this version, of which nobody heard where the database failed in between.
    /// Whether its end was asked for stays as it is in the database, and so do user, time and who does it.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn save_job<'a>(
        &'a self,
        row: &'a JobRow,
        left: Option<&'a JobLeft>,
    ) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Writes how jobs stand that go on and that `holder` has, and renews them: what is due of many, at once. Of all these it
    /// says what others did to them; what is gone is left as it is.
    ///
    /// # Errors
    ///
    /// If the database fails; some may be written then.
    fn save_jobs<'a>(
        &'a self,
        holder: &'a str,
        rows: &'a [JobRow],
    ) -> BoxFuture<'a, Result<Renewed, StoreError>>;

    /// Renews the jobs that `holder` has and a server does: not those that are reported, whose reporter is to be heard of.
    /// Of all these `ids`, which are active, it says what others did to them.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn renew_jobs<'a>(
        &'a self,
        holder: &'a str,
        ids: &'a [String],
    ) -> BoxFuture<'a, Result<Renewed, StoreError>>;

    /// A job; null if there is none of this id.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn job<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>>;

    /// Jobs, the newest first: by their [`time`](JobQuery::time), then by id.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn jobs<'a>(&'a self, query: &'a JobQuery) -> BoxFuture<'a, Result<Vec<JobRow>, StoreError>>;

    /// What is left of a job; null if there is none of this id.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn job_left<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<JobLeft>, StoreError>>;

    /// Notes that somebody asked for the end of a job that is active; the job as it is then, ended or not, null if there is none
    /// of this id. Its version stays: its holder finds out, and says so in the next.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn ask_to_cancel<'a>(
        &'a self,
        id: &'a str,
    ) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>>;

    /// Gives a reported job that is active to `holder`, and renews it; null if there is no such job. Its version grows by
    /// [`LEAP`], that of the row alone: by each time that it is taken, though nobody saves it in between.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn take_job<'a>(
        &'a self,
        id: &'a str,
        holder: &'a str,
    ) -> BoxFuture<'a, Result<Option<JobRow>, StoreError>>;

    /// Gives to `holder`, and renews, active jobs whose time has run out; with `alone`, all but the holder's that no
    /// reporter may go on with: there is no other server. Of several servers that ask at once each gets others. Among them may
    /// be its own, which it may still be at if the database was away for long. By their ids, a number of them at most. Their
    /// versions grow as by [`take_job`](Self::take_job).
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn take_orphans<'a>(
        &'a self,
        holder: &'a str,
        alone: bool,
    ) -> BoxFuture<'a, Result<Vec<JobRow>, StoreError>>;

    /// Removes a job that has ended, and says whether there was one.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn remove_job<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<bool, StoreError>>;

    /// Removes jobs that have ended and lie beyond the bounds, and, ended or not, those of users who do not exist: a number of
    /// them at most, whose ids it returns. The removal of a user does so with the user's, too.
    ///
    /// # Errors
    ///
    /// If the database fails.
    fn trim_jobs(&self, bounds: JobBounds) -> BoxFuture<'_, Result<Vec<String>, StoreError>>;
}
