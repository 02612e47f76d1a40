//! The fields of a form that starts a job: one for each argument, by what the server says of it.

use crate::text::{fill, text};
use crate::view::html;
use tidings_protocol::job::{ArgInfo, Choice, Input};
use yew::prelude::*;

/// The field of an argument, with what is wrong with it. What a newer server may want is a text.
pub(super) fn field(arg: &ArgInfo, value: &str, why: Option<AttrValue>) -> Html {
    let id = format!("job-arg-{}", arg.name);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let hint = hint(arg);
    let described =
        [(!hint.is_empty()).then(|| hint_id.clone()), why.as_ref().map(|_| error_id.clone())];
    let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let described = (!described.is_empty()).then_some(described);
    let invalid = why.as_ref().map(|_| "true");
    let name = arg.name.clone();
    let control = match &arg.input {
        Input::Bool => html! {
            <label class="choice">
                <input type="checkbox" id={id.clone()} {name} checked={value == "true"} aria-describedby={described}
                    aria-invalid={invalid} />{ &arg.label }
            </label>
        },
        Input::Choice { choices } => html! {
            <select class="field-input" id={id.clone()} {name} aria-describedby={described} aria-invalid={invalid}
                aria-required={arg.required.then_some("true")}>
                if value.is_empty() {
                    <option value="" selected=true>{ if arg.required { text().jobs.choose } else { "—" } }</option>
                }
                { for choices.iter().map(|choice| option(choice, value)) }
            </select>
        },
        input => html! {
            <input class="field-input" type="text" id={id.clone()} {name} value={value.to_owned()} autocomplete="off"
                data-kind={matches!(input, Input::Text | Input::Unknown).then_some("name")}
                inputmode={matches!(input, Input::Integer { .. }).then_some("numeric")} spellcheck="false"
                autocapitalize="none" aria-describedby={described} aria-invalid={invalid}
                aria-required={arg.required.then_some("true")} />
        },
    };
    html! {
        <div class="field" data-arg={arg.name.clone()} key={arg.name.clone()}>
            if arg.input != Input::Bool {
                <label class="field-label" for={id}>
                    { &arg.label }
                    if !arg.required {
                        <span class="field-optional">{ text().jobs.optional }</span>
                    }
                </label>
            }
            { control }
            if !hint.is_empty() {
                <p class="field-hint" id={hint_id}>{ hint }</p>
            }
            if let Some(why) = why {
                <p class="field-error" id={error_id}>{ why }</p>
            }
        </div>
    }
}

fn option(choice: &Choice, value: &str) -> Html {
    html! {
        <option key={choice.value.clone()} value={choice.value.clone()} selected={choice.value == value}>
            { &choice.label }
        </option>
    }
}

/// What it is for, and what it may be.
fn hint(arg: &ArgInfo) -> String {
    let words = &text().jobs;
    let bounds = match &arg.input {
        Input::Path { roots } if !roots.is_empty() => {
            let or = [" ", words.or, " "].concat();
            fill(words.below, &[&roots.join(&or)])
        }
        Input::Integer { min, max: i64::MAX } => fill(words.at_least, &[&min.to_string()]),
        Input::Integer { min, max } => fill(words.from_to, &[&min.to_string(), &max.to_string()]),
        _ => String::new(),
    };
    format!("{} {bounds}", arg.help).trim().to_owned()
}
