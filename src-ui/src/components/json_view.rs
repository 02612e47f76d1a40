//! JSON to look at: coloured, and foldable at every node.

use std::rc::Rc;

use yew::prelude::*;

use super::icon::{Symbol, icon};
use crate::state::json::{Json, quoted};
use crate::text::{counted, fill, text};
use crate::view::html;

/// Longer lists are cut; the whole is on the clipboard.
const MOST_ITEMS: usize = 100;

/// Longer strings are cut.
const MOST_CHARACTERS: usize = 2_000;

/// Longer lists begin folded.
const OPEN_ITEMS: usize = 8;

/// What lies deeper begins folded.
const OPEN_DEPTH: usize = 2;

/// Properties of [`JsonView`].
#[derive(Properties, PartialEq)]
pub struct JsonViewProps {
    /// What to show.
    pub json: Rc<Json>,
    /// For tests.
    #[prop_or("event-json")]
    pub testid: &'static str,
    /// What it is called.
    #[prop_or_else(|| text().data.event_data.into())]
    pub label: AttrValue,
}

/// JSON to look at. Which nodes are folded is remembered by their path, so it outlasts new values.
#[component]
pub fn JsonView(props: &JsonViewProps) -> Html {
    let toggled = use_state(Vec::<String>::new);
    let on_toggle = {
        let toggled = toggled.clone();
        Callback::from(move |path: String| {
            let mut next = (*toggled).clone();
            match next.iter().position(|other| *other == path) {
                Some(at) => drop(next.swap_remove(at)),
                None => next.push(path),
            }
            toggled.set(next);
        })
    };
    let view = View { toggled: &toggled, on_toggle };
    html! {
        <div class="json" data-testid={props.testid} tabindex="0" role="region" aria-label={props.label.clone()}>
            { view.node(None, &props.json, "", 0, true) }
        </div>
    }
}

struct View<'a> {
    toggled: &'a [String],
    on_toggle: Callback<String>,
}

impl View<'_> {
    fn node(&self, key: Option<&str>, json: &Json, path: &str, depth: usize, last: bool) -> Html {
        let name =
            key.map(|key| html! { <><span class="json-key">{ quoted(key) }</span>{ ": " }</> });
        let comma = if last { "" } else { "," };
        let (open, close) = match json {
            Json::List(_) => ("[", "]"),
            Json::Object(_) => ("{", "}"),
            scalar => {
                return html! { <div class="json-line">{ name }{ show(scalar) }{ comma }</div> };
            }
        };
        if json.is_empty() {
            return html! { <div class="json-line">{ name }{ open }{ close }{ comma }</div> };
        }
        let open_at_first = match json {
            Json::List(items) => depth < OPEN_DEPTH && items.len() <= OPEN_ITEMS,
            _ => depth < OPEN_DEPTH,
        };
        let is_open = open_at_first != self.toggled.iter().any(|other| other == path);
        let onclick = {
            let path = path.to_owned();
            self.on_toggle.reform(move |_: MouseEvent| path.clone())
        };
        let words = &text().data;
        let forms = if matches!(json, Json::List(_)) { words.items } else { words.keys };
        let count = counted(forms, json.len() as u64, &[&json.len().to_string()]);
        html! {
            <div class="json-branch">
                <div class="json-line">
                    <button type="button" class="json-fold" {onclick}
                        aria-expanded={if is_open { "true" } else { "false" }}
                        aria-label={fill(words.fold, &[key.unwrap_or(words.value), &count])}>
                        { icon(Symbol::Chevron) }
                    </button>
                    { name }{ open }
                    if !is_open {
                        <span class="json-count">{ count }</span>{ close }{ comma }
                    }
                </div>
                if is_open {
                    <div class="json-inside">{ self.inside(json, path, depth + 1) }</div>
                    <div class="json-line">{ close }{ comma }</div>
                }
            </div>
        }
    }

    fn inside(&self, json: &Json, path: &str, depth: usize) -> Html {
        let count = json.len();
        let child = |index: usize, key: Option<&str>, value: &Json| {
            let step = key.map_or_else(|| index.to_string(), str::to_owned);
            let last = index + 1 == count;
            let node = self.node(key, value, &format!("{path}/{step}"), depth, last);
            html! { <div key={index}>{ node }</div> }
        };
        let shown: Vec<Html> = match json {
            Json::List(items) => {
                let items = items.iter().take(MOST_ITEMS).enumerate();
                items.map(|(index, value)| child(index, None, value)).collect()
            }
            Json::Object(members) => {
                let members = members.iter().take(MOST_ITEMS).enumerate();
                members.map(|(index, (key, value))| child(index, Some(key), value)).collect()
            }
            _ => Vec::new(),
        };
        html! {
            <>
                { for shown }
                if count > MOST_ITEMS {
                    <div class="json-line json-count">{ fill(text().data.more, &[&(count - MOST_ITEMS).to_string()]) }</div>
                }
            </>
        }
    }
}

fn show(scalar: &Json) -> Html {
    let (class, text) = match scalar {
        Json::Null => ("json-null", "null".to_owned()),
        Json::Bool(value) => ("json-bool", value.to_string()),
        Json::Number(value) => ("json-number", value.clone()),
        Json::Text(value) => match value.char_indices().nth(MOST_CHARACTERS) {
            Some((end, _)) => ("json-text", quoted(&value[..end]) + "…"),
            None => ("json-text", quoted(value)),
        },
        Json::List(_) | Json::Object(_) => ("", String::new()),
    };
    html! { <span {class}>{ text }</span> }
}
