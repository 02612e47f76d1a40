//! A rule is written or changed.

use std::rc::Rc;

use tidings_protocol::alert::{Alert, AlertChange, Side};
use tidings_protocol::metric::MetricPattern;
use tidings_protocol::notification::Level;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlElement, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::people::People;
use crate::components::{Modal, Symbol, icon};
use crate::hooks::{AlertsHandle, use_metrics};
use crate::state::alerts::draft::{Draft, Field, Problem, Quiet, change, problem};
use crate::state::alerts::scale::scales;
use crate::state::alerts::{names, words};

/// What the form is about.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Subject {
    /// A rule that is to be.
    New(Draft),
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

/// The form over the page. What is wrong stands at its field from the first attempt on; leaving it with changes asks first.
#[component]
pub(super) fn Form(props: &FormProps) -> Html {
    let first = match &props.subject {
        Subject::New(draft) => draft.clone(),
        Subject::Known(alert) => Draft::of(&alert.rule),
    };
    let draft = use_state_eq(|| first.clone());
    // Attempts so far: errors are shown behind the first, and each has the focus go to what is wrong.
    let attempts = use_state_eq(|| 0u32);
    let refused = use_state_eq(|| None::<Problem>);
    let busy = use_state_eq(|| false);
    let leaving = use_state_eq(|| false);
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with((*attempts, refused.is_some()), move |(attempts, _)| {
            if *attempts > 0 {
                focus_what_is_wrong(&place);
            }
        });
    }
    let mut problems = match draft.rule() {
        Err(problems) if *attempts > 0 => problems,
        _ => Vec::new(),
    };
    problems.extend((*refused).clone());
    let oninput = {
        let (draft, refused, leaving) = (draft.clone(), refused.setter(), leaving.setter());
        Callback::from(move |event: InputEvent| {
            let mut next = (*draft).clone();
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                next.set(&field.name(), field.value(), field.checked());
            } else if let Some(field) = event.target_dyn_into::<HtmlSelectElement>() {
                next.set(&field.name(), field.value(), false);
            }
            draft.set(next);
            refused.set(None);
            leaving.set(false);
        })
    };
    let onsubmit = {
        let (draft, attempts, busy, refused) =
            (draft.clone(), attempts.clone(), busy.clone(), refused.setter());
        let (handle, subject, on_close) =
            (props.handle.clone(), props.subject.clone(), props.on_close.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            attempts.set(*attempts + 1);
            let Ok(rule) = draft.rule() else { return };
            if *busy {
                return;
            }
            busy.set(true);
            refused.set(None);
            let done = {
                let (busy, refused, on_close) = (busy.setter(), refused.clone(), on_close.clone());
                Callback::from(move |answer| {
                    busy.set(false);
                    match answer {
                        Ok(()) => on_close.emit(()),
                        Err(error) => refused.set(Some(problem(&error))),
                    }
                })
            };
            match &subject {
                Subject::New(_) => handle.create(rule, done),
                Subject::Known(alert) => {
                    let change = change(&alert.rule, rule);
                    if change == AlertChange::default() {
                        on_close.emit(());
                    } else {
                        handle.change(alert.id.clone(), change, Some(done));
                    }
                }
            }
        })
    };
    let is_dirty = *draft != first;
    let on_leave = {
        let (leaving, on_close) = (leaving.setter(), props.on_close.clone());
        Callback::from(move |()| if is_dirty { leaving.set(true) } else { on_close.emit(()) })
    };
    let cancel = on_leave.reform(|_: MouseEvent| ());
    let discard = props.on_close.reform(|_: MouseEvent| ());
    let stay = {
        let leaving = leaving.setter();
        Callback::from(move |_: MouseEvent| leaving.set(false))
    };
    let is_new = matches!(props.subject, Subject::New(_));
    let title = if is_new { "New rule" } else { "Change the rule" };
    let why = |field: Field| {
        let found = problems.iter().find(|(at, _)| *at == field);
        found.map(|(_, why)| AttrValue::from(why.clone()))
    };
    html! {
        <Modal {title} testid="alert-form" wide=true {on_leave} on_close={props.on_close.clone()}>
            <form class="form" ref={place} novalidate=true autocomplete="off" {oninput} {onsubmit}>
                { fields(&draft, &why) }
                <People draft={(*draft).clone()} problem={why(Field::Users)} />
                { more(&draft, &why) }
                <label class="choice form-enabled">
                    <input type="checkbox" name="enabled" checked={draft.enabled} />
                    { "Judge figures by it" }
                </label>
                { preview(&draft) }
                if let Some(why) = why(Field::Whole) {
                    <p class="alerts-note" data-level="error" role="alert" tabindex="-1" aria-invalid="true"
                        data-testid="alert-form-error">{ icon(Symbol::Alert) }<span>{ why }</span></p>
                }
                if *leaving {
                    <div class="form-acts" role="alert" data-testid="alert-leaving">
                        <span class="form-question">{ "Leave without saving?" }</span>
                        <button type="button" class="button" data-look="plain" onclick={stay}>{ "Go on writing" }</button>
                        <button type="button" class="button" data-look="danger" data-testid="alert-discard"
                            onclick={discard}>{ "Discard" }</button>
                    </div>
                } else {
                    <div class="form-acts">
                        <button type="button" class="button" data-look="plain" onclick={cancel}>{ "Cancel" }</button>
                        <button type="submit" class="button" data-look="primary" data-testid="alert-save"
                            aria-disabled={busy.then_some("true")}>
                            { if *busy { "Saving…" } else if is_new { "Make the rule" } else { "Save" } }
                        </button>
                    </div>
                }
            </form>
        </Modal>
    }
}

