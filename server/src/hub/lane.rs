//! How the hub reaches the readers of another thread: once for each topic, however many they are.

use std::convert::Infallible;
use std::sync::{Arc, PoisonError, Weak};
use std::task::{Context, Poll};

use super::history::Log;
use crate::sync::{AtomicWaker, Mutex};

/// Readers that one thread serves. A publisher calls their lane, and the lane wakes them, in its own thread; so
/// publishing takes no longer for them, and they are woken without a look at another processor. Clones are the same lane.
#[derive(Clone, Debug, Default)]
pub struct Lane(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// What is new since the lane last looked.
    calls: Mutex<Vec<Call>>,
    waker: AtomicWaker,
}

/// A topic that has news, and the lane's place among its readers.
#[derive(Debug)]
struct Call {
    log: Weak<Log>,
    group: usize,
}

impl Lane {
    /// Wakes the lane's readers whenever there is something for them. Without it running, they are woken by the end of
    /// the hub only.
    pub async fn run(&self) -> Infallible {
        std::future::poll_fn(|cx| self.poll_calls(cx)).await
    }

    fn poll_calls(&self, cx: &mut Context<'_>) -> Poll<Infallible> {
        // Registered before looking, so that a call between the two wakes.
        self.0.waker.register(cx.waker());
        let calls =
            std::mem::take(&mut *self.0.calls.lock().unwrap_or_else(PoisonError::into_inner));
        for Call { log, group } in calls {
            if let Some(log) = log.upgrade() {
                log.readers.answer(group);
            }
        }
        Poll::Pending
    }

    pub(super) fn call(&self, log: &Arc<Log>, group: usize) {
        let call = Call { log: Arc::downgrade(log), group };
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
        self.0.waker.wake();
    }
}

/// Whether the two are the same lane.
impl PartialEq for Lane {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}
