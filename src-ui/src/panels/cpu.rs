//! Processors.

use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Card, Line, Scale, Symbol, big, column, stat};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{percent, two_decimals};
use crate::state::metrics::Family;
use crate::text::{counted, fill, text};
use crate::view::html;

const SERIES: &[Series] = &[Series::Cpu];
const LINES: &[Line] = &[Line { label: |text| text.panels.cpu, color: "--cpu" }];

/// Total and per-core use, load averages, the last minutes.
#[component]
pub(super) fn CpuPanel() -> Html {
    let words = &text().panels;
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let sample = metrics.current();
    let cpu = sample.and_then(|sample| sample.snapshot.cpu.as_ref());
    let load = cpu.and_then(|cpu| cpu.load);
    let load = |index: usize| load.map(|load| two_decimals(load[index]));
    let note = cpu.map(|cpu| {
        let cores = cpu.cores.len();
        counted(words.of_cores, cores as u64, &[&cores.to_string()])
    });
    html! {
        <Card panel="cpu" title={words.cpu} symbol={Symbol::Cpu} {freshness}>
            <div class="lead">
                { big(cpu.map(|cpu| percent(cpu.total)), "cpu-total", note) }
                <dl class="stats">
                    { stat(words.load_minute, load(0)) }
                    { stat(words.load_five, load(1)) }
                    { stat(words.load_fifteen, load(2)) }
                </dl>
            </div>
            <LiveChart id="chart-cpu" label={words.cpu_use} series={SERIES} lines={LINES}
                scale={Scale::Percent} />
            <div class="cores" role="group" aria-label={words.each_core}>
                if let Some(cpu) = cpu {
                    { for cpu.cores.iter().enumerate().map(|(core, share)| {
                        let label = fill(words.core, &[&core.to_string(), &percent(*share).to_string()]);
                        html! { <div class="core" key={core}>{ column(*share, label) }</div> }
                    }) }
                }
            </div>
        </Card>
    }
}
