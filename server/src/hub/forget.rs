//! Topics that come to an end: those of jobs, of which there is no end.

use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::topic::Topic;

use super::history::Log;
use super::{Hub, Past};

/// How long the topic of a job stays of which nothing is heard. It comes again with the next event.
const SILENCE: Duration = Duration::from_secs(3_600);

impl Hub {
    /// Lets go of a latest-wins topic: of its newest event, and of its place. Its subscribers stay, and read on if it comes
    /// again; what they have not read by now they are not told of. So what is forgotten is to be long over. A topic that is
    /// not latest-wins, or is [reserved](Self::reserve), stays.
    ///
    /// On a bus it goes from the log that all share, if the bus is there; other instances let go of their copies once they
    /// have been silent for an hour, if it is of a job. Only the topics of jobs do.
    pub async fn forget(&self, topic: &Topic) {
        let is_kept = !topic.is_latest_wins() || {
            let mut registry = self.registry();
            registry.forget(topic);
            registry.is_reserved(topic)
        };
        if let Past::Bus(line) = &self.0.past
            && !is_kept
        {
            line.forget(topic).await;
        }
    }

    /// How many topics there are.
    #[must_use]
    pub fn topics(&self) -> usize {
        self.registry().logs().count()
    }

    /// Lets go of those of `logs` that are of jobs of which nothing was heard for long: whoever had them forgotten was
    /// another instance, or did not come to it.
    pub(super) fn forget_silent(&self, logs: &[Arc<Log>], now: u64) {
        let since = now.saturating_sub(SILENCE.as_millis() as u64);
        for log in logs.iter().filter(|log| log.topic.is_job() && log.is_silent(since)) {
            // Looked at once more, when nothing is published meanwhile.
            self.registry().forget_silent(&log.topic, since);
        }
    }
}
