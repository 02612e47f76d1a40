//! A rule is written or changed.

use std::rc::Rc;

use tidings_protocol::alert::Alert;
use tidings_protocol::metric::MetricPattern;
use tidings_protocol::metrics::Snapshot;
use tidings_protocol::notification::Level;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::fields::{Text, Why, select, text};
use super::people::people;
use crate::components::{Modal, Symbol, focus_first, form_button, remark};
use crate::hooks::{AlertsHandle, use_metrics, use_user_names};
use crate::state::alerts::draft::{Draft, Field, Problem, Quiet, problem};
use crate::state::alerts::scale::scales;
use crate::state::alerts::{names, wire, words};
use crate::state::metrics::Metrics;
use crate::state::request_error::RequestError;
use crate::state::toasts::name;
use crate::text::{self as language, fill};
use crate::view::{html, use_effect_with};

/// What the form is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Subject {
    /// A rule that is to be.
    New(Rc<Draft>),
    /// A rule that there is.
    Known(Rc<Alert>),
}

/// Properties of [`Form`].
#[derive(Properties, PartialEq)]
pub(super) struct FormProps {
    /// What it is about.
    pub subject: Subject,
    /// Where the rule goes.
    pub handle: AlertsHandle,
    /// Called when it is done with.
    pub on_close: Callback<()>,
}

/// How far the writing is.
#[derive(Clone, Debug, Default, PartialEq)]
struct Writing {
    draft: Draft,
    /// Attempts so far: errors are shown behind the first, and each has the focus go to what is wrong.
    attempts: u32,
    /// Whoever wants to leave is asked first.
    leaving: bool,
}

/// How far the saving is. Beside the writing: an answer leaves alone what was written since it was asked for.
#[derive(Clone, Debug, PartialEq)]
enum Saving {
    Not,
    Asked,
    /// What the server said to the last attempt.
    Refused(Problem),
}

