//! The task that has the journal let go of what history no longer holds.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::Hub;
use super::backlog::Backlog;
use super::history::Chore;
use super::journal::{Journal, JournalError};
use crate::clock;

/// Time between two looks at what the journal can let go of.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Time between two looks at the age of what only the journal holds, and at what is too little for the others.
const THOROUGH_EVERY: Duration = Duration::from_secs(60);

/// Keeps a hub's history to its bounds, in memory and in the journal. Nobody waits for it.
#[derive(Debug)]
pub struct Keeper {
    hub: Hub,
    journal: Arc<dyn Journal>,
    backlog: Arc<Backlog>,
}

impl Keeper {
    pub(super) fn new(hub: Hub, journal: Arc<dyn Journal>, backlog: Arc<Backlog>) -> Self {
        Self { hub, journal, backlog }
    }

    /// Runs until the hub is closed. What is not done by then, the next start finds.
    pub async fn run(self) {
        tokio::select! {
            biased;
            () = self.backlog.closed() => {}
            () = self.keep() => {}
        }
    }

    async fn keep(&self) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first look is thorough: time has gone by since the last run.
        let mut last: Option<Instant> = None;
        loop {
            ticks.tick().await;
            let is_thorough = last.is_none_or(|last| last.elapsed() >= THOROUGH_EVERY);
            if self.look(is_thorough).await.is_ok() && is_thorough {
                last = Some(Instant::now());
            }
        }
    }

    /// Looks at every topic; gives up for this time where the journal fails.
    async fn look(&self, is_thorough: bool) -> Result<(), JournalError> {
        let now = clock::now_ms();
        let logs = self.hub.all_logs();
        // What had to wait in memory until it was written need not any longer.
        logs.iter().for_each(|log| log.sweep(now, self.hub.kept()));
        self.hub.forget_silent(&logs, now);
        self.hub.make_all_room();
        let journal = || Arc::clone(&self.journal);
        let mut old = HashSet::new();
        if is_thorough {
            let age = self.hub.0.bounds.retention.age;
            old.extend(journal().aged(age, now).await?);
        }
        let (mut cuts, mut cut) = (Vec::new(), Vec::new());
        let mut looked = Ok(());
        for log in logs {
            let upto = self.hub.kept();
            let evicted = match log.chore(upto, is_thorough, old.contains(&log.topic)) {
                None => continue,
                Some(Chore::Trim(evicted)) => evicted,
                Some(Chore::Bound(retention)) => {
                    match journal().boundary(log.topic.clone(), upto, retention, now).await {
                        Ok(boundary) => {
                            log.let_go(boundary, upto);
                            boundary.evicted
                        }
                        Err(error) => {
                            looked = Err(error);
                            break;
                        }
                    }
                }
            };
            if evicted == 0 {
                continue;
            }
            cuts.push((log.topic.clone(), evicted));
            cut.push((log, evicted));
        }
        if !cuts.is_empty() {
            journal().trim(cuts).await?;
            cut.iter().for_each(|(log, evicted)| log.trimmed(*evicted));
        }
        looked
    }
}
