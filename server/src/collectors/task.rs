//! The task that samples this machine and publishes what it finds.

use std::time::Duration;

use tidings_protocol::event::EventType;
use tidings_protocol::topic::Topic;
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{CollectorsConfig, Moment, Sampler};
use crate::hub::Hub;

/// Time from start to the first sample: enough for a first difference in CPU time.
const FIRST_SAMPLE_AFTER: Duration = Duration::from_millis(250);

/// Starts sampling into `topic`; ends with `shutdown`.
pub(crate) fn start(
    tasks: &TaskTracker,
    hub: Hub,
    topic: Topic,
    config: CollectorsConfig,
    shutdown: CancellationToken,
) {
    tasks.spawn(async move {
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = run(hub, topic, config) => {}
        }
    });
}

async fn run(hub: Hub, topic: Topic, config: CollectorsConfig) {
    let mut sampler = Sampler::new(&config);
    let mut ticks = tokio::time::interval_at(Instant::now() + FIRST_SAMPLE_AFTER, config.interval);
    // After sleep or a stall one sample says all there is to say.
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        // Reading from the kernel blocks, if briefly.
        let sampled = tokio::task::spawn_blocking(move || {
            let snapshot = sampler.sample(Moment::now());
            (sampler, serde_json::to_vec(&snapshot))
        });
        let (returned, json) = match sampled.await {
            Ok(sampled) => sampled,
            Err(error) => {
                tracing::error!(%error, "a collector failed; starting the collectors anew");
                sampler = Sampler::new(&config);
                continue;
            }
        };
        sampler = returned;
        let published = json.map(|json| hub.publish(&topic, EventType::update(), json.into()));
        match published {
            Ok(Ok(id)) => tracing::trace!(%id, "published a sample"),
            Ok(Err(error)) => tracing::warn!(%error, "a sample was not published"),
            Err(error) => tracing::error!(%error, "a sample cannot be written as JSON"),
        }
    }
}
