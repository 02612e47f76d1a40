//! Reading back from the journal: one bounded page at a time, whatever lies there.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::future::BoxFuture;
use tidings_protocol::topic::Topic;

use super::event::Event;
use super::journal::{Journal, JournalError, Page, PageRequest};

/// Most events of a page.
const PAGE: usize = 256;

/// Most bytes of a page, unless one event alone has more.
const PAGE_BYTES: usize = 256 << 10;

/// A page that is being read, or handed out.
pub(super) struct Replay {
    state: State,
    /// Topics that were asked for, each with the index of the subscription's cursor.
    asked: HashMap<Topic, usize>,
}

enum State {
    Reading(BoxFuture<'static, Result<Page, JournalError>>),
    Read { events: VecDeque<Arc<Event>>, reached: u64 },
}

impl Replay {
    /// Begins to read what lies behind `after`, up to `upto`.
    pub(super) fn start(
        journal: &Arc<dyn Journal>,
        asked: HashMap<Topic, usize>,
        request: impl FnOnce(usize, usize) -> PageRequest,
    ) -> Self {
        let request = request(PAGE, PAGE_BYTES);
        Self { state: State::Reading(Arc::clone(journal).page(request)), asked }
    }

    /// Ready once the page is there. Whether it has just come.
    pub(super) fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, JournalError>> {
        let State::Reading(reading) = &mut self.state else { return Poll::Ready(Ok(false)) };
        let Page { events, reached } = std::task::ready!(Pin::new(reading).poll(cx))?;
        self.state = State::Read { events: events.into(), reached };
        Poll::Ready(Ok(true))
    }

    /// The topics of the page, each with the index of the subscription's cursor.
    pub(super) fn asked(&self) -> &HashMap<Topic, usize> {
        &self.asked
    }

    /// Drops what `keep` does not want.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(&Event) -> bool) {
        if let State::Read { events, .. } = &mut self.state {
            events.retain(|event| keep(event));
        }
    }

    /// The oldest event of the page.
    pub(super) fn front(&self) -> Option<&Arc<Event>> {
        match &self.state {
            State::Reading(_) => None,
            State::Read { events, .. } => events.front(),
        }
    }

    /// Takes the oldest event of the page.
    pub(super) fn pop(&mut self) -> Option<Arc<Event>> {
        match &mut self.state {
            State::Reading(_) => None,
            State::Read { events, .. } => events.pop_front(),
        }
    }

    /// There is nothing else of the topics asked for up to here.
    pub(super) fn reached(&self) -> u64 {
        match &self.state {
            State::Reading(_) => 0,
            State::Read { reached, .. } => *reached,
        }
    }
}

impl std::fmt::Debug for Replay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Replay").field("asked", &self.asked).finish_non_exhaustive()
    }
}
