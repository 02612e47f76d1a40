//! Which jobs go on, from lists and events in whatever order they come. Pure.

use std::collections::{HashMap, HashSet};

use tidings_protocol::job::Job;

use super::summary::Summary;

/// The user's jobs that have not ended, as far as it is known.
#[derive(Debug)]
pub(super) struct Known {
    user: String,
    jobs: HashMap<String, Job>,
    /// Whether a list has come since nothing was known.
    is_listed: bool,
    /// What events have told since a list was asked for, which may be older than they are; null while none is.
    told: Option<HashSet<String>>,
}

impl Known {
    pub(super) fn new(user: String) -> Self {
        Self { user, jobs: HashMap::new(), is_listed: false, told: None }
    }

    /// The server is gone: what it does now nobody knows.
    pub(super) fn forget(&mut self) {
        self.jobs.clear();
        self.is_listed = false;
        self.told = None;
    }

    /// A list is asked for.
    pub(super) fn ask(&mut self) {
        self.told = Some(HashSet::new());
    }

    /// An event came.
    pub(super) fn hear(&mut self, job: Job) {
        if job.user_id != self.user {
            return;
        }
        if let Some(told) = &mut self.told {
            told.insert(job.id.clone());
        }
        self.take(job);
    }

    /// The list came that was asked for: all jobs that go on, others' among them.
    pub(super) fn list(&mut self, jobs: Vec<Job>) {
        let told = self.told.take().unwrap_or_default();
        let listed: HashSet<_> = jobs.iter().map(|job| job.id.clone()).collect();
        self.jobs.retain(|id, _| listed.contains(id) || told.contains(id));
        for job in jobs {
            // One that events have told of and that is not here has ended.
            let has_ended = told.contains(&job.id) && !self.jobs.contains_key(&job.id);
            if job.user_id == self.user && !has_ended {
                self.take(job);
            }
        }
        self.is_listed = true;
    }

    fn take(&mut self, job: Job) {
        if self.jobs.get(&job.id).is_some_and(|known| known.version >= job.version) {
            return;
        }
        if job.state.is_active() {
            self.jobs.insert(job.id.clone(), job);
        } else {
            self.jobs.remove(&job.id);
        }
    }

    pub(super) fn summary(&self) -> Summary {
        if self.is_listed { Summary::of(self.jobs.values()) } else { Summary::unknown() }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use tidings_protocol::job::JobState;

    /// A job of the user `ann`.
    pub(in crate::progress) fn job(name: &str, version: u64, state: JobState) -> Job {
        let job = serde_json::json!({
            "id": format!("ann~{name}"), "userId": "ann", "kind": "scan", "name": name, "host": "box", "state": state,
            "version": version, "progress": null, "message": "", "createdAt": 1, "startedAt": null, "updatedAt": 1,
            "endedAt": null,
        });
        serde_json::from_value(job).unwrap()
    }

    fn known() -> Known {
        let mut known = Known::new("ann".into());
        known.ask();
        known.list(vec![job("a", 5, JobState::Running), job("b", 1, JobState::Queued)]);
        known
    }

    fn counts(known: &Known) -> (usize, usize) {
        let summary = known.summary();
        (summary.running, summary.queued)
    }

    #[test]
    fn nothing_is_said_before_there_is_a_list() {
        let mut known = known();
        assert_eq!(counts(&known), (1, 1));
        known.forget();
        known.ask();
        known.hear(job("a", 6, JobState::Running));
        assert_eq!(known.summary(), Summary::unknown());
        known.list(Vec::new());
        assert_eq!(counts(&known), (1, 0), "it began after the list was made");
    }

    #[test]
    fn of_two_words_about_a_job_the_greater_version_holds() {
        let mut known = known();
        known.hear(job("a", 4, JobState::Queued));
        assert_eq!(counts(&known), (1, 1));
        known.hear(job("b", 2, JobState::Running));
        assert_eq!(counts(&known), (2, 0));
        known.hear(job("a", 7, JobState::Failed));
        assert_eq!(counts(&known), (1, 0));
    }

    #[test]
    fn a_list_that_is_older_than_the_end_of_a_job_does_not_bring_it_back() {
        let mut known = known();
        known.ask();
        known.hear(job("a", 6, JobState::Succeeded));
        known.list(vec![job("a", 5, JobState::Running), job("b", 1, JobState::Queued)]);
        assert_eq!(counts(&known), (0, 1));
    }

    #[test]
    fn what_ended_unheard_leaves_with_the_next_list() {
        let mut known = known();
        known.ask();
        known.list(vec![job("b", 1, JobState::Queued)]);
        assert_eq!(counts(&known), (0, 1));
    }

    #[test]
    fn the_jobs_of_others_are_not_the_users() {
        let mut known = known();
        let others = Job { user_id: "bob".into(), ..job("c", 1, JobState::Running) };
        known.hear(others.clone());
        known.ask();
        known.list(vec![others]);
        assert_eq!(counts(&known), (0, 0));
    }
}
