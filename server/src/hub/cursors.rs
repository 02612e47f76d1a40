//! Where a subscription stands in each of its topics.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::history::{Log, Next};
use super::readers::ReaderKey;
use super::signal::Signal;

/// Up to so many topics are all looked at for the next event; with more, those that have one are noted.
const FEW: usize = 4;

/// A subscription's place in one topic.
#[derive(Debug)]
pub(super) struct Cursor {
    pub(super) log: Arc<Log>,
    /// Key of the subscription's signal in the log.
    pub(super) key: ReaderKey,
    /// All of this topic up to here is read, told lost, or not asked for.
    pub(super) after: u64,
    /// Whether the page of the journal speaks for this topic; then, what of it was gone when the page was read.
    pub(super) page: Option<u64>,
    /// Up to here the journal could not be read.
    unread: u64,
    /// Whether it is among the active ones.
    is_active: bool,
}

/// The cursors of a subscription, in the order their topics were joined in.
#[derive(Debug)]
pub(super) struct Cursors {
    all: Vec<Cursor>,
    /// Those that may have something to read, where there are more than [`FEW`].
    active: Option<Vec<usize>>,
}

impl Cursor {
    /// A cursor behind `after`.
    pub(super) fn new(log: Arc<Log>, key: ReaderKey, after: u64) -> Self {
        Self { log, key, after, page: None, unread: 0, is_active: false }
    }

    /// What this topic has behind `behind`, up to which everything is read or told, and outside the page.
    pub(super) fn next(&self, behind: u64, upto: u64, is_page: bool) -> Option<Next> {
        let after = self.after.max(behind);
        let unread = self.unread.min(upto);
        if after < unread {
            return Some(Next::Lost(unread));
        }
        match self.page.filter(|_| is_page) {
            Some(lost) => (lost > after).then_some(Next::Lost(lost)),
            None => self.log.next(after, upto),
        }
    }

    /// Gives up what of this topic lies in the journal.
    pub(super) fn give_up_cold(&mut self, behind: u64) {
        if let Some(Next::Cold(floor)) = self.log.next(self.after.max(behind), u64::MAX) {
            self.unread = floor;
        }
    }

    /// Whether nothing lies behind `behind`, not even what cannot be read yet.
    pub(super) fn is_at_end(&self, behind: u64) -> bool {
        self.log.next(self.after.max(behind), u64::MAX).is_none()
    }

    fn take_notes(&self) {
        self.log.readers.note_for(self.key);
    }

    /// The place right before what this cursor reads next, as far as that is known.
    pub(super) fn before_next(&self, upto: u64) -> Option<u64> {
        Some(match self.log.next(self.after, upto)? {
            Next::Cold(_) => self.after,
            Next::Event(event) => event.id.seq - 1,
            Next::Lost(to) => to - 1,
        })
    }
}

impl Cursors {
    pub(super) fn new(all: Vec<Cursor>) -> Self {
        let mut cursors = Self { all, active: None };
        cursors.note_if_many();
        cursors
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cursor> {
        self.all.iter()
    }

    /// Index of the cursor at this place of those that may have something to read.
    pub(super) fn candidate(&self, at: usize) -> Option<usize> {
        match &self.active {
            Some(active) => active.get(at).copied(),
            None => (at < self.all.len()).then_some(at),
        }
    }

    /// Takes in topics that came to be, and notes which ones have events.
    pub(super) fn take_news(&mut self, signal: &Signal) {
        let Some(news) = signal.take_news() else { return };
        for (log, key) in news.added {
            self.all.push(Cursor::new(log, key, 0));
            let index = self.all.len() - 1;
            if self.active.is_some() {
                self.all[index].take_notes();
            }
            self.activate(index);
        }
        for index in news.published {
            self.activate(index);
        }
        self.note_if_many();
    }

    /// Whether it is noted when a topic has news, so that one without need not be looked at.
    pub(super) fn can_retire(&self) -> bool {
        self.active.is_some()
    }

    /// Looks no longer at the cursor at this place of those that may have something to read.
    pub(super) fn retire(&mut self, at: usize) {
        if let Some(active) = &mut self.active {
            let index = active.swap_remove(at);
            self.all[index].is_active = false;
        }
    }

    fn activate(&mut self, index: usize) {
        if let (Some(active), Some(cursor)) = (&mut self.active, self.all.get_mut(index))
            && !std::mem::replace(&mut cursor.is_active, true)
        {
            active.push(index);
        }
    }

    /// Begins to note which topics have events, once there are many.
    fn note_if_many(&mut self) {
        if self.active.is_none() && self.all.len() > FEW {
            // From now on; whatever came before, one look at all of them finds.
            for cursor in &mut self.all {
                cursor.take_notes();
                cursor.is_active = true;
            }
            self.active = Some((0..self.all.len()).collect());
        }
    }
}

impl Index<usize> for Cursors {
    type Output = Cursor;

    fn index(&self, index: usize) -> &Cursor {
        &self.all[index]
    }
}

impl IndexMut<usize> for Cursors {
    fn index_mut(&mut self, index: usize) -> &mut Cursor {
        &mut self.all[index]
    }
}