/// The form over the page. What is wrong stands at its field from the first attempt on; leaving it with changes asks first.
#[component]
pub(super) fn Form(props: &FormProps) -> Html {
    let first = match &props.subject {
        Subject::New(draft) => (**draft).clone(),
        Subject::Known(alert) => Draft::of(&alert.rule),
    };
    let state = use_state_eq(|| Writing { draft: first.clone(), ..Writing::default() });
    let saving = use_state_eq(|| Saving::Not);
    let busy = *saving == Saving::Asked;
    let refused = match &*saving {
        Saving::Refused(problem) => Some(problem.clone()),
        Saving::Not | Saving::Asked => None,
    };
    let names = use_user_names();
    let metrics = use_metrics();
    let snapshot = metrics.current().map(|sample| &*sample.snapshot);
    let Writing { draft, attempts, leaving } = &*state;
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with((*attempts, refused.is_some()), move |(attempts, _)| {
            if *attempts > 0 {
                focus_first(&place, "[aria-invalid=true], .remark");
            }
        });
    }
    let mut problems = match draft.rule() {
        Err(problems) if *attempts > 0 => problems,
        _ => Vec::new(),
    };
    problems.extend(refused);
    let oninput = {
        let (state, saving) = (state.clone(), saving.clone());
        Callback::from(move |event: InputEvent| {
            let mut next = Writing { leaving: false, ..(*state).clone() };
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                next.draft.set(&field.name(), field.value(), field.checked());
            } else if let Some(field) = event.target_dyn_into::<HtmlSelectElement>() {
                next.draft.set(&field.name(), field.value(), false);
            }
            state.set(next);
            if *saving != Saving::Asked {
                saving.set(Saving::Not);
            }
        })
    };
    let onsubmit = {
        let state = state.clone();
        let (handle, subject, on_close) =
            (props.handle.clone(), props.subject.clone(), props.on_close.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if busy {
                return;
            }
            state.set(Writing { attempts: state.attempts + 1, ..(*state).clone() });
            let Ok(rule) = state.draft.rule() else { return };
            saving.set(Saving::Asked);
            let done = {
                let (saving, on_close) = (saving.setter(), on_close.clone());
                Callback::from(move |answer: Result<(), RequestError>| match answer {
                    Ok(()) => on_close.emit(()),
                    Err(error) => saving.set(Saving::Refused(problem(&error))),
                })
            };
            let was = match &subject {
                Subject::New(_) => None,
                Subject::Known(alert) => Some(alert),
            };
            match wire::body(was.map(|alert| &alert.rule), &rule) {
                Some(body) => handle.save(was.map(|alert| alert.id.clone()), body, done),
                None => on_close.emit(()),
            }
        })
    };
    let is_dirty = *draft != first;
    let on_leave = {
        let (state, on_close) = (state.clone(), props.on_close.clone());
        Callback::from(move |()| {
            if is_dirty {
                state.set(Writing { leaving: true, ..(*state).clone() });
            } else {
                on_close.emit(());
            }
        })
    };
    let cancel = on_leave.reform(|_: MouseEvent| ());
    let discard = props.on_close.reform(|_: MouseEvent| ());
    let stay = {
        let state = state.clone();
        Callback::from(move |_: MouseEvent| {
            state.set(Writing { leaving: false, ..(*state).clone() });
        })
    };
    let is_new = matches!(props.subject, Subject::New(_));
    let texts = &language::text().alerts;
    let save = match (busy, is_new) {
        (true, _) => texts.saving,
        (false, true) => texts.make,
        (false, false) => texts.save,
    };
    let title = if is_new { texts.new } else { texts.change };
    let why = |field: Field| {
        let found = problems.iter().find(|(at, _)| *at == field);
        found.map(|(_, why)| AttrValue::from(why.clone()))
    };
    html! {
        <Modal {title} testid="alert-form" wide=true {on_leave} on_close={props.on_close.clone()}>
            <form class="form" ref={place} novalidate=true autocomplete="off" {oninput} {onsubmit}>
                { fields(draft, snapshot, &why) }
                { people(draft, &names, why(Field::Users)) }
                { more(draft, &why) }
                <label class="choice form-enabled">
                    <input type="checkbox" name="enabled" checked={draft.enabled} />
                    { texts.enabled }
                </label>
                { preview(draft) }
                { lists(&metrics) }
                if let Some(why) = why(Field::Whole) {
                    { remark(Some("error"), Symbol::Alert, "alert-form-error", why) }
                }
                <div class="form-acts" role={leaving.then_some("alert")} data-testid={leaving.then_some("alert-leaving")}>
                    if *leaving {
                        <span class="form-question">{ texts.leave }</span>
                        { form_button("plain", "button", "alert-stay", texts.stay, stay) }
                        { form_button("danger", "button", "alert-discard", texts.discard, discard) }
                    } else {
                        { form_button("plain", "button", "alert-cancel", language::text().shell.cancel, cancel) }
                        { form_button("primary", "submit", "alert-save", save, Callback::noop()) }
                    }
                </div>
            </form>
        </Modal>
    }
}

/// What every rule has.
fn fields(draft: &Draft, snapshot: Option<&Snapshot>, why: Why<'_>) -> Html {
    let texts = &language::text().alerts;
    let scales = scales(draft.unit());
    html! {
        <>
            { text(Field::Name, texts.name, &draft.name, Text { hint: None, placeholder: texts.disk_full, focus: true, ..Text::default() }, why) }
            { text(Field::Metric, texts.figure, &draft.metric, Text {
                hint: Some(about(draft.metric.trim(), snapshot)),
                placeholder: "cpu.total",
                list: Some("alert-metrics"),
                is_mono: true,
                ..Text::default()
            }, why) }
            <div class="form-row">
                { select("side", texts.may_not, &[("above", texts.above), ("below", texts.below)], draft.side.as_str()) }
                { text(Field::Threshold, texts.threshold, &draft.threshold, Text {
                    placeholder: "90",
                    inputmode: Some("decimal"),
                    behind: (!scales[0].symbol.is_empty()).then(|| html! {
                        if scales.len() > 1 {
                            <select class="field-input field-unit" name="scale" aria-label={texts.unit}>
                                { for scales.iter().enumerate().map(|(at, scale)| html! {
                                    <option key={scale.symbol} value={scale.symbol} selected={at == draft.scale}>{ scale.symbol }</option>
                                }) }
                            </select>
                        } else {
                            <span class="field-unit" aria-hidden="true">{ scales[0].symbol }</span>
                        }
                    }),
                    ..Text::default()
                }, why) }
                { text(Field::Hold, texts.for_time, &draft.hold, Text { placeholder: texts.at_once, hint: Some(html! { texts.hold_hint }), ..Text::default() }, why) }
            </div>
            { select("level", texts.level_label, &Level::ALL.map(|level| (level.as_str(), name(level))), draft.level.as_str()) }
        </>
    }
}

