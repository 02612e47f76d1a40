//! The part of the store that no journal uses: jobs, of which the model has none.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::disk::FaultyStore;
use crate::store::{JobBounds, JobLeft, JobQuery, JobRow, JobStore, Renewed, StoreError};

type Never<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

fn never<'a, T: Send + 'a>() -> Never<'a, T> {
    async { Err(StoreError::Closed) }.boxed()
}

impl JobStore for FaultyStore {
    fn add_job<'a>(&'a self, _: &'a JobRow) -> Never<'a, ()> {
        never()
    }

    fn save_job<'a>(&'a self, _: &'a JobRow, _: Option<&'a JobLeft>) -> Never<'a, bool> {
        never()
    }

    fn save_jobs<'a>(&'a self, _: &'a str, _: &'a [JobRow]) -> Never<'a, Renewed> {
        never()
    }

    fn renew_jobs<'a>(&'a self, _: &'a str, _: &'a [String]) -> Never<'a, Renewed> {
        never()
    }

    fn job<'a>(&'a self, _: &'a str) -> Never<'a, Option<JobRow>> {
        never()
    }

    fn jobs<'a>(&'a self, _: &'a JobQuery) -> Never<'a, Vec<JobRow>> {
        never()
    }

    fn job_left<'a>(&'a self, _: &'a str) -> Never<'a, Option<JobLeft>> {
        never()
    }

    fn ask_to_cancel<'a>(&'a self, _: &'a str) -> Never<'a, Option<JobRow>> {
        never()
    }

    fn take_job<'a>(&'a self, _: &'a str, _: &'a str) -> Never<'a, Option<JobRow>> {
        never()
    }

    fn take_orphans<'a>(&'a self, _: &'a str, _: bool) -> Never<'a, Vec<JobRow>> {
        never()
    }

    fn remove_job<'a>(&'a self, _: &'a str) -> Never<'a, bool> {
        never()
    }

    fn trim_jobs(&self, _: JobBounds) -> Never<'_, Vec<String>> {
        never()
    }
}
