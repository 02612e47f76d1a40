//! Main memory and swap.

use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Card, Line, Scale, Symbol, big, stat, warning_bar};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{bytes, percent, share};
use crate::state::metrics::Family;

const SERIES: &[Series] = &[Series::Memory];
const LINES: &[Line] = &[Line { label: "Memory", color: "--memory" }];

/// Memory in use, what is left, swap, the last minutes.
#[component]
pub(super) fn MemoryPanel() -> Html {
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let memory = metrics.current().and_then(|sample| sample.snapshot.memory.as_ref());
    let used = memory.map_or(0.0, |memory| share(memory.used, memory.total));
    let note = memory.map(|memory| format!("of {}", bytes(memory.total)));
    let swap = memory.map(|memory| match memory.swap_total {
        0 => "none".to_owned(),
        total => format!("{} of {}", bytes(memory.swap_used), bytes(total)),
    });
    html! {
        <Card panel="memory" title="Memory" symbol={Symbol::Memory} {freshness}>
            <div class="lead">
                { big(memory.map(|memory| bytes(memory.used)), "memory-used", note) }
                <dl class="stats">
                    { stat("In use", memory.map(|_| percent(used).to_string())) }
                    { stat("Available", memory.map(|memory| bytes(memory.available).to_string())) }
                    { stat("Swap", swap) }
                </dl>
            </div>
            <LiveChart id="chart-memory" label="Memory use" series={SERIES}
                lines={LINES} scale={Scale::Percent} />
            <div class="foot">
                { warning_bar(used, format!("Memory in use: {}", percent(used))) }
            </div>
        </Card>
    }
}