/// What most rules leave as it is.
fn more(draft: &Draft, why: Why<'_>) -> Html {
    let in_it = [Field::Recover, Field::RecoverHold, Field::Host, Field::Quiet];
    let is_wrong = in_it.into_iter().any(|field| why(field).is_some());
    let is_set =
        ![&draft.recover, &draft.recover_hold, &draft.host].into_iter().all(String::is_empty)
            || draft.quiet != Quiet::Server;
    let unit = scales(draft.unit()).get(draft.scale).map_or("", |scale| scale.symbol);
    let texts = &language::text().alerts;
    let choices =
        [("server", texts.quiet_server), ("never", texts.quiet_never), ("hours", texts.quiet_own)];
    let quiet = match draft.quiet {
        Quiet::Server => "server",
        Quiet::Never => "never",
        Quiet::Hours => "hours",
    };
    html! {
        <details class="form-more" open={is_wrong || is_set}>
            <summary>{ texts.more }</summary>
            <div class="form-row">
                { text(Field::Recover, texts.over_at, &draft.recover, Text {
                    placeholder: texts.back,
                    inputmode: Some("decimal"),
                    behind: (!unit.is_empty()).then(|| html! { <span class="field-unit" aria-hidden="true">{ unit }</span> }),
                    ..Text::default()
                }, why) }
                { text(Field::RecoverHold, texts.for_time, &draft.recover_hold, Text { placeholder: texts.as_above, ..Text::default() }, why) }
            </div>
            <div class="form-row">
                { select("quiet", texts.quiet_hours, &choices, quiet) }
                if draft.quiet == Quiet::Hours {
                    { text(Field::Quiet, texts.hours, &draft.hours, Text {
                        name: Some("hours"),
                        placeholder: "22:00-07:00",
                        hint: Some(html! { texts.by_clock }),
                        ..Text::default()
                    }, why) }
                }
            </div>
            { text(Field::Host, texts.machine, &draft.host, Text {
                placeholder: texts.own_machine,
                hint: Some(html! { texts.host_hint }),
                list: Some("alert-hosts"),
                ..Text::default()
            }, why) }
        </details>
    }
}

/// What the figure says, and what it is at the moment.
fn about(metric: &str, snapshot: Option<&Snapshot>) -> Html {
    let pattern = metric.parse::<MetricPattern>().ok();
    let now = pattern
        .as_ref()
        .zip(snapshot)
        .and_then(|(pattern, snapshot)| names::now(pattern, snapshot));
    let text = names::text(metric);
    let texts = &language::text().alerts;
    let note = match (&pattern, now) {
        (None, _) => texts.metric_hint.to_owned(),
        (Some(_), Some(now)) if text.is_empty() => now,
        (Some(_), Some(now)) => fill(texts.figure_now, &[text, &now]),
        (Some(_), None) => texts.no_figure_now.to_owned(),
    };
    html! { note }
}

/// What there is to choose from.
fn lists(metrics: &Metrics) -> Html {
    let known = names::known(metrics.current().map(|sample| &*sample.snapshot));
    html! {
        <>
            <datalist id="alert-metrics">
                { for known.into_iter().map(|(name, text)| html! {
                    <option key={name.clone()} value={name}>{ text }</option>
                }) }
            </datalist>
            <datalist id="alert-hosts">
                { for metrics.hosts().map(|host| html! { <option key={host.to_string()} value={host.to_string()} /> }) }
                <option key="*" value="*">{ language::text().alerts.every_machine }</option>
            </datalist>
        </>
    }
}

/// What the rule will do, once it is one.
fn preview(draft: &Draft) -> Html {
    let Ok(rule) = draft.rule() else { return Html::default() };
    let unit = draft.unit();
    html! {
        <p class="form-preview" data-testid="alert-preview">
            { fill(language::text().alerts.preview, &[&rule.metric, &words::condition(&rule, unit), &words::recovery(&rule, unit)]) }
        </p>
    }
}
