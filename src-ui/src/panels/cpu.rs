//! Processors.

use yew::prelude::*;

use super::live_chart::LiveChart;
use crate::components::{Big, Card, Column, Line, Scale, Stat, Symbol};
use crate::hooks::{use_freshness, use_metrics};
use crate::state::chart::Series;
use crate::state::format::{one_decimal, percent, two_decimals};
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
    let load = |index: usize| load.map(|load| AttrValue::from(two_decimals(load[index])));
    let cores = cpu.map_or(0, |cpu| cpu.cores.len());
    html! {
        <Card panel="cpu" title="CPU" symbol={Symbol::Cpu} {freshness}>
            <div class="lead">
                <Big quantity={cpu.map(|cpu| percent(cpu.total))} testid="cpu-total">
                    if cores > 0 {
                        { format!("of {cores} core{}", if cores == 1 { "" } else { "s" }) }
                    }
                </Big>
                <dl class="stats">
                    <Stat label="Load 1 min" value={load(0)} />
                    <Stat label="5 min" value={load(1)} />
                    <Stat label="15 min" value={load(2)} />
                </dl>
            </div>
            <LiveChart label="CPU use over the last minutes" series={SERIES} lines={LINES}
                scale={Scale::Percent} />
            <div class="cores" role="group" aria-label="Use of each core">
                if let Some(cpu) = cpu {
                    { for cpu.cores.iter().enumerate().map(|(core, share)| {
                        let label = format!("Core {core}: {} %", one_decimal(f64::from(*share)));
                        html! { <Column key={core} share={*share} {label} /> }
                    }) }
                }
            </div>
        </Card>
    }
}
