//! What is said while the server is degraded.

use std::time::Duration;

use tidings_feed::State;
use yew::prelude::*;

use crate::components::{clock_time, full_time, wall_now};
use crate::feed::now;
use crate::hooks::{Shared, use_connection};
use crate::state::connection::{Connection, explain_outage};

/// From here on a time of the day could be another day's.
const A_DAY_AGO: Duration = Duration::from_secs(12 * 3_600);

/// Since when the server is degraded and what that means; nothing while it is not. The time stays the same as long as the outage
/// lasts.
#[hook]
pub(super) fn use_outage() -> Option<String> {
    let connection = use_connection();
    let since = *use_memo(connection, since);
    since.map(|since| {
        let is_recent = wall_now() - since < A_DAY_AGO.as_millis() as f64;
        explain_outage(&if is_recent { clock_time(since) } else { full_time(since) })
    })
}

fn since(connection: &Shared<Connection>) -> Option<f64> {
    let is_degraded = connection.status.state == State::Degraded;
    is_degraded.then(|| wall_now() - connection.held_for(now()).as_millis() as f64)
}
