//! Which of several servers of one machine tells users, where they share a database: the one that speaks for the machine. All
//! of them judge it, so that the next one knows how everything stands.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior};

use super::Alerts;
use crate::auth::Secret;
use crate::store::{AlertStateRow, Speaks, StoreError};

/// For how long a server speaks that is not heard of any more.
const TIME: Duration = Duration::from_secs(15);

/// How often it says that it is there, and others look whether it is.
const LOOK_EVERY: Duration = Duration::from_secs(3);

/// This server among those of its machine.
#[derive(Debug)]
pub(super) struct Speaker {
    /// Drawn at the start: one that was started anew is another.
    name: String,
    /// Whether the database may be used by others at all.
    has_others: bool,
    /// Held while it is found out who speaks.
    asking: tokio::sync::Mutex<()>,
    /// Until when this one does at least, if it does.
    runs_out: Mutex<Option<Instant>>,
}

impl Speaker {
    /// One that speaks at once where there cannot be another.
    pub(super) fn new(has_others: bool) -> Self {
        Self {
            name: Secret::generate().expose().chars().take(super::ID_DIGITS).collect(),
            has_others,
            asking: tokio::sync::Mutex::default(),
            runs_out: Mutex::default(),
        }
    }

    /// What the database knows it by.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether there may be others.
    pub(super) fn has_others(&self) -> bool {
        self.has_others
    }

    /// Whether no other can have taken its place yet.
    pub(super) fn is_sure(&self) -> bool {
        let runs_out = *self.runs_out.lock().unwrap_or_else(PoisonError::into_inner);
        !self.has_others || runs_out.is_some_and(|at| Instant::now() < at)
    }

    fn set(&self, runs_out: Option<Instant>) {
        *self.runs_out.lock().unwrap_or_else(PoisonError::into_inner) = runs_out;
    }
}

/// Takes the place of the server that speaks once it is gone.
pub(super) async fn follow(alerts: &Alerts) {
    if !alerts.0.speaker.has_others() {
        return;
    }
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_away = false;
    loop {
        ticks.tick().await;
        let claimed = claim(alerts).await;
        if let Err(error) = &claimed
            && !is_away
        {
            tracing::warn!(%error, "users are told of alerts once the database answers");
        }
        is_away = claimed.is_err();
    }
}

/// Whether this server is the one that tells users; goes on from where another was if that is new.
///
/// # Errors
///
/// If the database fails: nobody knows, and nobody is to be told.
pub(super) async fn claim(alerts: &Alerts) -> Result<bool, StoreError> {
    let speaker = &alerts.0.speaker;
    let Some(store) = alerts.0.store.as_ref().filter(|_| speaker.has_others()) else {
        return Ok(true);
    };
    let _asking = speaker.asking.lock().await;
    let host = alerts.board().host().to_owned();
    // From before it is asked: the database begins to count later.
    let runs_out = Instant::now() + TIME;
    let speaks = store.speak_for(&host, speaker.name(), TIME).await?;
    let spoke = alerts.board().speaks();
    match speaks {
        Speaks::Still if spoke => {}
        Speaks::Still | Speaks::Anew => {
            alerts.board().fall_silent();
            let rows = found(alerts, &host).await?;
            alerts.board().take_over(rows);
            tracing::info!(host, "this server tells users of alerts from now on");
            alerts.0.wake.notify_one();
        }
        Speaks::No => {
            silence(alerts);
            return Ok(false);
        }
    }
    speaker.set(Some(runs_out));
    Ok(true)
}

/// Takes note that another server tells users.
pub(super) fn silence(alerts: &Alerts) {
    alerts.0.speaker.set(None);
    let mut board = alerts.board();
    if board.speaks() {
        let host = board.host();
        tracing::info!(host, "another server of this machine tells users of alerts");
        board.fall_silent();
    }
}

/// Lets another server go on at once.
pub(super) async fn leave(alerts: &Alerts) {
    let speaker = &alerts.0.speaker;
    let (host, speaks) = {
        let board = alerts.board();
        (board.host().to_owned(), board.speaks())
    };
    let Some(store) = alerts.0.store.as_ref().filter(|_| speaker.has_others() && speaks) else {
        return;
    };
    silence(alerts);
    if let Err(error) = store.fall_silent(&host, speaker.name()).await {
        tracing::debug!(%error, "another server tells users of alerts once the time of this one is over");
    }
}

/// How everything stands by now: the rules first, for what stands by a rule that is not known is forgotten.
async fn found(alerts: &Alerts, host: &str) -> Result<Vec<AlertStateRow>, StoreError> {
    alerts.reload().await?;
    match &alerts.0.store {
        Some(store) => store.alert_states(host).await,
        None => Ok(Vec::new()),
    }
}
