//! Main memory and swap.

use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Card, Line, Scale, Symbol, big, stat, warning_bar};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{bytes, percent, share};
use crate::state::metrics::Family;
use crate::text::{fill, text};
use crate::view::html;

const SERIES: &[Series] = &[Series::Memory];
const LINES: &[Line] = &[Line { label: |text| text.panels.memory, color: "--memory" }];

/// Memory in use, what is left, swap, the last minutes.
#[component]
pub(super) fn MemoryPanel() -> Html {
    let words = &text().panels;
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let memory = metrics.current().and_then(|sample| sample.snapshot.memory.as_ref());
    let used = memory.map_or(0.0, |memory| share(memory.used, memory.total));
    let note = memory.map(|memory| fill(words.of, &[&bytes(memory.total).to_string()]));
    let swap = memory.map(|memory| match memory.swap_total {
        0 => words.none.to_owned(),
        total => {
            fill(words.part_of, &[&bytes(memory.swap_used).to_string(), &bytes(total).to_string()])
        }
    });
    html! {
        <Card panel="memory" title={words.memory} symbol={Symbol::Memory} {freshness}>
            <div class="lead">
                { big(memory.map(|memory| bytes(memory.used)), "memory-used", note) }
                <dl class="stats">
                    { stat(words.in_use, memory.map(|_| percent(used).to_string())) }
                    { stat(words.available, memory.map(|memory| bytes(memory.available).to_string())) }
                    { stat(words.swap, swap) }
                </dl>
            </div>
            <LiveChart id="chart-memory" label={words.memory_use} series={SERIES}
                lines={LINES} scale={Scale::Percent} />
            <div class="foot">
                { warning_bar(used, fill(words.memory_in_use, &[&percent(used).to_string()])) }
            </div>
        </Card>
    }
}
