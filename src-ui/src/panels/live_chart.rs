//! A chart of the current machine: as much of its past as was chosen, and what comes.

use std::any::Any;
use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;

use crate::components::{Chart, ChartData, ChartSource, Line, Mark, Scale, Wake, Zoom};
use crate::hooks::{Charts, use_actions, use_at_each_tick, use_charts, use_scheme};
use crate::state::chart::{Curve, Series};
use crate::text::{fill, text};
use crate::view::html;

/// Properties of [`LiveChart`].
#[derive(Properties, PartialEq)]
pub(super) struct LiveChartProps {
    /// Names it on the page.
    pub(super) id: &'static str,
    /// What it shows, in words.
    pub(super) label: &'static str,
    /// One series a line.
    pub(super) series: &'static [Series],
    /// Names and colours of the lines.
    pub(super) lines: &'static [Line],
    /// What its vertical axis measures.
    pub(super) scale: Scale,
}

/// A chart of the current machine. It renders when another past is shown and once a minute, for the summary in words; new points
/// reach the drawing by themselves.
#[component]
pub(super) fn LiveChart(props: &LiveChartProps) -> Html {
    let charts = use_actions().charts().clone();
    let state = use_charts();
    let scheme = use_scheme();
    use_at_each_tick((), |(), now: Duration| now.as_secs() / 60);
    let label = fill(text().panels.chart_of, &[props.label, state.span.words()]);
    let summary = charts.with(|board| in_words(board.shown(), props));
    let source = use_memo(charts, |charts| source(charts.clone(), props.series));
    html! {
        <Chart id={props.id} {label} {summary} trouble={state.trouble.map(|error| AttrValue::from(error.explain()))} lines={props.lines} scale={props.scale}
            source={(*source).clone()} is_banded={state.span.is_by_minutes()} {scheme} />
    }
}

/// What the chart shows, for those who do not see it.
fn in_words(curve: &Curve, props: &LiveChartProps) -> String {
    let mut words = String::new();
    for (series, line) in props.series.iter().zip(props.lines) {
        let Some(summary) = curve.summary(*series) else { continue };
        let [newest, least, most, mean] =
            [summary.newest, summary.least, summary.most, summary.mean]
                .map(|value| props.scale.show(value));
        let figures: [&str; 5] = [(line.label)(text()), &newest, &least, &most, &mean];
        words.push_str(&fill(text().panels.line_summary, &figures));
        words.push(' ');
    }
    words
}

fn source(charts: Charts, series: &'static [Series]) -> ChartSource {
    let (marked, read, zoomed) = (charts.clone(), charts.clone(), charts.clone());
    ChartSource {
        mark: Rc::new(move || {
            marked.with(|board| {
                let newest = board.shown().newest() as f64 / 1_000.0;
                Some(Mark { revision: board.revision(), newest, window: board.window()? })
            })
        }),
        read: Rc::new(move || {
            read.with(|board| ChartData {
                times: board.shown().times().collect(),
                columns: series.iter().map(|of| board.shown().figures(*of).collect()).collect(),
            })
        }),
        subscribe: Rc::new(move |wake: Wake| -> Box<dyn Any> { charts.on_change(wake) }),
        zoom: Rc::new(move |zoom| {
            zoomed.change(|board| match zoom {
                Zoom::To(from, to) => board.zoom(Some((from, to))),
                Zoom::About(at, factor) => board.zoom_about(at, factor),
                Zoom::All => board.zoom(None),
            });
        }),
    }
}
