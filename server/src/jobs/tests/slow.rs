//! A database that takes its time for one write.

use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::store::{JobBounds, JobLeft, JobQuery, JobRow, Renewed};

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

/// How long the slow write takes.
pub(super) const SLOW: Duration = Duration::from_secs(2);

/// Jobs in memory, of which the first write of one sort is slow.
#[derive(Debug, Default)]
pub(super) struct Slow {
    memory: Memory,
    /// Whether it is that of an end, and not of how a job stands that goes on.
    of_an_end: bool,
    was_slow: AtomicBool,
}

impl Slow {
    /// In which the first end takes long to be kept.
    pub(super) fn at_an_end() -> Self {
        Self { of_an_end: true, ..Self::default() }
    }
}

impl JobStore for Slow {
    fn save_job<'a>(&'a self, row: &'a JobRow, left: Option<&'a JobLeft>) -> Answer<'a, bool> {
        Box::pin(async move {
            let is_it = left.is_some() == self.of_an_end;
            if is_it && !self.was_slow.swap(true, Ordering::Relaxed) {
                tokio::time::sleep(SLOW).await;
            }
            self.memory.save_job(row, left).await
        })
    }

    fn add_job<'a>(&'a self, row: &'a JobRow) -> Answer<'a, ()> {
        self.memory.add_job(row)
    }

    fn save_jobs<'a>(&'a self, holder: &'a str, rows: &'a [JobRow]) -> Answer<'a, Renewed> {
        self.memory.save_jobs(holder, rows)
    }

    fn renew_jobs<'a>(&'a self, holder: &'a str, ids: &'a [String]) -> Answer<'a, Renewed> {
        self.memory.renew_jobs(holder, ids)
    }

    fn job<'a>(&'a self, id: &'a str) -> Answer<'a, Option<JobRow>> {
        self.memory.job(id)
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<JobRow>> {
        JobStore::jobs(&self.memory, query)
    }

    fn job_left<'a>(&'a self, id: &'a str) -> Answer<'a, Option<JobLeft>> {
        self.memory.job_left(id)
    }

    fn ask_to_cancel<'a>(&'a self, id: &'a str) -> Answer<'a, Option<JobRow>> {
        self.memory.ask_to_cancel(id)
    }

    fn take_job<'a>(&'a self, id: &'a str, holder: &'a str) -> Answer<'a, Option<JobRow>> {
        self.memory.take_job(id, holder)
    }

    fn take_orphans<'a>(&'a self, holder: &'a str, alone: bool) -> Answer<'a, Vec<JobRow>> {
        self.memory.take_orphans(holder, alone)
    }

    fn remove_job<'a>(&'a self, id: &'a str) -> Answer<'a, bool> {
        self.memory.remove_job(id)
    }

    fn trim_jobs(&self, bounds: JobBounds) -> Answer<'_, Vec<String>> {
        self.memory.trim_jobs(bounds)
    }
}
