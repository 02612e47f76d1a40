//! Jobs of a server that keeps nothing: in memory, as a database would have them.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::store::{JobBounds, JobLeft, JobQuery, JobRow, JobStore, LEAP, Renewed, StoreError};

/// Most jobs that are taken or removed at once.
const MOST: usize = 100;

/// The jobs of this process.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<BTreeMap<String, Kept>>);

#[derive(Debug)]
struct Kept {
    row: JobRow,
    left: JobLeft,
    expires: Instant,
}

type Answer<'a, T> = BoxFuture<'a, Result<T, StoreError>>;

impl Memory {
    fn jobs(&self) -> MutexGuard<'_, BTreeMap<String, Kept>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn is_of(&self, holder: &str) -> bool {
        self.row.is_active && self.row.holder == holder
    }

    fn take(&mut self, row: &JobRow) {
        let cancel_requested = self.row.cancel_requested;
        self.row = JobRow { cancel_requested, ..row.clone() };
        self.expires = Instant::now() + row.lease;
    }

    fn give_to(&mut self, holder: &str) {
        holder.clone_into(&mut self.row.holder);
        self.row.version += LEAP;
        self.expires = Instant::now() + self.row.lease;
    }

    fn to_cancel(&self) -> Option<String> {
        self.row.cancel_requested.then(|| self.row.id.clone())
    }
}

fn done<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    std::future::ready(Ok(value)).boxed()
}

impl JobStore for Memory {
    fn add_job<'a>(&'a self, row: &'a JobRow) -> Answer<'a, ()> {
        let expires = Instant::now() + row.lease;
        let kept = Kept { row: row.clone(), left: JobLeft::default(), expires };
        self.jobs().insert(row.id.clone(), kept);
        done(())
    }

    fn save_job<'a>(&'a self, row: &'a JobRow, left: Option<&'a JobLeft>) -> Answer<'a, bool> {
        let mut jobs = self.jobs();
        let Some(kept) = jobs.get_mut(&row.id) else { return done(false) };
        if !kept.is_of(&row.holder) {
            // Nobody may have heard of it.
            return done(!kept.row.is_active && kept.row.version == row.version);
        }
        kept.take(row);
        if let Some(left) = left {
            kept.left = left.clone();
        }
        done(true)
    }

    fn save_jobs<'a>(&'a self, holder: &'a str, rows: &'a [JobRow]) -> Answer<'a, Renewed> {
        let mut renewed = Renewed::default();
        for row in rows {
            let mut jobs = self.jobs();
            match jobs.get_mut(&row.id).filter(|kept| kept.is_of(holder)) {
                None => renewed.gone.push(row.id.clone()),
                Some(kept) => {
                    kept.take(row);
                    renewed.to_cancel.extend(kept.to_cancel());
                }
            }
        }
        done(renewed)
    }

    fn renew_jobs<'a>(&'a self, holder: &'a str, ids: &'a [String]) -> Answer<'a, Renewed> {
        let mut jobs = self.jobs();
        let mut renewed = Renewed::default();
        for id in ids {
            match jobs.get_mut(id).filter(|kept| kept.is_of(holder)) {
                None => renewed.gone.push(id.clone()),
                Some(kept) => {
                    renewed.to_cancel.extend(kept.to_cancel());
                    if !kept.row.is_reported {
                        kept.expires = Instant::now() + kept.row.lease;
                    }
                }
            }
        }
        done(renewed)
    }

    fn job<'a>(&'a self, id: &'a str) -> Answer<'a, Option<JobRow>> {
        done(self.jobs().get(id).map(|kept| kept.row.clone()))
    }

    fn jobs<'a>(&'a self, query: &'a JobQuery) -> Answer<'a, Vec<JobRow>> {
        let jobs = self.jobs();
        let is_asked_for = |row: &&JobRow| {
            query.user_id.as_ref().is_none_or(|id| row.user_id == *id)
                && query.is_active.is_none_or(|is_active| row.is_active == is_active)
                && query
                    .before
                    .as_ref()
                    .is_none_or(|(at, id)| (query.time(row), row.id.as_str()) < (*at, id.as_str()))
        };
        let mut rows: Vec<_> = jobs.values().map(|kept| &kept.row).filter(is_asked_for).collect();
        rows.sort_unstable_by(|a, b| (query.time(b), &b.id).cmp(&(query.time(a), &a.id)));
        done(rows.into_iter().take(query.limit).cloned().collect())
    }

    fn job_left<'a>(&'a self, id: &'a str) -> Answer<'a, Option<JobLeft>> {
        done(self.jobs().get(id).map(|kept| kept.left.clone()))
    }

    fn ask_to_cancel<'a>(&'a self, id: &'a str) -> Answer<'a, Option<JobRow>> {
        let mut jobs = self.jobs();
        let Some(kept) = jobs.get_mut(id) else { return done(None) };
        kept.row.cancel_requested |= kept.row.is_active;
        done(Some(kept.row.clone()))
    }

    fn take_job<'a>(&'a self, id: &'a str, holder: &'a str) -> Answer<'a, Option<JobRow>> {
        let mut jobs = self.jobs();
        let may_be = |kept: &&mut Kept| kept.row.is_active && kept.row.is_reported;
        let Some(kept) = jobs.get_mut(id).filter(may_be) else { return done(None) };
        kept.give_to(holder);
        done(Some(kept.row.clone()))
    }

    fn take_orphans<'a>(&'a self, holder: &'a str, alone: bool) -> Answer<'a, Vec<JobRow>> {
        let (mut jobs, now) = (self.jobs(), Instant::now());
        let orphans = jobs.values_mut().filter(|kept| {
            let is_left = alone && !kept.row.is_reported && kept.row.holder != holder;
            kept.row.is_active && (kept.expires <= now || is_left)
        });
        let taken = orphans.take(MOST).map(|kept| {
            kept.give_to(holder);
            kept.row.clone()
        });
        done(taken.collect())
    }

    fn remove_job<'a>(&'a self, id: &'a str) -> Answer<'a, bool> {
        let mut jobs = self.jobs();
        let has_ended = jobs.get(id).is_some_and(|kept| !kept.row.is_active);
        if has_ended {
            jobs.remove(id);
        }
        done(has_ended)
    }

    fn trim_jobs(&self, bounds: JobBounds) -> Answer<'_, Vec<String>> {
        let mut jobs = self.jobs();
        let ended = jobs.values().filter_map(|kept| Some((kept.row.ended_at?, &kept.row.id)));
        let mut ended: Vec<_> = ended.map(|(at, id)| (at, id.clone())).collect();
        ended.sort_unstable_by(|a, b| b.cmp(a));
        let most = usize::try_from(bounds.most).unwrap_or(usize::MAX);
        let beyond = ended.into_iter().enumerate();
        let beyond = beyond.filter(|(n, (at, _))| *n >= most || *at < bounds.oldest);
        let gone: Vec<_> = beyond.map(|(_, (_, id))| id).take(MOST).collect();
        gone.iter().for_each(|id| drop(jobs.remove(id)));
        done(gone)
    }
}
