//! Which jobs a server holds, and whose turn it is.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::kind::Prepared;
use super::live::Live;

/// The jobs that a server holds.
#[derive(Debug, Default)]
pub(super) struct Board {
    /// All of them by id: those that have not ended, and those whose end is not kept yet.
    held: HashMap<String, Arc<Live>>,
    /// Those that wait for their turn, the next one first.
    queue: VecDeque<Waiting>,
    /// Ids of those that are being done.
    running: HashSet<String>,
    /// Whether jobs are done at all by now.
    is_open: bool,
    is_closed: bool,
}

/// A job that waits for its turn.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) live: Arc<Live>,
    pub(super) prepared: Prepared,
}

impl Board {
    pub(super) fn find(&self, id: &str) -> Option<Arc<Live>> {
        self.held.get(id).cloned()
    }

    pub(super) fn all(&self) -> Vec<Arc<Live>> {
        self.held.values().cloned().collect()
    }

    pub(super) fn open(&mut self) {
        self.is_open = true;
    }

    /// Whether the server has begun to do jobs.
    pub(super) fn is_open(&self) -> bool {
        self.is_open
    }

    /// Whether nothing more is taken.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// How many jobs are done here or wait for it, by this.
    pub(super) fn pending(&self) -> usize {
        self.running.len() + self.queue.len()
    }

    /// How many jobs are reported to this server, and how many of them by this user.
    pub(super) fn reported(&self, user_id: &str) -> (usize, usize) {
        let reported = self.held.values().filter(|live| live.is_reported && live.is_active());
        reported
            .fold((0, 0), |(all, own), live| (all + 1, own + usize::from(live.user_id == user_id)))
    }

    pub(super) fn hold(&mut self, live: Arc<Live>) {
        self.held.insert(live.id.clone(), live);
    }

    pub(super) fn wait(&mut self, waiting: Waiting) {
        self.hold(Arc::clone(&waiting.live));
        self.queue.push_back(waiting);
    }

    /// The job whose turn it is, if there are fewer than so many; it counts until [`done`](Self::done).
    pub(super) fn next(&mut self, most: usize) -> Option<Waiting> {
        if self.running.len() >= most || self.is_closed {
            return None;
        }
        let next = self.queue.pop_front()?;
        self.running.insert(next.live.id.clone());
        Some(next)
    }

    pub(super) fn done(&mut self, id: &str) {
        self.running.remove(id);
    }

    /// Takes a job out of those that wait. Whether it was among them.
    pub(super) fn withdraw(&mut self, id: &str) -> bool {
        let before = self.queue.len();
        self.queue.retain(|waiting| waiting.live.id != id);
        self.queue.len() < before
    }

    /// Lets go of a job.
    pub(super) fn forget(&mut self, id: &str) {
        self.held.remove(id);
    }

    /// Gives each that waits its place. Those whose place is another now.
    pub(super) fn number(&self) -> Vec<Arc<Live>> {
        let mut moved = Vec::new();
        for (place, Waiting { live, .. }) in (1..).zip(&self.queue) {
            if live.job().place != Some(place) && live.change(|job| job.place = Some(place)) {
                moved.push(Arc::clone(live));
            }
        }
        moved
    }

    /// Takes nothing more, and gives up what waits.
    pub(super) fn close(&mut self) -> Vec<Arc<Live>> {
        self.is_closed = true;
        self.queue.drain(..).map(|waiting| waiting.live).collect()
    }

    /// How many there are: held, waiting, being done.
    #[cfg(test)]
    pub(super) fn counts(&self) -> [usize; 3] {
        [self.held.len(), self.queue.len(), self.running.len()]
    }
}
