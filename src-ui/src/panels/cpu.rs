//! Processors.

use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Card, Line, Scale, Symbol, big, column, stat};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{percent, two_decimals};
use crate::state::metrics::Family;

const SERIES: &[Series] = &[Series::Cpu];
const LINES: &[Line] = &[Line { label: "CPU", color: "--cpu" }];

/// Total and per-core use, load averages, the last minutes.
#[component]
pub(super) fn CpuPanel() -> Html {
    let metrics = use_metrics();
    let freshness = use_freshness(Family::Fast);
    let sample = metrics.current();
    let cpu = sample.and_then(|sample| sample.snapshot.cpu.as_ref());
    let load = cpu.and_then(|cpu| cpu.load);
    let load = |index: usize| load.map(|load| two_decimals(load[index]));
    let note = cpu.map(|cpu| match cpu.cores.len() {
        1 => "of 1 core".to_owned(),
        cores => format!("of {cores} cores"),
    });
    html! {
        <Card panel="cpu" title="CPU" symbol={Symbol::Cpu} {freshness}>
            <div class="lead">
                { big(cpu.map(|cpu| percent(cpu.total)), "cpu-total", note) }
                <dl class="stats">
                    { stat("Load 1 min", load(0)) }
                    { stat("5 min", load(1)) }
                    { stat("15 min", load(2)) }
                </dl>
            </div>
            <LiveChart id="chart-cpu" label="CPU use" series={SERIES} lines={LINES}
                scale={Scale::Percent} />
            <div class="cores" role="group" aria-label="Use of each core">
                if let Some(cpu) = cpu {
                    { for cpu.cores.iter().enumerate().map(|(core, share)| {
                        let label = format!("Core {core}: {}", percent(*share));
                        html! { <div class="core" key={core}>{ column(*share, label) }</div> }
                    }) }
                }
            </div>
        </Card>
    }
}
