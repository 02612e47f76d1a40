//! Temperature sensors.

use tidings_protocol::metrics::Temperature;
use yew::prelude::*;

use crate::components::{Card, Symbol, empty, skeleton, warning_bar};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::format::one_decimal;
use crate::state::metrics::Family;
use crate::text::{fill, text};
use crate::view::html;

/// Where the hardware names no limit, bars end here, in degrees Celsius.
const USUAL_LIMIT: f32 = 100.0;

/// Each sensor against its own limit.
#[component]
pub(super) fn TemperaturesPanel() -> Html {
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let sensors = metrics.current().map(|sample| &sample.snapshot.temperatures);
    html! {
        <Card panel="temperatures" title={text().panels.temperatures} symbol={Symbol::Thermometer} {freshness}>
            { match sensors {
                None => skeleton(3),
                Some(sensors) if sensors.is_empty() => empty(text().panels.no_sensors),
                Some(sensors) => html! {
                    <ul class="rows">{ for sensors.iter().enumerate().map(row) }</ul>
                },
            } }
        </Card>
    }
}

fn row((index, sensor): (usize, &Temperature)) -> Html {
    let limit = sensor.critical.filter(|limit| *limit > 0.0).unwrap_or(USUAL_LIMIT);
    let value = format!("{} °C", one_decimal(f64::from(sensor.celsius)));
    let critical = sensor
        .critical
        .map(|limit| fill(text().panels.critical, &[&one_decimal(f64::from(limit))]));
    html! {
        // Two sensors may share a label.
        <li class="row" key={index}>
            <div class="row-line" title={critical}>
                <span class="row-name">{ &sensor.label }</span>
                <span class="row-note">{ &value }</span>
            </div>
            { warning_bar(sensor.celsius / limit * 100.0, format!("{}: {value}", sensor.label)) }
        </li>
    }
}
