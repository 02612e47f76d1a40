//! One rule: how it stands in a line, and all there is to know of it below.

use std::rc::Rc;

use tidings_protocol::alert::{Alert, AlertSeries, AlertState};
use yew::prelude::*;

use crate::components::{Button, Look, Symbol, clock_time, full_time, icon, remark, wall_now};
use crate::state::alerts::{is_stored, words};
use crate::state::toasts::name;
use crate::text::{fill, text};
use crate::view::html;

/// Most figures of a rule that are listed.
const SHOWN: usize = 20;

/// Milliseconds of a day; what is older is told with its date.
const DAY: f64 = 86_400_000.0;

/// What somebody does with a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Shows more or less of it.
    Fold,
    /// Switches it on or off.
    Switch,
    /// Changes it.
    Edit,
    /// Makes another like it.
    Copy,
    /// Deletes it.
    Remove,
}

/// Properties of [`Row`].
#[derive(Properties, PartialEq)]
pub(super) struct RowProps {
    /// The rule.
    pub alert: Rc<Alert>,
    /// Whether whoever looks at it may change rules.
    pub may_change: bool,
    /// Whether a change of it is under way.
    pub busy: bool,
    /// Why the last change of it was refused.
    pub refused: Option<AttrValue>,
    /// Whether all of it is shown.
    pub open: bool,
    /// Called with what somebody does.
    pub on_act: Callback<(Act, Rc<Alert>)>,
}

/// Id of the button that unfolds the rule with this id.
pub(super) fn id_of(id: &str) -> String {
    format!("alert-{id}")
}

/// A rule.
#[component]
pub(super) fn Row(props: &RowProps) -> Html {
    let alert = &props.alert;
    let rule = &alert.rule;
    let act = |act: Act| {
        let alert = alert.clone();
        props.on_act.reform(move |()| (act, alert.clone()))
    };
    let (id, more) = (id_of(&alert.id), format!("alert-{}-more", alert.id));
    let stored = is_stored(alert);
    let texts = &text().alerts;
    html! {
        <li class="alert" data-testid="alert" data-id={alert.id.clone()} data-name={rule.name.clone()}
            data-state={words::state_name(alert.state)} aria-busy={props.busy.then_some("true")}>
            <div class="alert-line">
                <span class="alert-sign">{ icon(symbol(alert.state)) }</span>
                <div class="alert-words">
                    <button type="button" class="alert-name" {id} onclick={act(Act::Fold).reform(|_: MouseEvent| ())}
                        aria-expanded={if props.open { "true" } else { "false" }} aria-controls={more.clone()}>
                        <span>{ &rule.name }</span>{ "\u{a0}" }{ icon(Symbol::Chevron) }
                    </button>
                    <p class="alert-about">
                        <span class="alert-metric">{ &rule.metric }</span>
                        { format!(" {}", words::condition(rule, alert.unit)) }
                        <span class="alert-where">{ fill(texts.on, &[words::machine(rule)]) }</span>
                    </p>
                    if let (AlertState::Missing, Some(why)) = (alert.state, words::explain(alert)) {
                        <p class="alert-why" data-testid="alert-why">{ why }</p>
                    }
                </div>
                <div class="alert-now">
                    if let Some(value) = words::worst(alert).and_then(|worst| worst.value) {
                        <span class="alert-figure" data-testid="alert-figure">
                            if alert.state == AlertState::Missing { { texts.last }{ " " } }
                            { words::figure(value, alert.unit) }
                        </span>
                    }
                    if let Some(share) = words::share(alert) {
                        <span class="alert-share">{ share }</span>
                    }
                </div>
                <div class="alert-state">
                    <span class="alert-chip" data-testid="alert-state">{ words::state(alert.state) }</span>
                    if let Some(since) = words::since(alert) {
                        { time(since) }
                    }
                </div>
                <div class="alert-tags">
                    if !stored {
                        { tag(Symbol::Lock, texts.configuration, "alert-file", texts.configuration_why) }
                    }
                    if alert.quiet && alert.state != AlertState::Disabled {
                        { tag(Symbol::Moon, texts.quiet, "alert-quiet", texts.quiet_why) }
                    }
                    if props.may_change && stored {
                        <button type="button" class="switch" role="switch" data-testid="alert-switch"
                            aria-checked={if rule.enabled { "true" } else { "false" }} disabled={props.busy}
                            aria-label={fill(texts.judge, &[&rule.name])} onclick={act(Act::Switch).reform(|_: MouseEvent| ())}
                            title={if rule.enabled { texts.switch_off } else { texts.switch_on }} />
                    }
                </div>
            </div>
            if let Some(why) = &props.refused {
                { remark(Some("error"), Symbol::Alert, "alert-refused", fill(texts.not_changed, &[why]).into()) }
            }
            <div class="alert-more" id={more} hidden={!props.open}>
                if props.open {
                    { details(alert, props.may_change) }
                    if props.may_change {
                        <div class="alert-acts">
                            if stored {
                                <Button label={texts.edit} symbol={Some(Symbol::Pencil)} testid="alert-edit" onclick={act(Act::Edit)} />
                            }
                            <Button label={texts.duplicate} symbol={Some(Symbol::Copy)} testid="alert-copy" onclick={act(Act::Copy)} />
                            if stored {
                                <Button label={text().shell.delete} look={Look::Plain} symbol={Some(Symbol::Trash)} testid="alert-remove"
                                    onclick={act(Act::Remove)} />
                            }
                        </div>
                    }
                }
            </div>
        </li>
    }
}

