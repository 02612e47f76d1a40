//! Freshness as it changes with time.

use std::cell::Cell;
use std::time::Duration;

use yew::prelude::*;

use crate::state::connection::{Badge, Connection};
use crate::state::freshness::{Awake, Freshness, List, Reading, of_list, of_panel};
use crate::state::metrics::Family;

use super::clock::use_at_each_tick;
use super::store::{Shared, use_connection, use_live_metrics, use_paused};

thread_local! {
    static AWAKE: Cell<Awake> = Cell::default();
}

type Looked = (Shared<Connection>, Option<Reading>);

/// State of a panel that shows one family of the current machine's metrics.
#[hook]
pub fn use_freshness(family: Family) -> Freshness {
    let metrics = use_live_metrics();
    let sample = metrics.current();
    let own = sample.and_then(|sample| sample.reading(family));
    // A machine that tells nothing of the family is as fresh as what it tells.
    let reading = own.or_else(|| sample.and_then(|sample| sample.reading(Family::Fast)));
    let fresh = use_freshness_of(reading);
    if own.is_none() && fresh == Freshness::Live { Freshness::Waiting } else { fresh }
}

/// State of a list that the page asks for, and that events keep true.
#[hook]
pub fn use_list_freshness(list: List) -> Freshness {
    let metrics = use_live_metrics();
    let stream = use_freshness_of(metrics.newest());
    of_list(stream, list)
}

/// State of a panel of what comes when it comes, and `has_come`: it is as fresh as the stream.
#[hook]
pub fn use_stream_freshness(has_come: bool) -> Freshness {
    use_list_freshness(if has_come { List::Here } else { List::Waiting })
}

/// State of a panel that shows this.
#[hook]
pub fn use_freshness_of(reading: Option<Reading>) -> Freshness {
    let connection = use_connection();
    let paused = use_paused().is_on();
    let fresh = use_at_each_tick((connection, reading), |(connection, reading): &Looked, now| {
        let held = connection.held_for(now).min(awake(now));
        of_panel(connection.panel_state(), held, *reading, now)
    });
    if paused && fresh == Freshness::Live { Freshness::Paused } else { fresh }
}

/// The header's one word for feed and metrics together.
#[hook]
pub fn use_badge() -> Badge {
    let connection = use_connection();
    let metrics = use_live_metrics();
    let reading = metrics.current().and_then(|sample| sample.reading(Family::Fast));
    use_at_each_tick((connection, reading), |(connection, reading): &Looked, now| {
        connection.badge(*reading, awake(now), now)
    })
}

/// For how long the page has gone on without a break.
fn awake(now: Duration) -> Duration {
    let mut awake = AWAKE.get();
    let time = awake.look(now);
    AWAKE.set(awake);
    time
}
