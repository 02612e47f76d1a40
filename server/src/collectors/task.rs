//! The task that samples this machine and publishes what it finds.

use std::sync::Arc;
use std::time::Duration;

use tidings_protocol::event::EventType;
use tidings_protocol::metrics::Snapshot;
use tidings_protocol::topic::Topic;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{CollectorsConfig, Moment, Sampler};
use crate::history::History;
use crate::hub::Hub;

/// Time from the first readings to the first sample: enough for a difference in CPU time.
const FIRST_SAMPLE_AFTER: Duration = Duration::from_millis(250);

/// Time until the collectors start anew after one of them failed.
const RESTART_AFTER: Duration = Duration::from_secs(10);

/// The newest sample, for who looks at them without the hub.
pub(crate) type Newest = watch::Sender<Option<Arc<Snapshot>>>;

/// Starts sampling into `topic`, `newest` and `history`; ends with `shutdown`.
pub(crate) fn start(
    tasks: &TaskTracker,
    hub: Hub,
    topic: Topic,
    newest: Newest,
    history: History,
    config: CollectorsConfig,
    shutdown: CancellationToken,
) {
    tasks.spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = run(hub, topic, newest, history, config) => {}
        }
    });
}

async fn run(hub: Hub, topic: Topic, newest: Newest, history: History, config: CollectorsConfig) {
    let mut sampler = None;
    let mut ticks = tokio::time::interval_at(Instant::now(), config.interval);
    // After sleep or a stall one sample says all there is to say.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let is_new = sampler.is_none();
        let (settings, history) = (config.clone(), history.clone());
        // Reading from the kernel blocks, if briefly.
        let sampled = tokio::task::spawn_blocking(move || {
            let mut sampler = sampler.unwrap_or_else(|| Sampler::new(&settings));
            let sample = (!is_new).then(|| {
                let at = Moment::now();
                let sample = sampler.sample(at);
                history.record(at.wall_ms, &sample);
                let json = serde_json::to_vec(&sample);
                (sample, json)
            });
            (sampler, sample)
        });
        let sample = match sampled.await {
            Ok((returned, sample)) => {
                sampler = Some(returned);
                sample
            }
            Err(error) => {
                tracing::error!(%error, "a collector failed; the collectors start anew");
                sampler = None;
                ticks.reset_after(RESTART_AFTER);
                continue;
            }
        };
        let json = sample.map(|(sample, json)| {
            // First, since the hub may keep others waiting.
            newest.send_replace(Some(Arc::new(sample)));
            json
        });
        match json {
            // Its first readings are there; soon there is something to compare them with.
            None => ticks.reset_after(FIRST_SAMPLE_AFTER),
            Some(Ok(json)) => match hub.publish(&topic, EventType::update(), json.into()).await {
                Ok(id) => tracing::trace!(%id, "published a sample"),
                Err(error) => tracing::warn!(%error, "a sample was not published"),
            },
            Some(Err(error)) => tracing::error!(%error, "a sample cannot be written as JSON"),
        }
    }
}