fn tag(symbol: Symbol, text: &'static str, testid: &'static str, title: &'static str) -> Html {
    html! { <span class="alert-tag" data-testid={testid} {title}>{ icon(symbol) }{ text }</span> }
}

fn symbol(state: AlertState) -> Symbol {
    match state {
        AlertState::Firing => Symbol::Alert,
        AlertState::Missing | AlertState::Unknown => Symbol::Help,
        AlertState::Pending => Symbol::Clock,
        AlertState::Ok => Symbol::Check,
        AlertState::Waiting => Symbol::Ring,
        AlertState::Elsewhere => Symbol::Screen,
        AlertState::Disabled => Symbol::Pause,
    }
}

fn time(since: u64) -> Html {
    let since = since as f64;
    let words = if wall_now() - since < DAY { clock_time(since) } else { full_time(since) };
    html! {
        <span class="alert-since">
            { text().alerts.since }{ " " }<time title={full_time(since)}>{ words }</time>
        </span>
    }
}

fn details(alert: &Alert, may_change: bool) -> Html {
    let rule = &alert.rule;
    let texts = &text().alerts;
    // Whom rules are for only admins are told; to others all look alike.
    let told = may_change.then(|| {
        rule.users.as_ref().map_or_else(|| texts.every_admin.to_owned(), |users| users.join(", "))
    });
    let rows = [
        (texts.over, Some(words::recovery(rule, alert.unit))),
        (texts.level, Some(name(rule.level).to_owned())),
        (texts.told, told),
        (texts.quiet_hours, Some(words::quiet(rule))),
    ];
    html! {
        <>
            if !is_stored(alert) {
                <p class="alert-hint">
                    { texts.in_configuration }
                </p>
            }
            if let (Some(why), true) = (words::explain(alert), alert.state != AlertState::Missing) {
                <p class="alert-hint">{ why }</p>
            }
            <dl class="alert-facts">
                { for rows.into_iter().filter_map(|(term, text)| text.map(|text| html! {
                    <div key={term}><dt>{ term }</dt><dd>{ text }</dd></div>
                })) }
            </dl>
            if alert.series.len() > 1 {
                <ul class="alert-series" aria-label={texts.figures}>
                    { for in_order(alert).into_iter().map(|series| html! {
                        <li key={series.metric.clone()} data-state={words::state_name(series.state)}>
                            { icon(symbol(series.state)) }
                            <span class="alert-metric">{ &series.metric }</span>
                            <span class="alert-since">{ words::state(series.state) }</span>
                            <span class="alert-series-figure">
                                { series.value.map(|value| words::figure(value, alert.unit)) }
                            </span>
                        </li>
                    }) }
                </ul>
                if alert.series.len() > SHOWN {
                    <p class="alert-hint">{ fill(texts.and_more, &[&(alert.series.len() - SHOWN).to_string()]) }</p>
                }
            }
        </>
    }
}

/// The worst first, as many as are shown.
fn in_order(alert: &Alert) -> Vec<&AlertSeries> {
    let mut shown = Vec::new();
    for state in WORST_FIRST {
        let those = alert.series.iter().filter(|series| series.state == *state);
        shown.extend(those.take(SHOWN - shown.len()));
    }
    shown
}

const WORST_FIRST: &[AlertState] = &[
    AlertState::Firing,
    AlertState::Missing,
    AlertState::Pending,
    AlertState::Unknown,
    AlertState::Waiting,
    AlertState::Ok,
];
