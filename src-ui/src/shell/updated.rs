//! When the newest sample came, and how long ago that is.

use tidings_feed::State;
use yew::prelude::*;

use crate::components::{clock_time, full_time, wall_now};
use crate::hooks::{use_at_each_tick, use_connection, use_metrics};
use crate::state::format;
use crate::state::freshness::Reading;
use crate::state::metrics::Family;
use crate::text::text;
use crate::view::html;

/// The only part of the header that changes with every second.
#[component]
pub fn Updated() -> Html {
    let metrics = use_metrics();
    let reading = metrics.current().and_then(|sample| sample.reading(Family::Fast));
    let age = use_at_each_tick(reading, |reading, now| {
        reading.as_ref().map(|reading: &Reading| format::age(reading.age(now)))
    });
    let connection = use_connection();
    let waits = matches!(connection.status.state, State::Connecting | State::Live);
    let arrived = use_memo(reading, |reading| {
        reading.map(|reading| wall_now() - reading.age_on_arrival.as_millis() as f64)
    });
    let shell = &text().shell;
    html! {
        <p class="updated" data-testid="updated">
            if let (Some(arrived), Some(age)) = (*arrived, age) {
                <span><span class="updated-word">{ shell.updated }{ " " }</span><time title={full_time(arrived)}>{ clock_time(arrived) }</time></span>
                <span class="updated-age">{ age }</span>
            } else {
                <span>{ if waits { shell.first_sample } else { shell.no_sample } }</span>
            }
        </p>
    }
}
