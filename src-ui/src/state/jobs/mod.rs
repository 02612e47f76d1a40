//! Jobs as the page has them: what the server listed, and what events told since. Of two answers the greater version is right.
//!
//! - [`draft`]: a job as somebody is about to start it.
//! - [`tail`]: what a job has written last.
//! - [`words`]: what is said of a job.
//! - [`wire`]: jobs in requests and answers.

pub mod draft;
pub mod tail;
pub mod wire;
pub mod words;

use std::rc::Rc;

use tidings_protocol::job::{Job, JobState, KindInfo};

pub use super::alerts::Load;
use super::json::Json;
use super::request_error::RequestError;
use wire::Page;

/// Most jobs that have ended and are kept.
const MOST_ENDED: usize = 500;

/// Most removed ones that are remembered, so that a late answer brings none of them back.
const MOST_GONE: usize = 100;

/// A job, and what it was started with as its server wrote it.
#[derive(Clone, Debug)]
pub struct Row {
    /// The job; its `args` are left empty.
    pub job: Job,
    /// What it was started with; none if nothing.
    pub args: Option<Rc<Json>>,
}

/// A version says it all.
impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.job.version == other.job.version && self.job.id == other.job.id
    }
}

#[derive(Clone, Debug)]
struct Entry {
    row: Rc<Row>,
    /// How much the page had heard when it heard this.
    heard: u64,
}

/// All jobs of which the page knows: those that go on, then those that have ended.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    entries: Vec<Entry>,
    /// How the list is coming along.
    pub load: Load,
    /// What came of the last request about the job with this id, where that is to be told, or why it was refused.
    pub answer: Option<(String, Result<String, RequestError>)>,
    /// What may be started.
    pub kinds: Rc<Vec<Rc<KindInfo>>>,
    /// Ids and names of users, for those who see the jobs of others; none while they were not asked for.
    pub people: Option<Rc<Vec<(String, String)>>>,
    /// Whether older ones are being asked for.
    pub is_loading_older: bool,
    /// The last end that an event told, for those who hear the page.
    pub said: Rc<str>,
    next: Option<String>,
    asked: u64,
    heard: u64,
    busy: Vec<String>,
    gone: Vec<String>,
    /// What was started from here: kind and id.
    started: Vec<(String, String)>,
}

