//! Reading back from the journal: one bounded page at a time, whatever lies there.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tidings_protocol::event::EventId;
use tidings_protocol::topic::Topic;
use tokio::time::{Sleep, sleep};

use super::cursors::Cursors;
use super::event::Event;
use super::journal::{JournalError, Page, PageRequest, Pages};

/// Most events of a page.
const PAGE: usize = 256;

/// Most bytes of a page, unless one event alone has more.
const PAGE_BYTES: usize = 256 << 10;

/// How long a journal that is unreachable is left alone before it is asked again; each further time, twice as long.
const FIRST_RETRY: Duration = Duration::from_millis(100);

/// The longest such wait.
const LAST_RETRY: Duration = Duration::from_secs(2);

/// Newest numbers that are gone, each with the index of its cursor.
type Gone = Vec<(usize, u64)>;

/// A page that is being read, handed out, or over.
pub(super) struct Replay {
    pages: Arc<dyn Pages>,
    request: PageRequest,
    state: State,
    asked: Asked,
    /// The next wait for a journal that is unreachable.
    wait: Duration,
}

enum State {
    Reading(BoxFuture<'static, Result<Page, JournalError>>),
    /// For the journal, which is unreachable.
    Waiting(Pin<Box<Sleep>>),
    Read {
        events: VecDeque<Arc<Event>>,
        reached: u64,
    },
    Over,
}

/// Whom a page is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    /// Indices of the subscription's cursors, in the order of their topics' names.
    pub(super) cursors: Vec<usize>,
    /// These names.
    pub(super) names: Arc<[Topic]>,
}

impl Asked {
    /// For the cursors with these indices. There may be many, and often the `last` page was for the same.
    pub(super) fn new(mut asked: Vec<usize>, all: &Cursors, last: Option<Self>) -> Self {
        let name = |index: usize| &all[index].log.topic;
        // Most topics are joined in the order of their names, so that there is little to do.
        asked.sort_unstable();
        asked.sort_by(|a, b| name(*a).cmp(name(*b)));
        let names = match last {
            Some(last) if last.cursors == asked => last.names,
            _ => asked.iter().map(|index| name(*index).clone()).collect(),
        };
        Self { cursors: asked, names }
    }

    /// Index of the cursor of a topic.
    fn cursor(&self, topic: &Topic) -> Option<usize> {
        let at = self.names.binary_search(topic).ok()?;
        self.cursors.get(at).copied()
    }
}

impl Replay {
    /// Begins to read what lies behind `after`, up to `upto`.
    pub(super) fn start(pages: Arc<dyn Pages>, asked: Asked, after: EventId, upto: u64) -> Self {
        let request = PageRequest {
            epoch: after.epoch,
            topics: Arc::clone(&asked.names),
            after: after.seq,
            upto,
            max_events: PAGE,
            max_bytes: PAGE_BYTES,
        };
        let state = State::Reading(Arc::clone(&pages).page(request.clone()));
        Self { pages, request, state, asked, wait: FIRST_RETRY }
    }

    /// Ready once the page is there, however long the journal is unreachable. If it has just come: what is newly known to
    /// be gone, each with the index of its cursor.
    ///
    /// # Errors
    ///
    /// If the journal fails.
    pub(super) fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Option<Gone>, JournalError>> {
        loop {
            match &mut self.state {
                State::Reading(reading) => match ready!(reading.as_mut().poll(cx)) {
                    Ok(Page { events, reached, evicted }) => {
                        self.state = State::Read { events: events.into(), reached };
                        let cursor =
                            |(topic, seq): &(Topic, u64)| Some((self.asked.cursor(topic)?, *seq));
                        return Poll::Ready(Ok(Some(evicted.iter().filter_map(cursor).collect())));
                    }
                    Err(JournalError::Unreachable) => {
                        self.state = State::Waiting(Box::pin(sleep(self.wait)));
                        self.wait = (self.wait * 2).min(LAST_RETRY);
                    }
                    Err(error) => return Poll::Ready(Err(error)),
                },
                State::Waiting(wait) => {
                    ready!(wait.as_mut().poll(cx));
                    let pages = Arc::clone(&self.pages);
                    self.state = State::Reading(pages.page(self.request.clone()));
                }
                State::Read { .. } | State::Over => return Poll::Ready(Ok(None)),
            }
        }
    }

    /// Indices of the cursors the page speaks for.
    pub(super) fn asked(&self) -> &[usize] {
        &self.asked.cursors
    }

    /// Whom it was asked for, once it is of no other use.
    pub(super) fn into_asked(self) -> Asked {
        self.asked
    }

    /// Drops what `keep` does not want, which is told the index of the event's cursor.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Event, usize) -> bool) {
        if let State::Read { events, .. } = &mut self.state {
            let cursor = |event: &Event| self.asked.cursor(&event.topic);
            events.retain(|event| cursor(event).is_some_and(|index| keep(event, index)));
        }
    }

    /// The oldest event of the page.
    pub(super) fn front(&self) -> Option<&Arc<Event>> {
        match &self.state {
            State::Read { events, .. } => events.front(),
            State::Reading(_) | State::Waiting(_) | State::Over => None,
        }
    }

    /// Takes the oldest event of the page, with the index of its cursor.
    pub(super) fn pop(&mut self) -> Option<(Arc<Event>, usize)> {
        let State::Read { events, .. } = &mut self.state else { return None };
        let event = events.pop_front()?;
        let index = self.asked.cursor(&event.topic)?;
        Some((event, index))
    }

    /// Ends the page if all of it was taken: up to here there is nothing else of the topics asked for.
    pub(super) fn end(&mut self) -> Option<u64> {
        match &self.state {
            State::Read { events, reached } if events.is_empty() => {
                let reached = *reached;
                self.state = State::Over;
                Some(reached)
            }
            _ => None,
        }
    }
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").field("asked", &self.asked).finish_non_exhaustive()
    }
}
