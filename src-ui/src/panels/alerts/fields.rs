//! The fields of a form.

use yew::prelude::*;

use crate::state::alerts::draft::Field;
use crate::view::html;

/// What is wrong with a field.
pub(super) type Why<'a> = &'a dyn Fn(Field) -> Option<AttrValue>;

/// A choice with its label.
pub(super) fn select(
    name: &'static str,
    label: &'static str,
    options: &[(&'static str, &'static str)],
    chosen: &str,
) -> Html {
    let id = format!("alert-{name}-choice");
    html! {
        <div class="field">
            <label class="field-label" for={id.clone()}>{ label }</label>
            <select class="field-input" {id} {name}>
                { for options.iter().map(|(value, text)| html! {
                    <option key={*value} value={*value} selected={*value == chosen}>{ *text }</option>
                }) }
            </select>
        </div>
    }
}

/// What a field has beside its label and its text.
#[derive(Default)]
pub(super) struct Text {
    /// Below it.
    pub hint: Option<Html>,
    /// Shown while it is empty.
    pub placeholder: &'static str,
    /// Id of a list to choose from.
    pub list: Option<&'static str>,
    /// Which keys a touch screen shows.
    pub inputmode: Option<&'static str>,
    /// Another name than the field's.
    pub name: Option<&'static str>,
    /// Behind the field.
    pub behind: Option<Html>,
    /// Whether it has the focus first.
    pub focus: bool,
    /// Whether it takes what machines read.
    pub is_mono: bool,
}

/// A field with its label, its hint, and what is wrong with it.
pub(super) fn text(
    field: Field,
    label: &'static str,
    value: &str,
    text: Text,
    why: Why<'_>,
) -> Html {
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