impl Jobs {
    /// The jobs, in the order they are shown.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &Rc<Row>> {
        self.entries.iter().map(|entry| &entry.row)
    }

    /// How many have not ended.
    #[must_use]
    pub fn active(&self) -> usize {
        self.rows().filter(|row| row.job.state.is_active()).count()
    }

    /// The job with this id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Rc<Row>> {
        self.rows().find(|row| row.job.id == id)
    }

    /// Whether a request about the job with this id is under way.
    #[must_use]
    pub fn is_busy(&self, id: &str) -> bool {
        self.busy.iter().any(|other| other == id)
    }

    /// Whether there are older ones to ask for.
    #[must_use]
    pub fn has_older(&self) -> bool {
        self.next.is_some()
    }

    /// How much was heard so far: what was heard later is newer than an answer to what is asked now.
    #[must_use]
    pub fn heard(&self) -> u64 {
        self.heard
    }

    /// The list is to be asked for: the number of that. Whoever has another number than the last asks no more.
    pub fn begin(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Whether the list was not asked for anew since that had this number.
    #[must_use]
    pub fn is_last(&self, asked: u64) -> bool {
        self.asked == asked
    }

    /// The list came: all jobs that go on, and the newest page of those that have ended. It was asked for when so much had been
    /// [`heard`](Self::heard), the active ones first.
    pub fn listed(&mut self, heard: u64, active: Page, ended: Page) {
        let (all_active, oldest) =
            (active.1.is_none(), ended.0.last().map(|row| ended_at(&row.job)));
        let is_last = ended.1.is_none();
        let mut mentioned: Vec<String> = Vec::new();
        for row in active.0.into_iter().chain(ended.0) {
            mentioned.push(row.job.id.clone());
            self.put(row);
        }
        // One that was there before and is in neither has ended long ago, or was removed.
        self.entries.retain(|entry| {
            let job = &entry.row.job;
            let is_doubtful = if job.state.is_active() {
                all_active && entry.heard <= heard
            } else {
                entry.heard <= heard
                    && (is_last || oldest.is_some_and(|oldest| ended_at(job) > oldest))
            };
            !is_doubtful || mentioned.contains(&job.id)
        });
        // Whoever has gone further back stays there.
        let is_further = oldest.is_some_and(|oldest| {
            self.rows().any(|row| !row.job.state.is_active() && ended_at(&row.job) < oldest)
        });
        if !is_further || is_last {
            self.next = ended.1;
        }
        let known: Vec<String> = self.rows().map(|row| row.job.id.clone()).collect();
        self.started.retain(|(_, id)| known.contains(id));
        self.load = Load::Done;
    }

    /// No list came; what there was stays.
    pub fn failed(&mut self, why: RequestError) {
        self.load = self.load.failed(why);
    }

    /// Older ones are to be asked for, by this; none if there are none or they are under way.
    pub fn begin_older(&mut self) -> Option<String> {
        let before = self.next.clone().filter(|_| !self.is_loading_older)?;
        self.is_loading_older = true;
        Some(before)
    }

    /// Older ones came, or none.
    pub fn older_listed(&mut self, page: Option<Page>) {
        self.is_loading_older = false;
        let Some((rows, next)) = page else { return };
        for row in rows {
            self.put(row);
        }
        self.next = next.filter(|_| self.entries.len() - self.active() < MOST_ENDED);
    }

    /// An event told of a job.
    pub fn told(&mut self, row: Row) {
        let was_active = self.find(&row.job.id).is_some_and(|known| known.job.state.is_active());
        let ended = (was_active && !row.job.state.is_active()).then(|| words::end(&row.job));
        if self.put(row)
            && let Some(ended) = ended
        {
            self.said = ended.into();
        }
    }

    /// A request about a job is under way.
    pub fn ask(&mut self, id: &str) {
        self.answer = None;
        self.busy.push(id.to_owned());
    }

    /// How such a request went: the job as it is by then, none of it if it is gone, or why it was refused.
    pub fn answered(&mut self, id: &str, answer: Result<Option<Row>, RequestError>) {
        self.busy.retain(|other| other != id);
        match answer {
            Ok(Some(row)) => drop(self.put(row)),
            Ok(None) => {
                self.entries.retain(|entry| entry.row.job.id != id);
                self.forget_start(id);
                self.gone.push(id.to_owned());
                if self.gone.len() > MOST_GONE {
                    self.gone.remove(0);
                }
            }
            Err(why) => self.answer = Some((id.to_owned(), Err(why))),
        }
    }

    /// What came of the job with this id was saved there, or was not for this reason.
    pub fn saved(&mut self, id: String, place: Result<String, RequestError>) {
        self.answer = Some((id, place));
    }

    /// Whose the job is, by name as far as that is known.
    #[must_use]
    pub fn owner<'a>(&'a self, job: &'a Job) -> &'a str {
        let mut people = self.people.iter().flat_map(|people| people.iter());
        people.find(|(id, _)| *id == job.user_id).map_or(&*job.user_id, |(_, name)| name)
    }

    /// A job of this kind was started here.
    pub fn started(&mut self, kind: &str, id: String) {
        self.started.retain(|(other, _)| other != kind);
        // It may have ended before its start was answered.
        if !self.gone.contains(&id) && self.find(&id).is_none_or(|row| row.job.state.is_active()) {
            self.started.push((kind.to_owned(), id));
        }
    }

    /// One that has ended takes no kind any more, whatever becomes of its row.
    fn forget_start(&mut self, id: &str) {
        self.started.retain(|(_, other)| other != id);
    }

    /// The job of this kind that was started here and has not ended, as far as is known: its row once there is one.
    #[must_use]
    pub fn running_of(&self, kind: &str) -> Option<Option<&Rc<Row>>> {
        let (_, id) = self.started.iter().find(|(other, _)| other == kind)?;
        Some(self.find(id))
    }

    /// Puts a job in its place; false if a newer version of it is there, or it was removed.
    fn put(&mut self, row: Row) -> bool {
        if self.gone.contains(&row.job.id) {
            return false;
        }
        if !row.job.state.is_active() {
            self.forget_start(&row.job.id);
        }
        self.heard += 1;
        let heard = self.heard;
        let at = self.entries.iter().position(|entry| entry.row.job.id == row.job.id);
        if let Some(at) = at {
            let entry = &mut self.entries[at];
            if entry.row.job.version >= row.job.version {
                // What is told anew is so for longer.
                if entry.row.job.version == row.job.version {
                    entry.heard = heard;
                }
                return entry.row.job.version == row.job.version;
            }
            if key(&entry.row.job) == key(&row.job) {
                *entry = Entry { row: Rc::new(row), heard };
                return true;
            }
            self.entries.remove(at);
        }
        let own = key(&row.job);
        let at = self.entries.iter().position(|entry| {
            let its = key(&entry.row.job);
            own < its || (own == its && row.job.id < entry.row.job.id)
        });
        self.entries.insert(at.unwrap_or(self.entries.len()), Entry { row: Rc::new(row), heard });
        while self.entries.len() > MOST_ENDED
            && self.entries.len() - self.active() > MOST_ENDED
            && self.entries.pop().is_some()
        {}
        true
    }
}

/// Where a job stands: those that run, by their beginning; those that wait, by their place; the others, the last to end first.
fn key(job: &Job) -> (u8, u64) {
    match job.state {
        JobState::Running => (0, job.started_at.unwrap_or(job.created_at)),
        JobState::Queued => (1, job.place.map_or(u64::MAX, u64::from)),
        _ => (2, u64::MAX - ended_at(job)),
    }
}

fn ended_at(job: &Job) -> u64 {
    job.ended_at.unwrap_or(job.updated_at)
}

#[cfg(test)]
pub(in crate::state) mod tests;
