//! Where a subscription stands in each of its topics.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::{Index, IndexMut};
use std::sync::Arc;

use super::history::{Log, Next};
use super::readers::ReaderKey;
use super::signal::Signal;

/// Up to so many topics all stand in line; of more, only those that are noted to have an event.
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
    /// Whether it is in line, or parked.
    is_active: bool,
}

/// The cursors of a subscription, each at the number that its signal calls the topic.
#[derive(Debug)]
pub(super) struct Cursors {
    /// None where the topic was forgotten: the next one takes its place.
    all: Vec<Option<Cursor>>,
    /// Those that may have something to read, each with a number before which it has nothing: whoever is not first
    /// need not be looked at.
    line: BinaryHeap<Reverse<(u64, usize)>>,
    /// Those that have nothing but what the page has, until it is read out.
    parked: Vec<usize>,
    /// Whether it is noted which topics have events, so that the others need not stand in line.
    is_noting: bool,
    /// Whether their last page could not be read; here, where a byte costs no subscription anything.
    pub(super) has_failed: bool,
}

impl Cursor {
    /// A cursor behind `after`.
    pub(super) fn new(log: Arc<Log>, key: ReaderKey, after: u64) -> Self {
        Self { log, key, after, page: None, unread: 0, is_active: true }
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
    fn is_at_end(&self, behind: u64) -> bool {
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
        let line = (0..all.len()).map(|index| Reverse((0, index))).collect();
        let all = all.into_iter().map(Some).collect();
        let mut cursors =
            Self { all, line, parked: Vec::new(), is_noting: false, has_failed: false };
        cursors.note_if_many();
        cursors
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Cursor> {
        self.all.iter().flatten()
    }

    /// The number before which none in line has anything, and the index of the first.
    pub(super) fn first(&self) -> Option<(u64, usize)> {
        self.line.peek().map(|Reverse(first)| *first)
    }

    /// The first in line has nothing before this number. Whether it is still the first.
    pub(super) fn put_off(&mut self, least: u64) -> bool {
        let Some(mut first) = self.line.peek_mut() else { return false };
        let index = first.0.1;
        if first.0.0 < least {
            first.0.0 = least;
        }
        drop(first);
        self.first().is_some_and(|(_, first)| first == index)
    }

    /// Takes the first out of line; whoever does puts it back with [`Cursors::line_up`].
    pub(super) fn take_first(&mut self) {
        self.line.pop();
    }

    /// Puts a cursor in line that was taken out of it.
    pub(super) fn line_up(&mut self, index: usize, behind: u64) {
        self.line.push(Reverse((self[index].after.max(behind) + 1, index)));
    }

    /// The first in line has nothing behind `behind` up to `upto`, or only what the page has.
    pub(super) fn pass_over(&mut self, behind: u64, upto: u64, is_page: bool) {
        let Some((_, index)) = self.first() else { return };
        let is_noting = self.is_noting;
        let cursor = &mut self[index];
        if is_page && cursor.page.is_some() {
            self.line.pop();
            self.parked.push(index);
        } else if is_noting && cursor.is_at_end(behind) {
            // It has nothing until it is noted again.
            cursor.is_active = false;
            self.line.pop();
        } else {
            self.put_off(upto + 1);
        }
    }

    /// Parks those in line that `is_asked`, for a page to speak for them; who they are.
    pub(super) fn park(&mut self, mut is_asked: impl FnMut(&mut Cursor) -> bool) -> Vec<usize> {
        let (asked, line): (Vec<_>, Vec<_>) = std::mem::take(&mut self.line)
            .into_iter()
            .partition(|Reverse((_, index))| is_asked(&mut self[*index]));
        self.parked = asked.into_iter().map(|Reverse((_, index))| index).collect();
        self.line = line.into();
        self.parked.clone()
    }

    /// Puts those in line again that have something to tell besides the page.
    pub(super) fn unpark_losers(&mut self, behind: u64) {
        for index in std::mem::take(&mut self.parked) {
            match self[index].next(behind, u64::MAX, true) {
                Some(_) => self.line_up(index, behind),
                None => self.parked.push(index),
            }
        }
    }

    /// Puts all in line again: the page speaks for none of them.
    pub(super) fn unpark(&mut self, behind: u64) {
        for index in std::mem::take(&mut self.parked) {
            self.line_up(index, behind);
        }
    }

    /// Takes in topics that were forgotten and that came to be, and notes which ones have events.
    pub(super) fn take_news(&mut self, signal: &Signal) {
        let Some(news) = signal.take_news() else { return };
        self.forget(&news.forgotten);
        for (index, log, key) in news.added {
            let cursor = Cursor::new(log, key, 0);
            if self.is_noting {
                cursor.take_notes();
            }
            if self.all.len() <= index {
                self.all.resize_with(index + 1, || None);
            }
            self.all[index] = Some(cursor);
            self.line_up(index, 0);
        }
        for index in news.published {
            if let Some(Some(cursor)) = self.all.get_mut(index)
                && !std::mem::replace(&mut cursor.is_active, true)
            {
                self.line_up(index, 0);
            }
        }
        self.note_if_many();
    }

    /// Lets go of topics. No page speaks for one of them: what wins by being the latest is in none.
    fn forget(&mut self, forgotten: &[usize]) {
        if forgotten.is_empty() {
            return;
        }
        for index in forgotten {
            self.all[*index] = None;
        }
        let Self { all, line, .. } = self;
        line.retain(|Reverse((_, index))| all[*index].is_some());
    }

    /// Begins to note which topics have events, once there are many.
    fn note_if_many(&mut self) {
        if !self.is_noting && self.all.len() > FEW {
            // From now on; whatever came before, they stand in line for.
            self.iter().for_each(Cursor::take_notes);
            self.is_noting = true;
        }
    }
}

impl Index<usize> for Cursors {
    type Output = Cursor;

    /// # Panics
    ///
    /// If there is none: who stands in line, is parked or in a page is there.
    fn index(&self, index: usize) -> &Cursor {
        &self.all[index].as_slice()[0]
    }
}

impl IndexMut<usize> for Cursors {
    fn index_mut(&mut self, index: usize) -> &mut Cursor {
        &mut self.all[index].as_mut_slice()[0]
    }
}
