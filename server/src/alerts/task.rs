//! The task that judges each sample, tells users and keeps what must outlive a restart.

use std::sync::Arc;
use std::time::Duration;

use jiff::Zoned;
use tidings_protocol::metrics::Snapshot;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::Alerts;
use super::board::Unsaved;
use super::due::Notice;
use super::speaker;
use crate::notifications::NotifyError;

/// How often the time is looked at where there are no samples: quiet hours end, figures are missing.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Time between two rounds of notifications, which is also the time until what could not be sent or kept is tried again. With the
/// size of a round it bounds what a machine that has gone wild does to inboxes and their database.
const ROUND_EVERY: Duration = Duration::from_secs(10);

/// How often the rules are read of a database that other servers may change.
const RELOAD_EVERY: Duration = Duration::from_secs(5);

/// The newest sample of this machine, once there is one.
pub(crate) type Samples = watch::Receiver<Option<Arc<Snapshot>>>;

/// Judges `samples` until `stop`, and keeps what is not kept by then. What is judged waits for nobody: a database that hangs
/// holds up what is sent, and no more.
pub(super) async fn run(alerts: Alerts, samples: Samples, stop: CancellationToken) {
    let judging = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = judge(&alerts, samples) => {}
        }
    };
    let following = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = follow(&alerts) => {}
        }
    };
    let speaking = async {
        tokio::select! {
            () = stop.cancelled() => {}
            () = speaker::follow(&alerts) => {}
        }
    };
    tokio::join!(judging, following, speaking, tell(&alerts, &stop));
    let unsaved = alerts.board().unsaved();
    keep(&alerts, unsaved).await;
    speaker::leave(&alerts).await;
}

/// Takes over what other servers of the same database change.
async fn follow(alerts: &Alerts) {
    if !alerts.0.store.as_ref().is_some_and(|store| store.is_shared()) {
        return;
    }
    let mut ticks = tokio::time::interval(RELOAD_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_away = false;
    loop {
        ticks.tick().await;
        let reloaded = alerts.reload().await;
        if let Err(error) = &reloaded
            && !is_away
        {
            tracing::warn!(%error, "the rules of alerts stay as they are until the database answers");
        }
        is_away = reloaded.is_err();
    }
}

async fn judge(alerts: &Alerts, mut samples: Samples) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut has_samples = true;
    loop {
        let sample = tokio::select! {
            changed = samples.changed(), if has_samples => {
                has_samples = changed.is_ok();
                samples.borrow_and_update().clone()
            }
            _ = ticks.tick() => None,
        };
        let now = alerts.now();
        let mut board = alerts.board();
        board.judge(sample.as_deref(), now, minute_of_day());
        let has_work = board.has_work();
        drop(board);
        if has_work {
            alerts.0.wake.notify_one();
        }
    }
}

async fn tell(alerts: &Alerts, stop: &CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = alerts.0.wake.notified() => {}
        }
        // What was begun is done to its end: users who were told are not told again by the next server.
        while !settle(alerts, stop).await {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(ROUND_EVERY) => {}
            }
        }
    }
}

/// Tells users a part of what is due and keeps what changed; false if there is to be another round.
async fn settle(alerts: &Alerts, stop: &CancellationToken) -> bool {
    if !alerts.board().has_work() {
        return true;
    }
    // Each time: another server may have taken this one's place while it stood still.
    match speaker::claim(alerts).await {
        Ok(true) => {}
        Ok(false) => return true,
        Err(error) => {
            tracing::debug!(%error, "users are told of alerts later");
            return false;
        }
    }
    let (due, unsaved) = {
        let mut board = alerts.board();
        (board.due(), board.unsaved())
    };
    // Before anybody hears of it: should this server crash, the next one says the very same, which is no news.
    keep(alerts, unsaved).await;
    let is_settled = due.is_empty();
    for notice in due {
        if stop.is_cancelled() || !alerts.is_speaking() || !send(alerts, &notice).await {
            break;
        }
        alerts.board().told(&notice);
    }
    // What users were told is kept behind it: they are rather told again than never.
    let unsaved = alerts.board().unsaved();
    keep(alerts, unsaved).await && is_settled
}

/// False if it has to be tried again.
async fn send(alerts: &Alerts, notice: &Notice) -> bool {
    let rule = notice.spec.as_ref().map(|spec| &spec.name);
    match alerts.0.outlet.tell(notice.whom(), &notice.notification).await {
        Ok(()) => true,
        // There will be no inboxes later, either.
        Err(error @ (NotifyError::NoStore | NotifyError::Invalid(_))) => {
            tracing::warn!(%error, rule, "nobody is told of an alert");
            true
        }
        Err(error) => {
            tracing::warn!(%error, rule, "users are told of an alert later");
            false
        }
    }
}

/// Keeps what must outlive a restart; false if it has to be tried again.
async fn keep(alerts: &Alerts, unsaved: Unsaved) -> bool {
    let Some(store) = alerts.0.store.as_ref().filter(|_| !unsaved.is_empty()) else { return true };
    let (host, speaker) = (alerts.board().host().to_owned(), alerts.0.speaker.name());
    match store.keep_alert_states(&host, speaker, &unsaved.kept, &unsaved.gone).await {
        Ok(true) => {
            alerts.board().saved(unsaved);
            true
        }
        Ok(false) => {
            speaker::silence(alerts);
            true
        }
        Err(error) => {
            tracing::warn!(%error, "how alerts stand could not be kept");
            false
        }
    }
}

/// By the clock on the wall of this machine.
fn minute_of_day() -> u16 {
    let now = Zoned::now();
    u16::from(now.hour().unsigned_abs()) * 60 + u16::from(now.minute().unsigned_abs())
}
