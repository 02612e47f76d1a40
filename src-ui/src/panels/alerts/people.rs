//! Whom a rule tells.

use yew::prelude::*;

use crate::components::skeleton;
use crate::hooks::Names;
use crate::state::alerts::draft::Draft;
use crate::text::{fill, text};
use crate::view::html;

/// Every admin, or users by name. Its controls are the form's, which hears of them.
pub(super) fn people(draft: &Draft, names: &Names, problem: Option<AttrValue>) -> Html {
    let words = &text().alerts;
    let by_name = draft.users.is_some();
    let is_wrong = problem.is_some();
    html! {
        <fieldset class="form-group" aria-describedby={is_wrong.then_some("alert-users-error")}>
            <legend class="field-label">{ words.who }</legend>
            <div class="choices">
                <label class="choice">
                    <input type="radio" name="users" value="admins" checked={!by_name} />{ words.every_admin }
                </label>
                <label class="choice">
                    <input type="radio" name="users" value="some" checked={by_name}
                        aria-invalid={is_wrong.then_some("true")} />{ words.by_name }
                </label>
            </div>
            if by_name {
                { choose(draft, names) }
            }
            if let Some(problem) = problem {
                <p class="field-error" id="alert-users-error">{ problem }</p>
            }
        </fieldset>
    }
}

fn choose(draft: &Draft, names: &Names) -> Html {
    let words = &text().alerts;
    let known: &[String] = match names {
        Some(Ok(names)) => names,
        _ => &[],
    };
    let is_known = |name: &String| known.iter().any(|k| k.eq_ignore_ascii_case(name));
    // Somebody who was removed since stays to be seen, and to be taken out.
    let others = draft.users.iter().flatten().filter(|name| !is_known(name));
    html! {
        <div class="people" data-testid="alert-people">
            if names.is_none() {
                { skeleton(2) }
            }
            { for known.iter().map(|name| choice(name, draft.tells(name), "")) }
            { for others.map(|name| {
                let note = if matches!(names, Some(Ok(_))) { words.no_user } else { "" };
                choice(name, true, note)
            }) }
            if let Some(Err(why)) = names {
                <p class="field-error">{ fill(words.no_names, &[&why.explain()]) }</p>
            }
        </div>
    }
}

fn choice(name: &str, checked: bool, note: &'static str) -> Html {
    html! {
        <label class="choice" key={name.to_owned()}>
            <input type="checkbox" name="user" value={name.to_owned()} {checked} />
            <span class="choice-name">{ name.to_owned() }</span>
            if !note.is_empty() {
                <span class="choice-note">{ note }</span>
            }
        </label>
    }
}
