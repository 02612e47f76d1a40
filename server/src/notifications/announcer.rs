//! The task that brings to the hub what it did not take when it came, and removes what is past its time.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{HELD, Notifications, NotifyError};
use crate::store::Change;

/// How often what is past its time is removed.
const SWEEP_EVERY: Duration = Duration::from_secs(60);

/// How often it is looked for what another server of the same database noted, and did not live to announce.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Whoever noted or took a change has announced it by then, or taken it again, or is gone.
const ORPHANED_AFTER: Duration = Duration::from_secs(10);

/// How long announced changes are gathered before their notes are removed.
const GATHER: Duration = Duration::from_millis(100);

/// Most notes that are removed in one transaction: others wait for it.
const MOST_FORGOTTEN: usize = 500;

/// Bounds of the wait between two attempts.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(5);

/// Most rounds at once: whatever is left, or comes all the time, waits for the next look.
const MOST_ROUNDS: usize = 100;

/// Why not everything was announced; the cause is in the log.
pub(super) struct Behind;

pub(super) async fn run(notifications: Notifications, stop: CancellationToken) {
    if notifications.store().is_err() {
        return;
    }
    let mut looks = tokio::time::interval(LOOK_EVERY);
    let mut sweeps = tokio::time::interval(SWEEP_EVERY);
    for ticks in [&mut looks, &mut sweeps] {
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    }
    // What another server noted just now it announces by itself; where there is none all is left by the run before.
    let least =
        notifications.store().is_ok_and(|store| !store.is_alone()).then_some(ORPHANED_AFTER);
    let mut due = Some(Instant::now());
    let mut wait = FIRST_RETRY;
    loop {
        let retry = async {
            match due {
                Some(due) => tokio::time::sleep_until(due).await,
                None => std::future::pending().await,
            }
        };
        let age = tokio::select! {
            () = stop.cancelled() => break,
            () = retry => least,
            // One that failed is tried again in its own time, however much comes.
            () = notifications.0.wake.notified(), if due.is_none() => least,
            _ = looks.tick(), if due.is_none() => Some(ORPHANED_AFTER),
            () = notifications.0.flush.notified() => {
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(GATHER) => {}
                }
                // What is not forgotten is announced again at worst.
                let _ = notifications.forget().await;
                continue;
            }
            _ = sweeps.tick() => {
                notifications.sweep().await;
                continue;
            }
        };
        (due, wait) = match notifications.catch_up(age).await {
            Ok(()) => (None, FIRST_RETRY),
            Err(Behind) => (Some(Instant::now() + wait), (wait * 2).min(LAST_RETRY)),
        };
    }
    let _ = notifications.forget().await;
}

impl Notifications {
    /// Announces what waits of this server's, and what nobody has noted or taken for that long or whenever, in the order of
    /// each inbox.
    pub(super) async fn catch_up(&self, age: Option<Duration>) -> Result<(), Behind> {
        let store = self.store().map_err(failed)?;
        self.forget().await?;
        let mut behind = self.pending().behind.clone();
        for _ in 0..MOST_ROUNDS {
            let users = store.unannounced_users(age).await.map_err(failed)?;
            behind.extend(users);
            if behind.is_empty() {
                return Ok(());
            }
            for user_id in std::mem::take(&mut behind) {
                self.catch_up_with(&user_id, age).await?;
            }
            // Those who were done are not found again.
            self.forget().await?;
        }
        Ok(())
    }

    async fn catch_up_with(&self, user_id: &str, age: Option<Duration>) -> Result<(), Behind> {
        let store = self.store().map_err(failed)?;
        let _turn = self.turn(user_id).await.map_err(failed)?;
        let mut after = 0;
        loop {
            // Taken first: another server that finds them, too, leaves them to this one.
            let taken = store.take_unannounced(user_id, after, age).await.map_err(failed)?;
            let taken_at = Instant::now();
            if taken.is_empty() {
                break;
            }
            for (n, change) in taken.iter().enumerate() {
                // The hub may take its time, and others would take what is left for forgotten.
                if n > 0 && taken_at.elapsed() > HELD {
                    break;
                }
                let version = change.state.version;
                after = version;
                if self.pending().done.contains(&(user_id.to_owned(), version)) {
                    continue;
                }
                // A count alone says nothing that the change behind it does not say.
                if change.what == Change::Superseded && n + 1 < taken.len() {
                    self.is_done(user_id, version);
                    continue;
                }
                if let Err(error) = self.publish(change).await {
                    self.pending().behind.insert(user_id.to_owned());
                    tracing::debug!(%error, "notifications still wait to be published");
                    return Err(Behind);
                }
            }
            // However much waited, little of it is published and noted still.
            self.forget().await?;
        }
        if self.pending().behind.remove(user_id) {
            tracing::info!(user_id, "notifications that waited are published");
        }
        Ok(())
    }

    /// Removes the notes of what was announced, in steps: what failed half-way is half done.
    async fn forget(&self) -> Result<(), Behind> {
        let done: Vec<_> = self.pending().done.iter().cloned().collect();
        for step in done.chunks(MOST_FORGOTTEN) {
            self.store().map_err(failed)?.announced(step).await.map_err(failed)?;
            let mut pending = self.pending();
            for change in step {
                pending.done.remove(change);
            }
        }
        Ok(())
    }

    /// Removes what is past its time, too old or too much.
    pub(super) async fn sweep(&self) {
        let swept = async {
            for user_id in self.store()?.inboxes_of_nobody().await? {
                self.store()?.remove_inbox(&user_id).await?;
            }
            for _ in 0..MOST_ROUNDS {
                let users = self.store()?.inboxes_to_trim(self.bounds()).await?;
                if users.is_empty() {
                    break;
                }
                for user_id in users {
                    self.trim(&user_id).await?;
                }
            }
            Ok::<_, NotifyError>(())
        };
        if let Err(error) = swept.await {
            tracing::warn!(%error, "old notifications are removed later");
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Behind {
    tracing::warn!(%error, "notifications cannot be looked through for now");
    Behind
}
