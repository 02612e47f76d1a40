//! A chart of the current machine's last minutes.

use std::any::Any;
use std::rc::Rc;

use yew::prelude::*;

use crate::components::{Chart, ChartData, ChartSource, Line, Scale, Wake};
use crate::hooks::{Charts, use_actions, use_metrics, use_scheme};
use crate::state::chart::{Ring, Series};

/// Properties of [`LiveChart`].
#[derive(Properties, PartialEq)]
pub(super) struct LiveChartProps {
    /// What it shows, in words.
    pub(super) label: &'static str,
    /// One series a line.
    pub(super) series: &'static [Series],
    /// Names and colours of the lines.
    pub(super) lines: &'static [Line],
    /// What its vertical axis measures.
    pub(super) scale: Scale,
}

/// A chart of the current machine's last minutes.
#[component]
pub(super) fn LiveChart(props: &LiveChartProps) -> Html {
    let charts = use_actions().charts().clone();
    let metrics = use_metrics();
    let scheme = use_scheme();
    let host = metrics.current().map(|sample| sample.host.clone());
    let label = charts.with(|rings| match host.as_deref().and_then(|host| rings.of(host)) {
        Some(ring) => props.label.to_owned() + &in_words(ring, props),
        None => props.label.to_owned(),
    });
    let source = use_memo((charts, host), |(charts, host)| {
        source(charts.clone(), host.clone(), props.series)
    });
    html! {
        <Chart {label} lines={props.lines} scale={props.scale}
            source={(*source).clone()} {scheme} />
    }
}

/// What the chart shows, for those who do not see it.
fn in_words(ring: &Ring, props: &LiveChartProps) -> String {
    let mut words = String::new();
    for (series, line) in props.series.iter().zip(props.lines) {
        let Some(summary) = ring.summary(*series) else { continue };
        let [lowest, highest, newest] =
            [summary.lowest, summary.highest, summary.newest].map(|value| props.scale.show(value));
        words.push_str("; ");
        words.push_str(line.label);
        words.push_str(&format!(" {newest}, between {lowest} and {highest}"));
    }
    words
}

fn source(charts: Charts, host: Option<Rc<str>>, series: &'static [Series]) -> ChartSource {
    let all = charts.clone();
    let read = move || {
        all.with(|rings| {
            let ring = rings.of(host.as_deref()?)?;
            Some(ChartData {
                times: ring.times().collect(),
                columns: series.iter().map(|series| ring.values(*series).collect()).collect(),
                window: ring.window()?,
            })
        })
    };
    let subscribe = move |wake: Wake| -> Box<dyn Any> { charts.on_change(wake) };
    ChartSource { read: Rc::new(read), subscribe: Rc::new(subscribe) }
}
