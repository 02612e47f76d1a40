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

/// Since when the server is degraded and what that means; nothing while it is not. It stays the same as long as the outage
/// lasts.
#[hook]
pub(super) fn use_outage() -> Option<String> {
    let connection = use_connection();
    let sentence = use_memo(connection, sentence);
    (*sentence).clone()
}

fn sentence(connection: &Shared<Connection>) -> Option<String> {
    if connection.status.state != State::Degraded {
        return None;
    }
    let lasted = connection.held_for(now());
    let since = wall_now() - lasted.as_millis() as f64;
    let since = if lasted < A_DAY_AGO { clock_time(since) } else { full_time(since) };
    Some(explain_outage(&since))
}
