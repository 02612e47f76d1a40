//! Network interfaces.

use tidings_protocol::metrics::Interface;
use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Card, Line, Scale, Symbol, empty, line_stat, skeleton, swatch};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{bytes, rate, total};
use crate::state::metrics::Family;
use crate::text::{fill, text};
use crate::view::html;

const SERIES: &[Series] = &[Series::Received, Series::Sent];
const LINES: &[Line] = &[
    Line { label: |text| text.panels.received, color: "--inward" },
    Line { label: |text| text.panels.sent, color: "--outward" },
];

/// Rates of all interfaces together and of each, the last minutes.
#[component]
pub(super) fn NetworkPanel() -> Html {
    let words = &text().panels;
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let network = metrics.current().map(|sample| &sample.snapshot.network);
    let sum = |of: fn(&Interface) -> Option<f64>| {
        total(network?.iter().map(of)).map(|total| rate(total).to_string())
    };
    html! {
        <Card panel="network" title={words.network} symbol={Symbol::Network} {freshness}>
            <dl class="stats stats-lead">
                { line_stat(words.received, sum(|interface| interface.received), "inward") }
                { line_stat(words.sent, sum(|interface| interface.sent), "outward") }
            </dl>
            <LiveChart id="chart-network" label={words.traffic}
                series={SERIES} lines={LINES} scale={Scale::Rate} />
            { match network {
                None => skeleton(2),
                Some(network) if network.is_empty() => empty(words.no_network),
                Some(network) => html! { <ul class="rows">{ for network.iter().map(row) }</ul> },
            } }
        </Card>
    }
}

fn row(interface: &Interface) -> Html {
    let words = &text().panels;
    let totals =
        [interface.total_received, interface.total_sent].map(|count| bytes(count).to_string());
    let totals = fill(words.since_up, &[&totals[0], &totals[1]]);
    html! {
        <li class="row" key={interface.name.clone()}>
            <div class="row-line" title={totals}>
                <span class="row-name">{ &interface.name }</span>
                <span class="row-note rates">
                    <span class="rate">{ swatch("inward") }
                        <span class="unseen">{ words.received_word }{ " " }</span>{ show(interface.received) }
                    </span>
                    <span class="rate">{ swatch("outward") }
                        <span class="unseen">{ words.sent_word }{ " " }</span>{ show(interface.sent) }
                    </span>
                </span>
            </div>
        </li>
    }
}

fn show(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| rate(value).to_string())
}
