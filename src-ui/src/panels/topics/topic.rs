//! One topic.

use std::rc::Rc;
use std::time::Duration;

use yew::prelude::*;

use super::Opened;
use super::chart::NumberChart;
use crate::components::{Button, JsonView, Look, Symbol, full_time, icon};
use crate::hooks::{Copy, use_at_each_tick, use_copy};
use crate::state::format::{age, grouped};
use crate::state::json::Json;
use crate::state::topics::{Series, Topic, rest};
use crate::text::{fill, text};
use crate::view::html;

/// Size of a small line, in the units of its picture.
const LINE: (f64, f64) = (200.0, 40.0);

/// Properties of [`TopicItem`].
#[derive(Properties)]
pub(super) struct TopicItemProps {
    pub(super) topic: Rc<Topic>,
    /// The path of its number that has a chart.
    pub(super) opened: Option<Rc<str>>,
    pub(super) on_open: Callback<Opened>,
}

impl PartialEq for TopicItemProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.topic, &other.topic)
            && self.opened == other.opened
            && self.on_open == other.on_open
    }
}

/// One topic: how old its newest event is, its numbers, and the rest.
#[component]
pub(super) fn TopicItem(props: &TopicItemProps) -> Html {
    let topic = &props.topic;
    let newest = &topic.newest;
    let words = &text().data;
    let folded = use_state_eq(|| false);
    let (copied, on_copy) = use_copy();
    let tree = use_memo(newest.key, |_| rest(Json::read(&newest.body), topic).map(Rc::new));
    let (copy_label, copy_symbol) = match copied {
        Some(Copy::Done) => (words.copied, Symbol::Check),
        Some(Copy::Failed) => (words.copy_failed, Symbol::Alert),
        None => (words.copy_json, Symbol::Copy),
    };
    let on_copy = {
        let newest = newest.clone();
        on_copy.reform(move |()| Json::read(&newest.body).pretty())
    };
    let on_fold = {
        let folded = folded.clone();
        Callback::from(move |_: MouseEvent| folded.set(!*folded))
    };
    html! {
        <li class="topic" data-testid="topic" data-topic={newest.topic.clone()}>
            <div class="topic-head">
                <button type="button" class="json-fold" onclick={on_fold} aria-label={newest.topic.clone()}
                    aria-expanded={if *folded { "false" } else { "true" }}>{ icon(Symbol::Chevron) }</button>
                <h3 class="topic-name" title={newest.topic.clone()}>{ &newest.topic }</h3>
                <span class="topic-about">
                    <Age topic={topic.clone()} />
                    if topic.count > 1 {
                        <span data-testid="topic-seen">{ format!("×{}", grouped(topic.count)) }</span>
                    }
                </span>
                <Button label={copy_label} look={Look::Bare} symbol={copy_symbol} testid="topic-copy" onclick={on_copy} />
            </div>
            if !*folded {
                if !topic.series.is_empty() {
                    <ul class="numbers" aria-label={words.numbers}>
                        { for topic.series.iter().map(|series| number(props, series)) }
                    </ul>
                }
                if topic.more > 0 {
                    <p class="topic-note" data-testid="topic-left-out">
                        { fill(words.more_numbers, &[&grouped(topic.more as u64)]) }
                    </p>
                }
                if topic.is_too_large() {
                    <p class="topic-note">{ words.too_large }</p>
                }
                if let Some(json) = &*tree {
                    <JsonView json={json.clone()} testid="topic-json" label={fill(words.newest_of, &[&newest.topic])} />
                }
            }
        </li>
    }
}

/// A number with its line; it opens into a chart.
fn number(props: &TopicItemProps, series: &Series) -> Html {
    let topic = &props.topic;
    let is_open = props.opened.as_ref() == Some(&series.path);
    let onclick = {
        let opened: Opened = (topic.name().into(), series.path.clone());
        props.on_open.reform(move |_: MouseEvent| opened.clone())
    };
    let name = if series.path.is_empty() { text().data.value } else { &*series.path };
    let (width, height) = LINE;
    html! {
        <li class="number-item" key={&*series.path} data-open={is_open.then_some("true")}>
            <button type="button" class="number-line" data-testid="topic-number" data-path={series.path.to_string()}
                data-old={(!topic.is_new(series)).then_some("true")} {onclick} title={fill(text().data.chart_of, &[name])}
                aria-expanded={if is_open { "true" } else { "false" }}>
                <span class="number-name">{ name }</span>
                <span class="number-value">{ if series.text.is_empty() { "–" } else { &series.text } }</span>
                <svg class="spark" viewBox={format!("-3 -3 {} {}", width + 6.0, height + 6.0)}
                    preserveAspectRatio="none" aria-hidden="true">
                    <path d={series.line(width, height)} />
                </svg>
            </button>
            if is_open {
                <NumberChart topic={AttrValue::from(topic.name().to_owned())} path={series.path.clone()} />
            }
        </li>
    }
}

#[derive(Properties)]
struct AgeProps {
    topic: Rc<Topic>,
}

impl PartialEq for AgeProps {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.topic, &other.topic)
    }
}

/// How long ago the newest event was published.
#[component]
fn Age(props: &AgeProps) -> Html {
    let words = use_at_each_tick(props.topic.clone(), |topic, now: Duration| age(topic.age(now)));
    let at = props.topic.newest.at.unwrap_or_default() as f64;
    html! { <time data-testid="topic-age" title={full_time(at)}>{ words }</time> }
}
