//! Freshness as it changes with time.

use std::time::Duration;

use yew::prelude::*;

use crate::state::connection::{Badge, Connection};
use crate::state::freshness::{Freshness, Reading, of_panel};
use crate::state::metrics::Family;

use super::clock::use_at_each_tick;
use super::store::{Shared, use_connection, use_live_metrics, use_paused};

/// State of a panel that shows one family of the current machine's metrics.
#[hook]
pub fn use_freshness(family: Family) -> Freshness {
    let metrics = use_live_metrics();
    use_freshness_of(metrics.current().and_then(|sample| sample.reading(family)))
}

/// State of a panel that shows this.
#[hook]
pub fn use_freshness_of(reading: Option<Reading>) -> Freshness {
    let connection = use_connection();
    let paused = use_paused().is_on();
    let fresh = use_at_each_tick((connection, reading), at);
    if paused && fresh == Freshness::Live { Freshness::Paused } else { fresh }
}

fn at((connection, reading): &(Shared<Connection>, Option<Reading>), now: Duration) -> Freshness {
    of_panel(connection.panel_state(), connection.held_for(now), *reading, now)
}

/// The header's one word for feed and metrics together.
#[hook]
pub fn use_badge() -> Badge {
    let connection = use_connection();
    let metrics = use_live_metrics();
    let reading = metrics.current().and_then(|sample| sample.reading(Family::Fast));
    use_at_each_tick((connection, reading), |(connection, reading), now| {
        connection.badge(*reading, now)
    })
}