type Why<'a> = &'a dyn Fn(Field) -> Option<AttrValue>;

/// What every rule has.
fn fields(draft: &Draft, why: Why<'_>) -> Html {
    let side = |side: Side, text: &'static str| {
        html! { <option value={side.as_str()} selected={draft.side == side}>{ text }</option> }
    };
    let scales = scales(draft.unit());
    html! {
        <>
            { text(Field::Name, "Name", &draft.name, Text { hint: None, placeholder: "A disk fills up", focus: true, ..Text::default() }, why) }
            { text(Field::Metric, "Figure", &draft.metric, Text {
                hint: Some(html! { <About metric={draft.metric.clone()} /> }),
                placeholder: "cpu.total",
                list: Some("alert-metrics"),
                is_mono: true,
                ..Text::default()
            }, why) }
            <div class="form-row">
                <div class="field" data-width="side">
                    <label class="field-label" for="alert-side">{ "It may not be" }</label>
                    <select class="field-input" id="alert-side" name="side">
                        { side(Side::Above, "above") }{ side(Side::Below, "below") }
                    </select>
                </div>
                { text(Field::Threshold, "Threshold", &draft.threshold, Text {
                    placeholder: "90",
                    inputmode: Some("decimal"),
                    behind: (scales[0].symbol != "").then(|| html! {
                        if scales.len() > 1 {
                            <select class="field-input field-unit" name="scale" aria-label="Unit">
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
                { text(Field::Hold, "For", &draft.hold, Text { placeholder: "at once", hint: Some(html! { "90s, 5m, 2h; 0 is at once" }), ..Text::default() }, why) }
            </div>
            <div class="field">
                <label class="field-label" for="alert-level">{ "Level of the notification" }</label>
                <select class="field-input" id="alert-level" name="level">
                    { for Level::ALL.into_iter().map(|level| html! {
                        <option key={level.as_str()} value={level.as_str()} selected={draft.level == level}>{ level.as_str() }</option>
                    }) }
                </select>
            </div>
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
    let quiet = |value: &'static str, own: Quiet, text: &'static str| {
        html! { <option {value} selected={draft.quiet == own}>{ text }</option> }
    };
    html! {
        <details class="form-more" open={is_wrong || is_set}>
            <summary>{ "When it is over, quiet hours, machine" }</summary>
            <div class="form-row">
                { text(Field::Recover, "Over at", &draft.recover, Text {
                    placeholder: "5% back",
                    inputmode: Some("decimal"),
                    behind: (!unit.is_empty()).then(|| html! { <span class="field-unit" aria-hidden="true">{ unit }</span> }),
                    ..Text::default()
                }, why) }
                { text(Field::RecoverHold, "For", &draft.recover_hold, Text { placeholder: "as above, 1m at least", ..Text::default() }, why) }
            </div>
            <div class="form-row">
                <div class="field">
                    <label class="field-label" for="alert-quiet-kind">{ "Quiet hours" }</label>
                    <select class="field-input" id="alert-quiet-kind" name="quiet">
                        { quiet("server", Quiet::Server, "As the server has it for all") }
                        { quiet("never", Quiet::Never, "None") }
                        { quiet("hours", Quiet::Hours, "At hours of its own") }
                    </select>
                </div>
                if draft.quiet == Quiet::Hours {
                    { text(Field::Quiet, "Hours", &draft.hours, Text {
                        name: Some("hours"),
                        placeholder: "22:00-07:00",
                        hint: Some(html! { "by the clock of the server" }),
                        ..Text::default()
                    }, why) }
                }
            </div>
            { text(Field::Host, "Machine", &draft.host, Text {
                placeholder: "the one of this server",
                hint: Some(html! { "its name, or * for every machine whose server has the rule" }),
                list: Some("alert-hosts"),
                ..Text::default()
            }, why) }
        </details>
    }
}

#[derive(Default)]
struct Text {
    hint: Option<Html>,
    placeholder: &'static str,
    /// Id of a list to choose from.
    list: Option<&'static str>,
    inputmode: Option<&'static str>,
    /// Another name than the field's.
    name: Option<&'static str>,
    /// Behind the field.
    behind: Option<Html>,
    focus: bool,
    is_mono: bool,
}

/// A field with its label, its hint, and what is wrong with it.
fn text(field: Field, label: &'static str, value: &str, text: Text, why: Why<'_>) -> Html {
    let id = format!("alert-{}", field.name());
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let error = why(field);
    let described = [text.hint.as_ref().map(|_| &*hint_id), error.as_ref().map(|_| &*error_id)];
    let described: Vec<_> = described.into_iter().flatten().collect();
    let described = (!described.is_empty()).then(|| described.join(" "));
    html! {
        <div class="field" data-field={field.name()}>
            <label class="field-label" for={id.clone()}>{ label }</label>
            <div class="field-line">
                <input class="field-input" id={id.clone()} name={text.name.unwrap_or(field.name())} type="text"
                    data-kind={(!text.is_mono).then_some("name")} value={value.to_owned()} autofocus={text.focus}
                    placeholder={text.placeholder} list={text.list} inputmode={text.inputmode} autocomplete="off"
                    spellcheck="false" autocapitalize="none" aria-describedby={described}
                    aria-invalid={error.as_ref().map(|_| "true")} />
                { text.behind.unwrap_or_default() }
            </div>
            if let Some(hint) = text.hint {
                <p class="field-hint" id={hint_id}>{ hint }</p>
            }
            if let Some(error) = error {
                <p class="field-error" id={error_id}>{ error }</p>
            }
        </div>
    }
}

#[derive(Properties, PartialEq)]
struct AboutProps {
    metric: String,
}

/// What the figure says and what it is at the moment, with the lists to choose from: drawn at every sample, and the form is not.
#[component]
fn About(props: &AboutProps) -> Html {
    let metrics = use_metrics();
    let snapshot = metrics.current().map(|sample| &*sample.snapshot);
    let known = use_memo(snapshot.is_some(), |_| names::known(snapshot));
    let metric = props.metric.trim();
    let pattern = metric.parse::<MetricPattern>().ok();
    let now = pattern
        .as_ref()
        .zip(snapshot)
        .and_then(|(pattern, snapshot)| names::now(pattern, snapshot));
    let text = names::text(metric);
    let note = match (&pattern, now) {
        (None, _) => "A name, or several by a * as in disk.*.used_percent".to_owned(),
        (Some(_), Some(now)) if text.is_empty() => now,
        (Some(_), Some(now)) => format!("{text}. {now}"),
        (Some(_), None) => "The machine that is shown has no such figure at the moment.".to_owned(),
    };
    html! {
        <>
            { note }
            <datalist id="alert-metrics">
                { for known.iter().map(|(name, text)| html! {
                    <option key={name.clone()} value={name.clone()}>{ *text }</option>
                }) }
            </datalist>
            <datalist id="alert-hosts">
                { for metrics.hosts().map(|host| html! { <option key={host.to_string()} value={host.to_string()} /> }) }
                <option key="*" value="*">{ "every machine" }</option>
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
            { format!("Tells of {} {}, and that it is over {}.", rule.metric, words::condition(&rule, unit), words::recovery(&rule, unit)) }
        </p>
    }
}

fn focus_what_is_wrong(place: &NodeRef) {
    let form = place.cast::<Element>();
    let wrong = form.and_then(|form| form.query_selector("[aria-invalid=true]").ok().flatten());
    if let Some(element) = wrong.and_then(|element| element.dyn_into::<HtmlElement>().ok()) {
        let _ = element.focus();
    }
}
