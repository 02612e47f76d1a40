//! A server is added or changed; it is tried before it is kept.

use web_sys::HtmlInputElement;
use yew::prelude::*;

use super::words::explain;
use crate::components::{Symbol, focus_first, form_button, remark};
use crate::hooks::{Trial, try_server};
use crate::state::servers::{Draft, Server};
use crate::text::text;
use crate::view::{html, use_effect_with};

/// Properties of [`Form`].
#[derive(Properties, PartialEq)]
pub(super) struct FormProps {
    /// The one that is changed; none where one is added.
    pub server: Option<Server>,
    /// Whether the page shows it.
    pub is_shown: bool,
    /// Called when it is to be removed.
    pub on_remove: Callback<()>,
    /// Called when somebody is done with it.
    pub on_close: Callback<()>,
}

/// The form.
#[component]
pub(super) fn Form(props: &FormProps) -> Html {
    let draft = use_state_eq(|| props.server.as_ref().map_or_else(Draft::default, Draft::of));
    let trial = use_state_eq(|| None::<Trial>);
    let is_asking = use_state_eq(|| false);
    let place = use_node_ref();
    {
        let place = place.clone();
        use_effect_with(trial.is_some(), move |is_there| {
            // Who writes goes on where they are.
            if *is_there {
                focus_first(&place, ".remark");
            }
        });
    }
    let start = {
        let (draft, trial, is_asking) = (draft.clone(), trial.clone(), is_asking.clone());
        let (place, on_close, is_shown) = (place.clone(), props.on_close.clone(), props.is_shown);
        move |draft_now: Option<Draft>, keep: bool, anyway: bool| {
            if *is_asking {
                return;
            }
            let now = draft_now.unwrap_or_else(|| (*draft).clone());
            draft.set(now.clone());
            is_asking.set(true);
            trial.set(None);
            // Its button goes, and the focus would go with it.
            focus_first(&place, "[type=submit]");
            let (trial, is_asking, on_close) =
                (trial.setter(), is_asking.setter(), on_close.clone());
            let done = Callback::from(move |answer: Trial| {
                is_asking.set(false);
                let is_kept = keep && answer.as_ref().is_ok_and(|it| it.problem.is_none());
                if is_kept {
                    on_close.emit(());
                } else {
                    trial.set(Some(answer));
                }
            });
            try_server(now, keep, anyway, is_shown, done);
        }
    };
    let oninput = {
        let (draft, trial) = (draft.clone(), trial.clone());
        Callback::from(move |event: InputEvent| {
            let Some(field) = event.target_dyn_into::<HtmlInputElement>() else { return };
            let mut next = (*draft).clone();
            match &*field.name() {
                "name" => next.name = field.value(),
                "url" => {
                    next.url = field.value();
                    // What was compared and allowed was so for another.
                    (next.key, next.is_plain) = (String::new(), false);
                }
                "token" => next.token = field.value(),
                _ => next.is_plain = field.checked(),
            }
            draft.set(next);
            trial.set(None);
        })
    };
    let act = |keep: bool, anyway: bool| {
        let start = start.clone();
        Callback::from(move |_: MouseEvent| start(None, keep, anyway))
    };
    let onsubmit = {
        let start = start.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            start(None, true, false);
        })
    };
    let verdict = trial.as_ref().and_then(|trial| trial.as_ref().ok());
    let problem = verdict.and_then(|verdict| verdict.problem.as_deref());
    let key = verdict.filter(|_| problem == Some("untrusted")).map(|verdict| verdict.key.clone());
    let trust = key.clone().map(|key| {
        let (start, draft) = (start.clone(), draft.clone());
        let trusted = Draft { key, ..(*draft).clone() };
        Callback::from(move |_: MouseEvent| start(Some(trusted.clone()), true, false))
    });
    // Whatever cannot be had now may be there later. A token in a store that stays locked is not passed over: it is not known.
    let is_kept_anyway =
        problem == Some("unreachable") || problem == Some("locked") && !draft.token.is_empty();
    // Only where it is asked for, or is otherwise than it was.
    let was_plain = props.server.as_ref().is_some_and(|server| Draft::of(server).is_plain);
    let asks_plain = problem == Some("plain") || draft.is_plain != was_plain;
    let is_plain = draft.url.trim_start().starts_with("http://") && asks_plain;
    let invalid = |names: &[&str]| problem.is_some_and(|it| names.contains(&it)).then_some("true");
    let is_new = props.server.is_none();
    let words = &text().servers;
    let close = props.on_close.reform(|_: MouseEvent| ());
    html! {
        <form class="form" data-testid="server-form" ref={place} {onsubmit} {oninput} novalidate=true>
            { input("url", "url", words.address_label, &draft.url, "https://hub.example:4180", "", invalid(&["address", "credentials", "plain", "known", "unreachable", "redirect", "notTidings"])) }
            { input("token", "password", words.token_label, &draft.token, "",
                if is_new { words.token_new } else { words.token_stays },
                invalid(&["token", "otherAddress", "unauthorized", "forbidden"])) }
            { input("name", "text", words.name_label, &draft.name, "", words.name_hint, None) }
            if is_plain {
                <label class="choice">
                    <input type="checkbox" name="plain" checked={draft.is_plain} />
                    { words.allow_plain }
                </label>
            }
            <div class="server-verdict" aria-live="polite">
                if *is_asking {
                    <p class="field-hint">{ words.asking }</p>
                }
                if let Some(trial) = &*trial {
                    { match trial {
                        Ok(verdict) if verdict.problem.is_none() => remark(None, Symbol::Check, "server-well", explain(verdict).into()),
                        Ok(verdict) => remark(Some("error"), Symbol::Alert, "server-problem", explain(verdict).into()),
                        Err(why) => remark(Some("error"), Symbol::Alert, "server-problem", why.clone().into()),
                    } }
                }
                if let Some(key) = key {
                    <p class="server-key" data-testid="server-key">{ key }</p>
                }
            </div>
            if props.server.as_ref().is_some_and(|server| server.is_in_file) {
                <p class="field-hint" data-testid="server-in-file">{ words.in_file }</p>
            }
            <div class="form-acts">
                if !is_new {
                    { form_button("danger", "button", "server-remove", words.remove, props.on_remove.reform(|_: MouseEvent| ())) }
                }
                { form_button("plain", "button", "server-close", words.cancel, close) }
                { form_button("plain", "button", "server-test", words.test, act(false, false)) }
                if is_kept_anyway {
                    { form_button("plain", "button", "server-anyway", words.save_anyway, act(true, true)) }
                }
                if let Some(trust) = trust {
                    { form_button("primary", "button", "server-trust", words.trust, trust) }
                } else {
                    <button type="submit" class="button" data-look="primary" data-testid="server-save"
                        aria-disabled={is_asking.then_some("true")}>
                        { if is_new { words.test_add } else { words.test_save } }
                    </button>
                }
            </div>
        </form>
    }
}

fn input(
    name: &'static str,
    kind: &'static str,
    label: &'static str,
    value: &str,
    placeholder: &'static str,
    hint: &'static str,
    invalid: Option<&'static str>,
) -> Html {
    let (id, hint_id) = (format!("server-{name}"), format!("server-{name}-hint"));
    let described = (!hint.is_empty()).then(|| hint_id.clone());
    html! {
        <div class="field">
            <label class="field-label" for={id.clone()}>{ label }</label>
            <input class="field-input" type={kind} {id} {name} value={value.to_owned()} {placeholder} autocomplete="off"
                data-kind={(name == "name").then_some("name")} spellcheck="false" autocapitalize="none"
                autofocus={name == "url"} aria-describedby={described} aria-invalid={invalid} />
            if !hint.is_empty() {
                <p class="field-hint" id={hint_id}>{ hint }</p>
            }
        </div>
    }
}
