//! What must hold of a browser.

use std::time::Duration;

use tidings_feed::State;

use super::Browser;

/// How long a feed may be silent until it is stale.
const STALE: Duration = Duration::from_secs(30);

impl Browser {
    pub(crate) fn awake(&self) -> usize {
        self.users().count()
    }

    pub(crate) fn leader(&self) -> Option<usize> {
        self.holder.map(|holder| holder.0)
    }

    pub(crate) fn states(&self) -> Vec<State> {
        self.users().map(|page| page.feed.status(self.now).state).collect()
    }

    /// Streams that are open to tabs that run.
    pub(crate) fn streams(&self) -> usize {
        let awake = self.tabs.iter().flatten().filter(|page| !page.is_frozen);
        awake.filter(|page| page.stream.as_ref().is_some_and(|stream| stream.is_open)).count()
    }

    pub(crate) fn check_freshness(&self) {
        for page in self.tabs.iter().flatten() {
            if page.feed.status(self.now).state == State::Live {
                assert!(self.now < page.came + STALE, "live, and nothing came");
            }
        }
    }

    /// Nothing comes twice, and nothing out of its order.
    pub(crate) fn check_order(&self) {
        for page in self.tabs.iter().flatten() {
            assert!(page.got.is_sorted_by(|a, b| a < b), "{:?}", page.got);
        }
    }

    /// Nobody who runs has missed anything of the history there is now.
    pub(crate) fn check_everything_came(&self) {
        self.check_order();
        for page in self.users() {
            let start = page.starts.get(&self.server.epoch).copied().unwrap_or_default();
            let due: Vec<_> = self.server.lasting().filter(|seq| *seq > start).collect();
            let now = page.got.iter().filter(|id| id.epoch == self.server.epoch);
            let got: Vec<_> = now.map(|id| id.seq).filter(|seq| *seq > start).collect();
            assert_eq!(got, due, "behind {start}");
        }
    }
}
