//! The chart of a number that somebody publishes.

use std::any::Any;
use std::cell::Cell;
use std::rc::Rc;

use yew::prelude::*;

use crate::components::{
    Button, Chart, ChartData, ChartSource, Line, Mark, Scale, Symbol, Wake, Zoom, number,
};
use crate::hooks::{Actions, Copy, use_actions, use_copy, use_scheme, use_topics};
use crate::state::chart::{Figure, Window, about, part};
use crate::state::topics::Series;
use crate::text::{fill, text};
use crate::view::html;

const LINES: &[Line] = &[Line { label: |text| text.data.line_value, color: "--cpu" }];

/// Properties of [`NumberChart`].
#[derive(Clone, Properties, PartialEq)]
pub(super) struct NumberChartProps {
    pub(super) topic: AttrValue,
    pub(super) path: Rc<str>,
}

/// All points of a number, with their values where somebody points, and for other programs.
#[component]
pub(super) fn NumberChart(props: &NumberChartProps) -> Html {
    let words = &text().data;
    let actions = use_actions();
    // For what is said of it; new points reach the drawing by themselves.
    use_topics();
    let scheme = use_scheme();
    let (copied, on_copy) = use_copy();
    let source = use_memo((actions.clone(), props.clone()), |(actions, props)| {
        source(actions.clone(), props.clone())
    });
    let summary = look(&actions, props, |series| {
        let summary = series.summary()?;
        let [newest, least, most, mean] =
            [summary.newest, summary.least, summary.most, summary.mean]
                .map(|value| Scale::Plain.show(value));
        Some(fill(text().data.summary, &[&newest, &least, &most, &mean]))
    });
    let (label, symbol) = match copied {
        Some(Copy::Done) => (words.copied, Symbol::Check),
        Some(Copy::Failed) => (words.copy_failed, Symbol::Alert),
        None => (words.copy_csv, Symbol::Copy),
    };
    let on_copy = {
        let props = props.clone();
        on_copy.reform(move |()| {
            look(&actions, &props, |series| Some(sheet(series))).unwrap_or_default()
        })
    };
    let summary = summary.unwrap_or_default();
    html! {
        <div class="number-chart">
            <Chart id="chart-topic" label={fill(words.number_of, &[&props.path, &props.topic])} summary={summary.clone()}
                lines={LINES} trouble={None::<AttrValue>} scale={Scale::Plain} source={(*source).clone()} is_banded={false} {scheme} />
            <div class="number-foot">
                <p aria-hidden="true">{ summary }</p>
                <Button {label} {symbol} testid="topic-sheet" onclick={on_copy} />
            </div>
        </div>
    }
}

/// Looks at the number as it is shown now; none if it is gone.
fn look<T>(
    actions: &Actions,
    props: &NumberChartProps,
    look: impl FnOnce(&Series) -> Option<T>,
) -> Option<T> {
    look(actions.topics().find(&props.topic)?.find(&props.path)?)
}

fn sheet(series: &Series) -> String {
    let mut sheet = "time_ms,value\n".to_owned();
    for (at, value) in series.points().filter(|(_, value)| !value.is_nan()) {
        sheet.push_str(&[at.to_string(), number(value)].join(","));
        sheet.push('\n');
    }
    sheet
}

/// A part that somebody wants to see, and a number that grows with each other one.
type Shown = Cell<(Option<Window>, u32)>;

fn source(actions: Actions, props: NumberChartProps) -> ChartSource {
    let shown = Rc::new(Shown::default());
    let window = |series: &Series, shown: &Shown| {
        let all = series.window()?;
        let (zoom, _) = shown.get();
        Some(zoom.and_then(|zoom| part(all, zoom)).unwrap_or(all))
    };
    let at = Rc::new((actions, props));
    let (marked, read, zoomed, heard) = (at.clone(), at.clone(), at.clone(), at);
    let of = shown.clone();
    ChartSource {
        mark: Rc::new(move || {
            look(&marked.0, &marked.1, |series| {
                let newest = series.window()?.1;
                let revision = of.get().1.wrapping_add(series.breaks());
                Some(Mark { revision, newest, window: window(series, &of)? })
            })
        }),
        read: Rc::new(move || {
            let points = look(&read.0, &read.1, |series| {
                Some(
                    series
                        .points()
                        .map(|(at, value)| (at as f64 / 1_000.0, Figure::of(value)))
                        .unzip(),
                )
            });
            let (times, column) = points.unwrap_or_default();
            ChartData { times, columns: vec![column] }
        }),
        subscribe: Rc::new(move |wake: Wake| -> Box<dyn Any> { heard.0.on_change(wake) }),
        zoom: Rc::new(move |zoom| {
            let next = look(&zoomed.0, &zoomed.1, |series| {
                let all = series.window()?;
                match zoom {
                    Zoom::To(from, to) => part(all, (from, to)),
                    Zoom::About(at, factor) => {
                        part(all, about(window(series, &shown)?, at, factor))
                    }
                    Zoom::All => None,
                }
            });
            shown.set((next, shown.get().1.wrapping_add(1)));
            zoomed.0.wake();
        }),
    }
}
