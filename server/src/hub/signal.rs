//! How the hub reaches a subscription that waits.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::history::Log;
use super::lane::Lane;
use super::readers::ReaderKey;
use crate::sync::{AtomicBool, AtomicWaker, Mutex, MutexGuard};

/// Shared between one subscription and the hub.
#[derive(Debug)]
pub(super) struct Signal {
    /// Wakes it, if there is one; else whoever publishes does.
    lane: Option<Lane>,
    waker: AtomicWaker,
    /// Whether there is something in `news`, so that the usual poll takes no lock.
    has_news: AtomicBool,
    news: Mutex<Noted>,
}

#[derive(Debug, Default)]
struct Noted {
    news: News,
    /// Numbers below this one have been given to topics.
    numbers: usize,
    /// Of these, those that may be given again.
    free: Vec<usize>,
    /// Whether a number is in [`News::published`].
    is_published: Vec<bool>,
}

/// What came to pass since the subscription last asked.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Numbers of topics that were forgotten. They are taken in first: what is added may have the same numbers.
    pub(super) forgotten: Vec<usize>,
    /// Topics that came to be, each with its number and the key of the signal in it.
    pub(super) added: Vec<(usize, Arc<Log>, ReaderKey)>,
    /// Numbers of topics that have an event, each once.
    pub(super) published: Vec<usize>,
}

impl Signal {
    pub(super) fn new(lane: Option<Lane>) -> Self {
        Self {
            lane,
            waker: AtomicWaker::default(),
            has_news: AtomicBool::new(false),
            news: Mutex::default(),
        }
    }

    pub(super) fn lane(&self) -> Option<&Lane> {
        self.lane.as_ref()
    }

    pub(super) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    pub(super) fn wake(&self) {
        self.waker.wake();
    }

    /// Notes that a topic has an event.
    pub(super) fn note(&self, number: usize) {
        let mut noted = self.noted();
        if noted.is_published.len() <= number {
            noted.is_published.resize(number + 1, false);
        }
        if !std::mem::replace(&mut noted.is_published[number], true) {
            noted.news.published.push(number);
            self.has_news.store(true, Ordering::Release);
        }
    }

    /// The number of the topic that is joined next.
    pub(super) fn number(&self) -> usize {
        let mut noted = self.noted();
        noted.free.pop().unwrap_or_else(|| {
            noted.numbers += 1;
            noted.numbers - 1
        })
    }

    /// Hands over a log that this signal has joined under `key`.
    pub(super) fn add(&self, number: usize, log: Arc<Log>, key: ReaderKey) {
        self.noted().news.added.push((number, log, key));
        self.has_news.store(true, Ordering::Release);
    }

    /// Takes back a topic. A subscription that does not look for its news is not to gather those that came and went.
    pub(super) fn forget(&self, number: usize) {
        let mut noted = self.noted();
        let added = &mut noted.news.added;
        match added.iter().rposition(|(added, ..)| *added == number) {
            Some(at) => {
                added.swap_remove(at);
                noted.free.push(number);
            }
            None => {
                noted.news.forgotten.push(number);
                self.has_news.store(true, Ordering::Release);
            }
        }
    }

    /// Takes what is new: whatever lies below a head that was looked at before, and more.
    pub(super) fn take_news(&self) -> Option<News> {
        // Read before it is written: this is asked at every poll, and seldom true.
        if !self.has_news.load(Ordering::Acquire) || !self.has_news.swap(false, Ordering::AcqRel) {
            return None;
        }
        let mut noted = self.noted();
        let news = std::mem::take(&mut noted.news);
        for number in &news.published {
            noted.is_published[*number] = false;
        }
        noted.free.extend(&news.forgotten);
        Some(news)
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
