//! Tells the hub of jobs: each at most ten times a second, the newest always, and again until it is taken.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::StreamExt as _;
use tidings_protocol::event::EventType;
use tidings_protocol::job::{JOB, UPDATES_PER_SECOND};
use tidings_protocol::topic::Topic;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::live::Live;
use crate::hub::{Hub, PublishError};

/// Time between two events of a job.
pub(super) const SPACING: Duration = Duration::from_millis(1_000 / UPDATES_PER_SECOND as u64);

/// Longest wait between two attempts.
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Most publishes at once: where each waits for a disk, they share its turns.
const AT_ONCE: usize = 32;

/// What the hub is still to be told of. No more than there are jobs: of each only its newest is told.
#[derive(Debug, Default)]
pub(super) struct Herald {
    due: Mutex<HashMap<String, Due>>,
    wake: Notify,
    /// Topics of jobs whose end was told, and when; the oldest first.
    ended: Mutex<VecDeque<(Instant, Topic)>>,
}

#[derive(Debug)]
struct Due {
    live: Arc<Live>,
    at: Instant,
    /// How long to wait if it is not taken.
    retry: Duration,
}

impl Herald {
    /// Has a job told, as it is by then.
    pub(super) fn tell(&self, live: &Arc<Live>) {
        let at = live.may_publish(SPACING);
        let due = || Due { live: Arc::clone(live), at, retry: SPACING };
        self.due().entry(live.id.clone()).or_insert_with(due);
        self.wake.notify_one();
    }

    /// Tells `hub` until `stop`, or until it takes no more.
    pub(super) async fn run(&self, hub: &Hub, stop: &CancellationToken) {
        loop {
            let next = self.take_due();
            let sleep = async {
                match next {
                    Ok(_) => {}
                    Err(Some(at)) => tokio::time::sleep_until(at).await,
                    Err(None) => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = sleep => {}
                () = self.wake.notified() => {}
            }
            let Ok(ready) = next else { continue };
            let telling = futures_util::stream::iter(ready)
                .for_each_concurrent(AT_ONCE, |due| self.publish(hub, due));
            tokio::select! {
                () = stop.cancelled() => return,
                () = telling => {}
            }
        }
    }

    /// Tells `hub` what is left, until it has taken all of it or takes no more.
    pub(super) async fn tell_rest(&self, hub: &Hub) {
        loop {
            let rest: Vec<_> = self.due().drain().map(|(_, due)| due).collect();
            let Some(last) = rest.iter().map(|due| due.at).max() else { return };
            tokio::time::sleep_until(last.min(Instant::now() + SPACING)).await;
            let telling = futures_util::stream::iter(rest);
            telling.for_each_concurrent(AT_ONCE, |due| self.publish(hub, due)).await;
        }
    }

    /// What is to be told now; else when something is.
    fn take_due(&self) -> Result<Vec<Due>, Option<Instant>> {
        let (mut all, now) = (self.due(), Instant::now());
        let ready: Vec<_> = all.extract_if(|_, due| due.at <= now).map(|(_, due)| due).collect();
        if ready.is_empty() { Err(all.values().map(|due| due.at).min()) } else { Ok(ready) }
    }

    async fn publish(&self, hub: &Hub, due: Due) {
        let Due { live, retry, .. } = due;
        let Some(topic) = &live.topic else { return };
        let Ok(kind) = JOB.parse::<EventType>() else { return };
        let job = live.publish();
        let Ok(data) = serde_json::to_vec(&job) else { return };
        let Err(error) = hub.publish(topic, kind, data.into()).await else {
            if !job.state.is_active() {
                self.ended().push_back((Instant::now(), topic.clone()));
            }
            return;
        };
        if matches!(error, PublishError::Closed) {
            return;
        }
        tracing::debug!(%error, id = live.id, "an event of a job is tried again");
        // What came meanwhile waits no less: the hub is not asked more often because a job has more to tell.
        let at = Instant::now() + retry;
        let again = Due { live, at, retry: (retry * 2).min(LAST_RETRY) };
        self.due().insert(job.id, again);
        self.wake.notify_one();
    }

    /// Not before its end was told: that would bring a topic back that was let go of.
    pub(super) fn ended(&self) -> MutexGuard<'_, VecDeque<(Instant, Topic)>> {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn due(&self) -> MutexGuard<'_, HashMap<String, Due>> {
        self.due.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use tidings_protocol::job::JobState;

    use super::*;
    use crate::hub::HubLimits;
    use crate::jobs::live::End;
    use crate::jobs::tests::job;

    #[tokio::test(start_paused = true)]
    async fn a_topic_may_be_let_go_of_once_its_end_was_told_and_no_sooner() {
        let (herald, hub) = (Herald::default(), Hub::new(HubLimits::default()));
        let live = Live::new(job("u1~1"), Duration::ZERO);
        herald.tell(&live);
        herald.tell_rest(&hub).await;
        assert!(live.finish(End::default(), |job| job.state = JobState::Cancelled));
        // Not kept yet.
        herald.tell(&live);
        herald.tell_rest(&hub).await;
        assert_eq!((herald.ended().len(), hub.topics()), (0, 1));
        live.tell_end();
        herald.tell(&live);
        herald.tell_rest(&hub).await;
        assert_eq!(herald.ended().len(), 1);
    }
}
