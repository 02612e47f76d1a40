//! When a browser's feed changes its state by itself.

use std::rc::Rc;
use std::time::Duration;

use gloo_timers::callback::Timeout;
use tidings_feed::{Input, State, Status};

use super::{Inner, ceil_ms, is_seen};
use crate::feed::now;
use crate::state::freshness::STANDSTILL;

/// Longest a timer is set for; a later deadline is looked at again then.
const LONGEST_TIMER: Duration = Duration::from_secs(3_600);

impl Inner {
    /// Sets the timer for the state's own next change.
    pub(super) fn set_deadline(self: &Rc<Self>) {
        self.is_put_off.set(false);
        let now = now();
        let of_tab = self.tab.borrow().next_deadline(&self.feed.borrow(), is_seen());
        let of_feed = self.feed.borrow().next_deadline(now);
        let of_silence = self.is_unsaid().then_some(now + STANDSTILL);
        let next = [of_feed, of_tab, of_silence].into_iter().flatten().min();
        let timer = next.map(|at| self.timer(at, at.saturating_sub(now).min(LONGEST_TIMER)));
        drop(self.deadline.replace(timer));
    }

    fn timer(self: &Rc<Self>, at: Duration, wait: Duration) -> Timeout {
        let inner = Rc::downgrade(self);
        Timeout::new(ceil_ms(wait), move || {
            if let Some(inner) = inner.upgrade() {
                inner.on_timer(at);
            }
        })
    }

    /// The deadline `at` is over. A page that stood still meanwhile has what came then still before it: nothing is said of silence
    /// until that had its time.
    fn on_timer(self: &Rc<Self>, at: Duration) {
        let is_open = matches!(self.state(), State::Live | State::Degraded | State::Stale);
        // Once: where every timer is that late silence is told all the same.
        if is_open && now() >= at + STANDSTILL && !self.is_put_off.replace(true) {
            drop(self.deadline.replace(Some(self.timer(now() + STANDSTILL, STANDSTILL))));
        } else {
            self.is_silent.set(true);
            self.tick();
        }
    }

    /// Whether nothing was heard for too long, and the timer has not found so yet. Whatever else looks may be the first thing that a page
    /// does which stood still.
    fn is_unsaid(&self) -> bool {
        let is_stale = self.state() == State::Stale;
        if !is_stale {
            self.is_silent.set(false);
        }
        is_stale && !self.is_silent.get()
    }

    /// What to show: silence once the timer has found it, and until then how things stood before.
    pub(super) fn status(&self) -> Status {
        let now = now();
        let status = self.feed.borrow().status(now);
        if !self.is_unsaid() {
            return status;
        }
        let silent = Duration::from_millis(status.for_ms + 1);
        self.feed.borrow().status(now.saturating_sub(silent))
    }

    pub(super) fn tick(self: &Rc<Self>) {
        self.input(Input::Tick);
        self.act(|tab, feed| tab.tick(now(), feed, is_seen()));
    }
}
