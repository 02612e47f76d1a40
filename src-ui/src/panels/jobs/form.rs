//! A job is started.

use std::rc::Rc;

use tidings_protocol::job::KindInfo;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

use super::fields::field;
use crate::components::{Symbol, focus_first, form_button, remark};
use crate::hooks::{Shared, use_actions};
use crate::state::jobs::draft::Draft;
use crate::state::jobs::{Jobs, words};
use crate::state::request_error::RequestError;
use crate::text::{fill, text};
use crate::view::{html, use_effect_with};

/// Name of the field that says what is to be done; arguments have theirs behind a mark.
const KIND: &str = "kind";

/// Properties of [`Form`].
#[derive(Properties, PartialEq)]
pub(super) struct FormProps {
    /// The jobs there are, and what may be started: something.
    pub jobs: Shared<Jobs>,
    /// Called when somebody is done with it.
    pub on_close: Callback<()>,
}

/// What somebody writes, and how the last attempt went.
#[derive(Clone, PartialEq)]
struct Writing {
    draft: Draft,
    /// Whether it was tried as it is, and what is wrong with it is told.
    is_tried: bool,
    /// Why the server did not take it as it is.
    refused: Option<RequestError>,
    attempts: u32,
}

impl Writing {
    fn of(kind: Rc<KindInfo>) -> Self {
        Self { draft: Draft::new(kind), is_tried: false, refused: None, attempts: 0 }
    }
}

/// The form of one kind at a time. It takes nothing while the job that it started goes on.
#[component]
pub(super) fn Form(props: &FormProps) -> Html {
    let actions = use_actions();
    let kinds = props.jobs.kinds.clone();
    let state = use_state_eq(|| kinds.first().cloned().map(Writing::of));
    let asking = use_state_eq(|| false);
    let place = use_node_ref();
    {
        let place = place.clone();
        let attempts = state.as_ref().map_or(0, |state| state.attempts);
        use_effect_with(attempts, move |attempts| {
            let css = if *attempts > 0 { "[aria-invalid=true], .remark" } else { ".field-input" };
            focus_first(&place, css);
        });
    }
    let oninput = {
        let (state, kinds) = (state.clone(), kinds.clone());
        Callback::from(move |event: InputEvent| {
            let Some(now) = &*state else { return };
            let mut next = now.clone();
            if let Some(field) = event.target_dyn_into::<HtmlInputElement>() {
                next.draft.set(&field.name(), field.value(), field.checked());
            } else if let Some(field) = event.target_dyn_into::<HtmlSelectElement>() {
                let (name, value) = (field.name(), field.value());
                if field.id() == KIND {
                    let kind = kinds.iter().find(|kind| kind.kind == value);
                    return state.set(kind.cloned().map(Writing::of));
                }
                next.draft.set(&name, value, false);
            }
            if next.draft != now.draft {
                (next.is_tried, next.refused) = (false, None);
            }
            state.set(Some(next));
        })
    };
    let Some(Writing { draft, is_tried, refused, .. }) = &*state else { return Html::default() };
    let kind = draft.kind.clone();
    let mut problems = if *is_tried { draft.body().err().unwrap_or_default() } else { Vec::new() };
    problems.extend(refused.as_ref().map(|error| draft.problem(error)));
    let is_asking = *asking;
    let running = props.jobs.running_of(&kind.kind);
    let is_taken = is_asking || running.is_some();
    let onsubmit = {
        let (state, place) = (state.clone(), place.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(now) = &*state else { return };
            if is_taken {
                return;
            }
            let again = Writing { attempts: now.attempts + 1, ..now.clone() };
            let Ok(body) = now.draft.body() else {
                return state.set(Some(Writing { is_tried: true, refused: None, ..again }));
            };
            let kind = now.draft.kind.kind.clone();
            asking.set(true);
            // The fields are switched off, and the focus would go with the one in which Enter was pressed.
            focus_first(&place, "[type=submit]");
            state.set(Some(Writing { refused: None, ..now.clone() }));
            let done = {
                let (state, asking) = (state.setter(), asking.setter());
                Callback::from(move |answer: Result<(), RequestError>| {
                    asking.set(false);
                    if let Err(error) = answer {
                        state.set(Some(Writing { refused: Some(error), ..again.clone() }));
                    }
                })
            };
            actions.start_job(kind, body, done);
        })
    };
    let texts = &text().jobs;
    let label = match running {
        Some(Some(row)) => match row.job.progress {
            Some(progress) => fill(texts.processing_at, &[&words::percent(progress)]),
            None => texts.processing.to_owned(),
        },
        Some(None) => texts.processing.to_owned(),
        None if is_asking => texts.starting.to_owned(),
        None => texts.start.to_owned(),
    };
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <form class="form job-form" id="job-form" data-testid="job-form" ref={place} {onsubmit} {oninput} novalidate=true
            aria-label={texts.start_label}>
            <div class="field">
                <label class="field-label" for={KIND}>{ texts.what }</label>
                <select class="field-input" id={KIND} name={KIND} aria-describedby="kind-hint" disabled={is_asking}>
                    { for kinds.iter().map(|other| html! {
                        <option key={other.kind.clone()} value={other.kind.clone()} selected={other.kind == kind.kind}>
                            { &other.title }
                        </option>
                    }) }
                </select>
                <p class="field-hint" id="kind-hint">{ &kind.description }</p>
            </div>
            <fieldset class="form-group job-fields" disabled={is_taken} key={kind.kind.clone()}>
                { for kind.args.iter().enumerate().map(|(at, arg)| {
                    let why = problems.iter().find(|(place, _)| *place == Some(at));
                    field(arg, draft.value(at), why.map(|(_, why)| AttrValue::from(why.clone())))
                }) }
            </fieldset>
            // One node however many there are, so that the fields before them keep theirs, and the focus.
            <div class="job-problems">
                { for problems.iter().filter(|(place, _)| place.is_none()).map(|(_, why)| {
                    remark(Some("error"), Symbol::Alert, "job-form-error", why.clone().into())
                }) }
            </div>
            <div class="form-acts">
                { form_button("plain", "button", "job-form-close", text().shell.close, close) }
                <button type="submit" class="button" data-look="primary" data-testid="job-start"
                    aria-disabled={is_taken.then_some("true")}>
                    { label }
                </button>
            </div>
        </form>
    }
}
